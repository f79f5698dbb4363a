"""A workspace that verifies every signature, fails as it is told, and hands good requests on to a real Prometheus."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from email.message import Message
from typing import ClassVar

import requests

from tests.flink_apps.remote_write import TimeSeries, read
from tests.flink_apps.signed_server import SignedServer

#: How long a slow answer takes.
SLOW_SECONDS = 1.5


@dataclass(kw_only=True)
class SignedPrometheus(SignedServer):
    """What it was asked, what it has answered, and what it shall do wrong."""

    service: ClassVar[str] = "aps"

    #: Where the real Prometheus takes requests.
    write_url: str
    #: One per request, from the first on: none, a status, ``cut`` or ``slow`` (no answer, at once or in time); after
    #: ``done, `` Prometheus has got the request all the same.
    faults: deque[str] = field(default_factory=deque)
    #: The requests that were let in.
    writes: list[list[TimeSeries]] = field(default_factory=list)
    #: The statuses of those that Prometheus has got.
    statuses: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The workspace's address for remote write."""
        return f"{self.endpoint}/workspaces/ws-1/api/v1/remote_write"

    def answer(self, headers: Message, body: bytes) -> tuple[int | None, bytes]:
        """Write samples, or fail."""
        self.writes.append(read(body))
        fault = self.faults.popleft() if self.faults else ""
        if not fault:
            return self._pass_on(headers, body)
        if fault.startswith("done, "):
            self._pass_on(headers, body)
            fault = fault.removeprefix("done, ")
        if fault.isdecimal():
            return int(fault), b"told to fail"
        if fault.endswith("slow"):
            time.sleep(SLOW_SECONDS)
        return None, b""

    def _pass_on(self, headers: Message, body: bytes) -> tuple[int, bytes]:
        names = ("Content-Encoding", "Content-Type", "X-Prometheus-Remote-Write-Version")
        taken = requests.post(self.write_url, data=body, headers={name: headers[name] for name in names}, timeout=10)
        self.statuses.append(taken.status_code)
        return taken.status_code, taken.content
