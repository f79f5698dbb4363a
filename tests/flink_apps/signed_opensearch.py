"""An OpenSearch that verifies every signature, hands out credentials that change, and fails as it is told."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "eu-central-1"
SERVICE = "es"
#: The only index that is never made automatically.
ABSENT = "absent"


@dataclass
class CredentialsSource:
    """The credentials of a container's role: others each time, and only the newest ones are good."""

    issued: list[Credentials] = field(default_factory=list)

    def issue(self) -> dict[str, str]:
        """New credentials, in the form of the container's endpoint; so close to their end that nobody keeps them."""
        number = len(self.issued) + 1
        new = Credentials(f"AKID{number}", f"secret/{number}+", f"session/token+{number}==")
        self.issued.append(new)
        return {
            "AccessKeyId": new.access_key,
            "SecretAccessKey": new.secret_key,
            "Token": new.token or "",
            "Expiration": f"{datetime.now(UTC) + timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}",
        }


@dataclass
class SignedOpenSearch:
    """What the server holds, what it was asked, and what it shall do wrong."""

    source: CredentialsSource
    #: One per bulk request, from the first on: ``cut`` (no answer), ``done, cut`` (the same, but all is stored),
    #: a status for the whole request, or ``items`` and a status for each second item.
    faults: list[str] = field(default_factory=list)
    #: Authorization header that is good without a signature.
    basic: str | None = None
    documents: dict[str, dict[str, bytes]] = field(default_factory=dict)
    #: Number of items of each bulk request.
    bulks: list[int] = field(default_factory=list)
    #: Access keys of the verified requests.
    keys: list[str] = field(default_factory=list)
    #: Why requests were not let in.
    denied: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def endpoint(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    def admit(self, handler: BaseHTTPRequestHandler, body: bytes) -> bool:
        """Whether the request's signature is that of its method, path, host, headers and body."""
        defect = self._defect(handler, body)
        if defect:
            self.denied.append(defect)
        return defect is None

    def _defect(self, handler: BaseHTTPRequestHandler, body: bytes) -> str | None:
        sent = handler.headers
        authorization = sent.get("Authorization", "")
        if self.basic:
            return None if authorization == self.basic else f"not {self.basic}: {authorization}"
        algorithm, _, rest = authorization.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if algorithm != "AWS4-HMAC-SHA256" or not self.source.issued:
            return f"unsigned: {authorization}"
        good = self.source.issued[-1]
        signed = parts["SignedHeaders"].split(";")
        stamp = sent["X-Amz-Date"]
        day = stamp[:8]
        if parts["Credential"] != f"{good.access_key}/{day}/{REGION}/{SERVICE}/aws4_request":
            return f"credentials of another time or place: {parts['Credential']}"
        if not {"host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"} <= set(signed):
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
        auth = SigV4Auth(good, SERVICE, REGION)
        canonical = auth.canonical_request(request)
        if auth.signature(auth.string_to_sign(request, canonical), request) != parts["Signature"]:
            return f"wrong signature of {canonical!r}"
        self.keys.append(good.access_key)
        return None

    def bulk(self, body: bytes) -> tuple[int | None, bytes]:
        """Do a bulk request: its status, or none to answer nothing, and its answer."""
        actions = list(_actions(body))
        fault = self.faults[len(self.bulks)] if len(self.bulks) < len(self.faults) else ""
        self.bulks.append(len(actions))
        if fault == "cut":
            return None, b""
        if fault.isdecimal():
            return int(fault), b"told to fail"
        busy = int(fault.removeprefix("items ")) if fault.startswith("items ") else None
        items = [
            {kind: self._do(kind, index, id_, document, busy if number % 2 else None)}
            for number, (kind, index, id_, document) in enumerate(actions)
        ]
        if fault == "done, cut":
            return None, b""
        errors = any("error" in result for item in items for result in item.values())
        return 200, json.dumps({"took": 1, "errors": errors, "items": items}).encode()

    def _do(self, kind: str, index: str, id_: str | None, document: bytes, busy: int | None) -> dict[str, Any]:
        name: dict[str, Any] = {"_index": index, "_id": id_}
        if busy:
            return {**name, "status": busy, "error": {"type": "busy_exception", "reason": "told to fail"}}
        if index == ABSENT:
            error = {"type": "index_not_found_exception", "reason": f"no such index [{ABSENT}]"}
            return {**name, "status": 404, "error": error}
        held = self.documents.setdefault(index, {})
        if kind == "delete":
            found = held.pop(id_ or "", None) is not None
            return self._success(name, "deleted" if found else "not_found", 200 if found else 404)
        if json.loads(document).get("fare") == "free":
            cause = {"type": "number_format_exception", "reason": 'For input string: "free"'}
            refusal = {"type": "mapper_parsing_exception", "reason": "failed to parse field [fare]", "caused_by": cause}
            return {**name, "status": 400, "error": refusal}
        name["_id"] = id_ or f"made-{sum(map(len, self.documents.values()))}"
        held[str(name["_id"])] = document
        return self._success(name, "created", 201)

    @staticmethod
    def _success(name: dict[str, Any], result: str, status: int) -> dict[str, Any]:
        shards = {"total": 1, "successful": 1, "failed": 0}
        written = {"_version": 1, "_shards": shards, "_seq_no": 1, "_primary_term": 1}
        return {**name, **written, "result": result, "status": status}


def _actions(body: bytes) -> Iterator[tuple[str, str, str | None, bytes]]:
    """The actions of a bulk request: kind, index, id, document."""
    lines = iter(body.splitlines())
    for line in lines:
        ((kind, target),) = json.loads(line).items()
        yield kind, target["_index"], target.get("_id"), b"" if kind == "delete" else next(lines)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give new credentials."""
        self._answer(200, json.dumps(self._search.source.issue()).encode())

    def do_POST(self) -> None:
        """Do a bulk request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._search.admit(self, body):
            self._answer(403, b'{"Message":"User: arn:aws:iam::123456789012:role/job is not authorized"}')
            return
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        status, content = self._search.bulk(plain)
        if status is None:
            self.close_connection = True
        else:
            self._answer(status, content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    @property
    def _search(self) -> SignedOpenSearch:
        return cast("_Server", self.server).search

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    search: SignedOpenSearch


@contextmanager
def serving(search: SignedOpenSearch) -> Iterator[SignedOpenSearch]:
    """Serve it at its endpoint; ``GET`` anything for credentials."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.search = search
        search.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield search
        finally:
            server.shutdown()
            thread.join()
