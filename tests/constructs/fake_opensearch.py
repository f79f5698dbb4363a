"""A strict OpenSearch cluster over HTTP: objects by path, answers in stock, and a look at every signature.

Below ``/_dashboards`` its Dashboards answer, which keep saved objects in the tenant that a request names.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

#: Instead of an answer: the connection is closed.
CUT = (0, None)

DASHBOARDS = "/_dashboards/"
SAVED = f"{DASHBOARDS}api/saved_objects"


@dataclass
class FakeOpenSearch:
    """What the cluster holds, was asked for, and answers next."""

    endpoint: str = ""
    objects: dict[str, Any] = field(default_factory=dict)
    #: By tenant, then by path.
    saved: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    #: Answers in place of the real one, in their order.
    answers: list[tuple[int, Any]] = field(default_factory=list)
    #: Whose signature every request must have; none: signed requests are refused.
    credentials: Credentials | None = None

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        """Do what a request asks for."""
        self.requests.append(f"{method} {path}")
        if self.answers:
            return self.answers.pop(0)
        if not self._is_signed_as_it_must_be(method, path, headers, body):
            return 403, {"Message": "The request signature we calculated does not match the signature you provided."}
        if path.startswith(DASHBOARDS):
            return self._dashboards(method, path, headers, body)
        if method == "PUT":
            if headers.get("content-type") != "application/json":
                return 406, {"error": "Content-Type header is not supported"}
            self.objects[path] = json.loads(body)
            return 200, {"acknowledged": True}
        if method == "DELETE":
            if body:
                return 400, {"error": f"request [DELETE {path}] does not support having a body"}
            found = self.objects.pop(path, None)
            return (404, {"error": {"type": "missing", "reason": path}}) if found is None else (200, {})
        return 405, {"error": f"Incorrect HTTP method for uri [{path}] and method [{method}]"}

    def _dashboards(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if headers.get("osd-xsrf") is None:
            return 400, _bad_request("Request must contain a osd-xsrf header.")
        # Without a tenant, the one that is the user's own.
        tenant = self.saved.setdefault(headers.get("securitytenant", "__user__"), {})
        if method == "DELETE":
            return (200, {}) if tenant.pop(path, None) else (404, {"statusCode": 404, "error": "Not Found"})
        target = urlsplit(path)
        if (method, target.path) != ("POST", f"{SAVED}/_import"):
            return 404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
        return self._import(
            tenant, headers["content-type"], body, overwrite="true" in parse_qs(target.query)["overwrite"]
        )

    def _import(
        self, tenant: dict[str, Any], content_type: str, body: bytes, *, overwrite: bool
    ) -> tuple[int, dict[str, Any]]:
        form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
        if form.get_content_type() != "multipart/form-data" or form.defects:
            return 415, {"statusCode": 415, "error": "Unsupported Media Type", "message": "Unsupported Media Type"}
        [file] = form.iter_parts()
        if file.get_param("name", header="content-disposition") != "file":
            return 400, _bad_request("[request body.file]: expected value of type [Stream] but got [undefined]")
        if not str(file.get_filename()).endswith(".ndjson"):
            return 400, _bad_request("Invalid file extension")
        new = [json.loads(line) for line in file.get_content().splitlines()]
        there = {*tenant, *map(_saved_path, new)}
        errors = []
        for one in new:
            missing = [reference for reference in one["references"] if _saved_path(reference) not in there]
            if missing:
                errors.append(_refusal(one, {"type": "missing_references", "references": missing}))
            elif _saved_path(one) in tenant and not overwrite:
                errors.append(_refusal(one, {"type": "conflict"}))
            else:
                tenant[_saved_path(one)] = one["attributes"]
        answer = {"successCount": len(new) - len(errors), "success": not errors}
        return 200, {**answer, "errors": errors} if errors else answer

    def _is_signed_as_it_must_be(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bool:
        sent = headers.get("authorization")
        if self.credentials is None:
            return sent is None
        request = AWSRequest(
            method=method,
            url=f"{self.endpoint}{path}",
            data=body,
            headers={"Content-Type": headers["content-type"], "X-Amz-Date": headers["x-amz-date"]},
        )
        if self.credentials.token:
            if headers.get("x-amz-security-token") != self.credentials.token:
                return False
            request.headers["X-Amz-Security-Token"] = self.credentials.token
        request.context["timestamp"] = headers["x-amz-date"]
        auth = SigV4Auth(self.credentials, "es", "eu-west-1")
        signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        return sent is not None and sent.endswith(f"Signature={signature}")


def _saved_path(one: dict[str, Any]) -> str:
    return f"{SAVED}/{one['type']}/{one['id']}"


def _refusal(one: dict[str, Any], error: dict[str, Any]) -> dict[str, Any]:
    return {"type": one["type"], "id": one["id"], "error": error}


def _bad_request(message: str) -> dict[str, Any]:
    return {"statusCode": 400, "error": "Bad Request", "message": message}


@contextmanager
def running() -> Iterator[FakeOpenSearch]:
    """Serve a cluster on a port of this machine."""
    cluster = FakeOpenSearch()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = cluster.answer(self.command, self.path, headers, body)
            if (status, answer) == CUT:
                return
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        cluster.endpoint = f"http://127.0.0.1:{server.server_port}"
        try:
            yield cluster
        finally:
            server.shutdown()
            thread.join()
