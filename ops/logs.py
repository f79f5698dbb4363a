"""The log of an application: what its job, and the service about it, have written into CloudWatch."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flink_constructs.lifecycle_handler.root_cause import parsed
from ops.account import Account
from ops.errors import UsageError

FOLLOW_SECONDS = 2.0
_STREAM = re.compile(r"arn:[^:]+:logs:[^:]*:[^:]*:log-group:(?P<group>[^:]+):log-stream:(?P<stream>.+)")
#: Python's processes log with their own file and line as the place, and print to the standard output.
_PYTHON = re.compile(r"\.py:\d+$|^stdout$|^stderr$")
_LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")


class Side(StrEnum):
    """Who has written an event."""

    PYTHON = "python"
    JVM = "jvm"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of the log."""

    at: datetime
    level: str
    logger: str
    thread: str
    message: str
    stack: tuple[str, ...] = ()

    @property
    def side(self) -> Side:
        """Whether Python has written it, or the JVM."""
        return Side.PYTHON if _PYTHON.search(self.logger) else Side.JVM

    @property
    def place(self) -> str:
        """The logger in short: a class without its package, a file without its folder."""
        return self.logger.rpartition("/" if self.side is Side.PYTHON else ".")[2]

    def json(self) -> dict[str, Any]:
        """As a script reads it."""
        return {
            "at": self.at.isoformat(),
            "level": self.level,
            "logger": self.logger,
            "thread": self.thread,
            "message": self.message,
            "stack": list(self.stack),
        }


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which events are asked for."""

    level: str = "INFO"
    side: Side | None = None
    #: A part of the name of a task's thread, such as ``Source`` or ``(1/2)``.
    subtask: str | None = None

    def __post_init__(self) -> None:
        """Refuse a level that there is not.

        Raises:
            UsageError: for such a level.

        """
        if self.level not in _LEVELS:
            raise UsageError(f"--level must be one of {', '.join(_LEVELS)} (got {self.level!r})")

    def has(self, event: Event) -> bool:
        """Whether an event is asked for; a level that is not known counts as the highest."""
        level = _LEVELS.index(event.level) if event.level in _LEVELS else len(_LEVELS)
        return (
            level >= _LEVELS.index(self.level)
            and self.side in (None, event.side)
            and (self.subtask is None or self.subtask in event.thread)
        )


class Log:
    """The log streams of one application."""

    def __init__(self, account: Account, name: str) -> None:
        """Find them.

        Raises:
            UsageError: where the application does not exist, or has no log.

        """
        self.application, detail = account.application(name)
        options = detail.get("CloudWatchLoggingOptionDescriptions", [])
        found = [match for option in options if (match := _STREAM.fullmatch(option["LogStreamARN"]))]
        if not found:
            raise UsageError(f"{name} must have a log stream (got none); add a CloudWatch logging option")
        self._streams = [(match["group"], match["stream"]) for match in found]
        self._client = account.client("logs")

    def last_start(self) -> datetime:
        """When the application was last started, or updated, which starts its job anew; else the beginning of time."""
        pages = self.application.client.get_paginator("list_application_operations").paginate(
            ApplicationName=self.application.name
        )
        starts = [
            one["StartTime"]
            for page in pages
            for one in page["ApplicationOperationInfoList"]
            if one["Operation"] in ("StartApplication", "UpdateApplication", "RollbackApplication")
        ]
        return max(starts, default=datetime.fromtimestamp(0, UTC))

    def events(self, since: datetime, *, follow: bool = False) -> Iterator[Event]:
        """The events since a time, the oldest first; with ``follow`` those that are still to come, too."""
        begin, seen = int(since.timestamp() * 1000), set[str]()
        while True:
            found = sorted(
                (one for group, stream in self._streams for one in self._page(group, stream, begin)),
                key=lambda one: one["timestamp"],
            )
            for one in found:
                if one["eventId"] not in seen:
                    yield _event(one)
            if not follow:
                return
            # What is late may have the time of what has been seen.
            begin = max([begin, *(one["timestamp"] for one in found)])
            seen = {one["eventId"] for one in found if one["timestamp"] == begin}
            time.sleep(FOLLOW_SECONDS)

    def _page(self, group: str, stream: str, begin: int) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=group, logStreamNames=[stream], startTime=begin
        )
        for page in pages:
            yield from page["events"]


def _event(raw: dict[str, Any]) -> Event:
    entry = parsed(raw["message"])
    throwable = entry.get("throwableInformation") or []
    stack = throwable if isinstance(throwable, list) else str(throwable).splitlines()
    return Event(
        at=datetime.fromtimestamp(raw["timestamp"] / 1000, UTC),
        level=str(entry.get("messageType", "INFO")),
        logger=str(entry.get("logger", "")),
        thread=str(entry.get("threadName", "")),
        message=str(entry.get("message", "")),
        stack=tuple(map(str, stack)),
    )
