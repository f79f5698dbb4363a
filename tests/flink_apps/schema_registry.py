"""A schema registry in memory, as far as a producer needs one: it gives each schema of a subject a number."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

#: https://docs.confluent.io/platform/current/schema-registry/develop/api.html
_REGISTER = re.compile(r"/subjects/([^/?]+)/versions(?:\?.*)?")
_FIRST_ID = 41


@dataclass
class SchemaRegistry:
    """What was registered: the schemas, in the order of their numbers, and under which subjects."""

    schemas: list[str] = field(default_factory=list)
    subjects: set[str] = field(default_factory=set)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def register(self, subject: str, schema: str) -> int:
        self.subjects.add(subject)
        if schema not in self.schemas:
            self.schemas.append(schema)
        return _FIRST_ID + self.schemas.index(schema)

    def schema(self, number: int) -> str:
        return self.schemas[number - _FIRST_ID]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        subject = _REGISTER.fullmatch(self.path)
        if subject is None:
            self.send_error(404)
            return
        answer = json.dumps({"id": cast("_Server", self.server).registry.register(subject[1], body["schema"])}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    registry: SchemaRegistry


@contextmanager
def serving() -> Iterator[SchemaRegistry]:
    """Serve an empty registry."""
    registry = SchemaRegistry()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.registry, registry.port = registry, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield registry
        finally:
            server.shutdown()
            thread.join()
