"""The control plane over HTTP: AWS JSON 1.1, as every SDK and the AWS command line speak it.

boto3.client("kinesisanalyticsv2", endpoint_url=server.address)
"""

from __future__ import annotations

import json
import logging
import re
import threading
import uuid
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from local.errors import RunError
from local.process import free_port
from local.services.managed_flink import DEFAULT_PORT
from local.services.managed_flink.control_plane import ControlPlane
from local.services.managed_flink.model import RefusedError, from_json, operation_model, service_model, to_json

logger = logging.getLogger(__name__)

#: A zip in a request has at most 50 MiB, and a third more in base 64.
_LARGEST_BODY = 72 * 1024 * 1024
_CONTENT_TYPE = "application/x-amz-json-1.1"
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 .*?Credential=([^/,\s]+)/")
_DASHBOARD = re.compile(r"/flinkdashboard/([^/]+)/?")
#: How often what the engine has ended is noted where nobody asks.
_TICK_SECONDS = 0.5
#: How soon the server notices that it shall end.
_POLL_SECONDS = 0.05


class Server:
    """The control plane at a port of this machine; a context manager."""

    def __init__(self, control_plane: ControlPlane, port: int = DEFAULT_PORT) -> None:
        """Take the port, or another one where it is taken."""
        self.control_plane = control_plane
        try:
            self._server = make_server(
                "127.0.0.1", free_port(port), self._application, threaded=True, request_handler=_Quiet
            )
        except OSError as error:
            raise RunError(f"the control plane must have a port of its own (got {error.strerror})") from error
        self.address = f"http://127.0.0.1:{self._server.port}"
        control_plane.address = self.address
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._server.serve_forever, args=[_POLL_SECONDS], name="control plane", daemon=True
            ),
            threading.Thread(target=self._tick, name="control plane's clock", daemon=True),
        ]

    def __enter__(self) -> Self:
        """Answer from now on."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Answer no more."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()

    def _tick(self) -> None:
        while not self._ended.wait(_TICK_SECONDS):
            try:
                self.control_plane.settle()
            except Exception:
                logger.exception("the control plane could not note what has ended")

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
        try:
            response = self._respond(_Request(environ))
        except HTTPException as error:
            response = _error(type(error).__name__, error.description or "", error.code or 400)
            response.headers["Connection"] = "close"  # there may be a body that nobody has read
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.method == "GET" and (found := _DASHBOARD.fullmatch(request.path)):
            return self._dashboard(found[1], request.args.get("authToken", ""))
        if request.path != "/":
            raise NotFound(f"the path must be / (got {request.path!r})")
        if request.method != "POST":
            raise MethodNotAllowed(description=f"the method must be POST (got {request.method})")
        prefix, _, name = request.headers.get("X-Amz-Target", "").partition(".")
        operation = operation_model(name)
        if prefix != service_model().metadata["targetPrefix"] or operation is None:
            wanted = f"{service_model().metadata['targetPrefix']}.DescribeApplication"
            target = request.headers.get("X-Amz-Target", "none")
            return _error("UnknownOperationException", f"X-Amz-Target must be such as {wanted} (got {target!r})")
        body = request.get_data()
        signed = _CREDENTIAL.match(request.headers.get("Authorization", ""))
        try:
            parameters = from_json(operation, body)
            answer = self.control_plane.call(name, parameters, access_key_id=signed[1] if signed else "")
        except RefusedError as refused:
            return _error(refused.code, refused.message)
        except Exception:
            logger.exception("%s failed", name)
            return _error("InternalFailure", f"{name} failed in the control plane; its log says why", 500)
        return _answer(to_json(answer))

    def _dashboard(self, application: str, token: str) -> Response:
        address = self.control_plane.dashboard(application, token)
        if address is None:
            return _error("Forbidden", "the address must be used within three minutes, while the job runs", 403)
        return Response(status=302, headers={"Location": address})


class _Request(Request):
    """A request whose body is not too large."""

    max_content_length = _LARGEST_BODY


class _Quiet(WSGIRequestHandler):
    """Keeps connections, and logs none of the requests: the control plane notes the calls."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _answer(body: bytes, status: int = 200) -> Response:
    return Response(body, status=status, content_type=_CONTENT_TYPE, headers={"x-amzn-RequestId": str(uuid.uuid4())})


def _error(code: str, message: str, status: int = 400) -> Response:
    response = _answer(json.dumps({"__type": code, "message": message}).encode(), status)
    response.headers["x-amzn-ErrorType"] = code
    return response
