"""Servers that verify AWS's signatures with botocore, and hand out the credentials that these are made with."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, TypeVar, cast

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "eu-central-1"
#: What a caller is told who is not let in.
NOT_AUTHORIZED = '{"Message":"User: arn:aws:iam::123456789012:role/job is not authorized"}'

_SIGNED_HEADERS = {"host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}


class CredentialsSource:
    """The credentials of a container's role: others each time, each of them good for one request."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._unused: dict[str, Credentials] = {}

    def issue(self) -> dict[str, str]:
        """New credentials, in the form of the container's endpoint; so close to their end that nobody keeps them."""
        number = next(self._numbers)
        new = Credentials(f"AKID{number}", f"secret/{number}+", f"session/token+{number}==")
        self._unused[new.access_key] = new
        return {
            "AccessKeyId": new.access_key,
            "SecretAccessKey": new.secret_key,
            "Token": new.token or "",
            "Expiration": f"{datetime.now(UTC) + timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}",
        }

    def redeem(self, access_key: str) -> Credentials | None:
        """The credentials of a key; none where it is used up, or nobody's."""
        return self._unused.pop(access_key, None)


@dataclass(kw_only=True)
class SignedServer(ABC):
    """Which requests were let in, and which were not."""

    #: What the service is called in a signature.
    service: ClassVar[str]

    source: CredentialsSource
    #: Access keys of the verified requests.
    keys: list[str] = field(default_factory=list)
    #: Why requests were not let in.
    denied: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def endpoint(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def answer(self, headers: Message, body: bytes) -> tuple[int | None, bytes]:
        """Do a request that was let in: its status, or none to answer nothing, and its answer."""

    def admit(self, handler: BaseHTTPRequestHandler, body: bytes) -> bool:
        """Whether the request's signature is that of its method, path, host, headers and body."""
        defect = self._defect(handler, body)
        if defect:
            self.denied.append(defect)
        return defect is None

    def _defect(self, handler: BaseHTTPRequestHandler, body: bytes) -> str | None:
        sent = handler.headers
        authorization = sent.get("Authorization", "")
        algorithm, _, rest = authorization.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if algorithm != "AWS4-HMAC-SHA256":
            return f"unsigned: {authorization}"
        signed = parts["SignedHeaders"].split(";")
        stamp = sent["X-Amz-Date"]
        access_key, _, scope = parts["Credential"].partition("/")
        good = self.source.redeem(access_key)
        if good is None or scope != f"{stamp[:8]}/{REGION}/{self.service}/aws4_request":
            return f"credentials of another time or place: {parts['Credential']}"
        if not set(signed) >= _SIGNED_HEADERS:
            return f"too little is signed: {signed}"
        if sent["X-Amz-Security-Token"] != good.token:
            return "another session's token"
        if sent["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            return "the hash is not the body's"
        age = datetime.now(UTC) - datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(age) > timedelta(minutes=5):
            return f"signed at {stamp}"
        request = AWSRequest(
            method=handler.command,
            url=f"http://{sent['Host']}{handler.path}",
            data=body,
            headers={name: sent[name] for name in signed},
        )
        request.context["timestamp"] = stamp
        auth = SigV4Auth(good, self.service, REGION)
        canonical = auth.canonical_request(request)
        if auth.signature(auth.string_to_sign(request, canonical), request) != parts["Signature"]:
            return f"wrong signature of {canonical!r}"
        self.keys.append(good.access_key)
        return None


def role_environment(server: SignedServer, folder: Path) -> dict[str, str]:
    """The environment of a process whose only credentials are those that the server hands out.

    ``folder`` has no files of AWS in it.
    """
    nowhere = str(folder / "none")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.endpoint}/credentials",
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give new credentials."""
        self._answer(200, json.dumps(self._signed.source.issue()).encode())

    def do_POST(self) -> None:
        """Do a request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._signed.admit(self, body):
            self._answer(403, NOT_AUTHORIZED.encode())
            return
        status, content = self._signed.answer(self.headers, body)
        if status is None:
            self.close_connection = True
        else:
            self._answer(status, content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    @property
    def _signed(self) -> SignedServer:
        return cast("_Server", self.server).signed

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    signed: SignedServer


_S = TypeVar("_S", bound=SignedServer)


@contextmanager
def serving(signed: _S) -> Iterator[_S]:
    """Serve it at its endpoint; ``GET`` anything for credentials."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.signed = signed
        signed.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield signed
        finally:
            server.shutdown()
            thread.join()
