"""An application, its log, a clock, and CloudFormation that polls: the stage of the lifecycle handler's tests."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast

from flink_constructs.lifecycle_handler import index
from flink_constructs.lifecycle_handler.application import LATEST, Choice
from tests.constructs.fake_kinesisanalyticsv2 import Clock, FakeApplication, FakeKinesisAnalyticsV2, FakeLogs

NAME = "lottery"
GROUP = "/flink/lottery"
STREAM = "application"
POLL = timedelta(seconds=15)
TIMEOUT = timedelta(minutes=20)
STABLE = timedelta(minutes=1)


class World:
    """One application, ready to be created, updated and deleted."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.service = FakeKinesisAnalyticsV2(self.clock)
        self.logs = FakeLogs()
        self.logs.streams[GROUP, STREAM] = []
        self.application: FakeApplication = self.service.create(NAME, **settings)

    def request(
        self,
        kind: str,
        *,
        restore_type: str = LATEST,
        snapshot_name: str = "",
        allow_non_restored_state: bool = False,
        start: bool = True,
        stable_for: timedelta = STABLE,
        choice: Choice | None = None,
    ) -> index.Request:
        return index.Request(
            kind=kind,
            application_name=NAME,
            since=self.clock.now,
            timeout=TIMEOUT,
            stable_for=stable_for,
            choice=choice or Choice(restore_type, snapshot_name, allow_non_restored_state),
            log_group_name=GROUP,
            log_stream_name=STREAM,
            start=start,
        )

    def poll(self, request: index.Request) -> bool:
        response = index.step(request, cast(Any, self.service), cast(Any, self.logs), self.clock.now)
        return bool(response["IsComplete"])

    def run(self, kind: str, **options: Any) -> timedelta:
        """Poll until the request is done, and return how long it took."""
        request = self.request(kind, **options)
        while not self.poll(request):
            self.clock.advance(POLL)
            assert self.clock.now - request.since <= TIMEOUT, "the request hangs"
        return self.clock.now - request.since

    def log(
        self, level: str, message: str, throwable: str | list[str] | None = None, *, version: int | None = None
    ) -> None:
        entry: dict[str, Any] = {"messageType": level, "message": message, "messageSchemaVersion": "1"}
        if version is not None:
            entry["applicationVersionId"] = str(version)
        if throwable:
            entry["throwableInformation"] = throwable
        self.logs.write(GROUP, STREAM, self.clock.now, json.dumps(entry))
