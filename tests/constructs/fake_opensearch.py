"""A strict OpenSearch cluster over HTTP: objects by path, answers in stock, and a look at every signature."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

#: Instead of an answer: the connection is closed.
CUT = (0, None)


@dataclass
class FakeOpenSearch:
    """What the cluster holds, was asked for, and answers next."""

    endpoint: str = ""
    objects: dict[str, Any] = field(default_factory=dict)
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
