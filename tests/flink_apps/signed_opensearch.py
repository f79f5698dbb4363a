"""An OpenSearch that verifies every signature, and fails as it is told."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

from tests.flink_apps.signed_server import SignedServer

#: The only index that is never made automatically.
ABSENT = "absent"


@dataclass(kw_only=True)
class SignedOpenSearch(SignedServer):
    """What the server holds, what it was asked, and what it shall do wrong."""

    service: ClassVar[str] = "es"

    #: One per bulk request, from the first on: ``cut`` (no answer), ``done, cut`` (the same, but all is stored),
    #: a status for the whole request, or ``items`` and a status for each second item.
    faults: list[str] = field(default_factory=list)
    #: Authorization header that is good without a signature.
    basic: str | None = None
    documents: dict[str, dict[str, bytes]] = field(default_factory=dict)
    #: Number of items of each bulk request.
    bulks: list[int] = field(default_factory=list)

    def admit(self, handler: BaseHTTPRequestHandler, body: bytes) -> bool:
        """Whether the request has the header that is good without a signature, or a good signature where none is."""
        if self.basic:
            return handler.headers.get("Authorization") == self.basic
        return super().admit(handler, body)

    def answer(self, headers: Message, body: bytes) -> tuple[int | None, bytes]:
        """Do a bulk request, compressed or not."""
        return self.bulk(gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body)

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
