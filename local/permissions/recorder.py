"""Records who calls what: a proxy before each server that stands for a service of AWS."""

from __future__ import annotations

import http.client
import logging
import select
import socket
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from local.permissions.requests import HttpRequest, Signature, UnknownRequestError, Use, needs_body, token_in, uses

logger = logging.getLogger(__name__)

_CHUNK = 64 * 1024
#: How much of an answer may have to come before its token is in it.
_BEGINNING = 4096
#: Many more than readers have at a time.
_TOKENS_KEPT = 10_000
#: The longest line of a chunk's size.
_LONGEST_LINE = 4096
#: How soon a proxy notices that it shall end.
_POLL_SECONDS = 0.05
#: Those of one connection alone, which are made anew for the next one.
_OF_THE_CONNECTION = frozenset({"connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"})


@dataclass(frozen=True, order=True)
class Call:
    """What the holder of a key did, as IAM calls it; the key is empty where a request was not signed."""

    access_key_id: str
    action: str
    resource: str


class Recorder:
    """The proxies, and the calls that went through them; a context manager."""

    def __init__(self, *, but: Collection[str] = ()) -> None:
        """Begin without proxies, and without calls.

        Args:
            but: Keys whose calls are not noted: of those who have no role.

        """
        self._but = frozenset(but)
        self._calls: Counter[Call] = Counter()
        self._unknown: Counter[str] = Counter()
        #: What the tokens of answers stand for, the latest last.
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()
        self._proxies: list[_Proxy] = []

    def __enter__(self) -> Self:
        """Record from now on."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the proxies; the calls stay."""
        for proxy in self._proxies:
            proxy.end()
        self._proxies.clear()

    @property
    def calls(self) -> frozenset[Call]:
        """The calls so far, each once."""
        with self._lock:
            return frozenset(self._calls)

    @property
    def unknown(self) -> list[str]:
        """What was sent and nobody could name, each once."""
        with self._lock:
            return sorted(self._unknown)

    def before(self, address: str, *, target: str = "") -> str:
        """Put a proxy before a server.

        Args:
            address: The server's, which need not listen yet.
            target: The ARN of what the server stands for, for services whose requests do not name it.

        Returns:
            The proxy's address.

        """
        proxy = _Proxy(self, address, target)
        self._proxies.append(proxy)
        return proxy.address

    def note(self, request: HttpRequest, signature: Signature | None, target: str) -> Sequence[Use]:
        """Note a request, where it is not signed its method and path alone; gives what IAM is asked."""
        if signature is None:
            self._count([Call("", request.method, request.path)], [])
            return []
        if signature.access_key_id in self._but:
            return []
        try:
            asked = uses(signature, request, target=target, tokens=self._tokens)
        except UnknownRequestError as error:
            self._count([], [str(error)])
        except Exception as error:
            logger.exception("%s %s could not be named", request.method, request.target)
            self._count([], [f"{request.method} {request.target} could not be named: {error}"])
        else:
            self._count([Call(signature.access_key_id, use.action, use.resource) for use in asked], [])
            return asked
        return []

    def remember(self, token: str, resource: str) -> None:
        """Note that requests may name a resource by a token."""
        with self._lock:
            self._tokens[token] = resource
            if len(self._tokens) > _TOKENS_KEPT:
                del self._tokens[next(iter(self._tokens))]

    def _count(self, calls: list[Call], unknown: list[str]) -> None:
        with self._lock:
            self._calls.update(calls)
            self._unknown.update(unknown)


class _Proxy:
    """One proxy, whose threads end with the process at the latest."""

    def __init__(self, recorder: Recorder, address: str, target: str) -> None:
        server = urlsplit(address)
        self.recorder, self.target = recorder, target
        self.upstream = (server.hostname or "127.0.0.1", server.port or 80)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=[_POLL_SECONDS], name=f"proxy of {address}", daemon=True
        )
        self._thread.start()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    """Takes as many connections at once as a cluster of Flink may open."""

    request_queue_size = 128
    daemon_threads = True
    block_on_close = False
    proxy: _Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - the library's
        """A client that goes away is none of the run's business."""
        logger.debug("a connection ended", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """Passes on what comes through one connection: headers and bodies stay as they are, for signatures cover them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._upstream = http.client.HTTPConnection(*self.server.proxy.upstream)

    def finish(self) -> None:
        self._upstream.close()
        with suppress(OSError):
            super().finish()

    def handle_one_request(self) -> None:
        """Pass one request on, whatever its method is."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
            return
        if not self.parse_request():
            return
        try:
            self._pass_on()
        except (OSError, http.client.HTTPException):
            # As if the server itself had gone: the client tries again, or does not.
            self.close_connection = True

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002, ANN401 - the library's
        """Say nothing: the recorder has the calls."""

    def _pass_on(self) -> None:
        proxy = self.server.proxy
        request = HttpRequest(method=self.command, target=self.path, headers=dict(self.headers.items()))
        signature = Signature.of(request)
        coming = self._body()
        body: bytes | Iterator[bytes] = coming
        if signature is not None and needs_body(signature, request):
            body = b"".join(coming)
            request = HttpRequest(method=request.method, target=request.target, headers=request.headers, body=body)
        asked = proxy.recorder.note(request, signature, proxy.target)
        self._send(body)
        begin = self._answer(self._upstream.getresponse())
        if signature and asked and asked[0].resource != "*" and (token := token_in(signature, request, begin)):
            proxy.recorder.remember(token, asked[0].resource)

    def _body(self) -> Iterator[bytes]:
        """The body as it comes, without the frames of its chunks."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while size := int(self.rfile.readline(_LONGEST_LINE).partition(b";")[0], 16):
                yield from self._exactly(size)
                self.rfile.readline(_LONGEST_LINE)
            while self.rfile.readline(_LONGEST_LINE).strip():
                pass
            return
        yield from self._exactly(int(self.headers.get("Content-Length") or 0))

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            part = self.rfile.read1(min(size, _CHUNK))
            if not part:
                raise ConnectionError("the client went away")
            size -= len(part)
            yield part

    def _send(self, body: bytes | Iterator[bytes]) -> None:
        if self._upstream.sock is not None and _ended(self._upstream.sock):
            self._upstream.close()
        self._upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _OF_THE_CONNECTION:
                self._upstream.putheader(name, value)
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        if isinstance(body, bytes) and not chunked:
            self._upstream.endheaders(body or None)
            return
        self._upstream.endheaders()
        for part in [body] if isinstance(body, bytes) else body:
            self._upstream.send(_framed(part) if chunked else part)
        if chunked:
            self._upstream.send(b"0\r\n\r\n")

    def _answer(self, answer: http.client.HTTPResponse) -> bytes:
        """Pass an answer on; gives how its body begins."""
        begin = b""
        self.send_response_only(answer.status, answer.reason)
        chunked = answer.chunked
        bodiless = self.command == "HEAD" or answer.status in (204, 304)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        if not (bodiless or chunked) and answer.length is None:  # the end of the connection is that of the body
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        while not bodiless and (part := answer.read1(_CHUNK)):
            if len(begin) < _BEGINNING:
                begin += part
            self.wfile.write(_framed(part) if chunked else part)
        if chunked and not bodiless:
            self.wfile.write(b"0\r\n\r\n")
        answer.close()
        return begin


def _framed(part: bytes) -> bytes:
    """A part of a body as a chunk."""
    return b"%x\r\n%s\r\n" % (len(part), part)


def _ended(connection: socket.socket) -> bool:
    """Whether the server has ended a connection on which nothing is due."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
