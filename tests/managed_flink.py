"""A control plane whose jobs are in memory and whose clock stands still, for tests of it and of what calls it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.services.managed_flink.clock import StandingClock
from local.services.managed_flink.control_plane import ControlPlane
from local.services.managed_flink.memory_engine import TRANSITION, MemoryEngine
from local.services.managed_flink.model import RefusedError
from local.services.managed_flink.state import Application

START = datetime(2025, 3, 1, 12, tzinfo=UTC)
REGION, ACCOUNT = "eu-west-1", "111122223333"
CODE = {
    "CodeContentType": "ZIPFILE",
    "CodeContent": {"S3ContentLocation": {"BucketARN": "arn:aws:s3:::code", "FileKey": "job.zip"}},
}
NAME = "lottery"


@dataclass
class Stage:
    """A control plane, its engine and its clock."""

    clock: StandingClock = field(default_factory=lambda: StandingClock(START))
    per_page: int = 50
    engine: MemoryEngine = field(init=False)
    plane: ControlPlane = field(init=False)

    def __post_init__(self) -> None:
        self.engine = MemoryEngine(self.clock)
        self.plane = ControlPlane(self.engine, self.clock, region=REGION, account=ACCOUNT, per_page=self.per_page)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make a call about the application, unless the parameters say otherwise."""
        if operation not in ("ListApplications", "ListTagsForResource", "TagResource", "UntagResource"):
            parameters = {"ApplicationName": NAME, **parameters}
        return self.plane.call(operation, parameters)

    def refused(self, code: str, operation: str, **parameters: Any) -> str:
        """Make a call that the service refuses with this code, and give its message."""
        with pytest.raises(RefusedError) as refused:
            self.call(operation, **parameters)
        assert refused.value.code == code, refused.value
        assert "\n" not in refused.value.message
        return refused.value.message

    def create(self, name: str = NAME, *, runtime: str = "FLINK-1_20", **configuration: Any) -> dict[str, Any]:
        """Create an application, which has code."""
        answer = self.call(
            "CreateApplication",
            ApplicationName=name,
            RuntimeEnvironment=runtime,
            ServiceExecutionRole="arn:aws:iam::111122223333:role/flink",
            ApplicationConfiguration={"ApplicationCodeConfiguration": CODE, **configuration},
        )
        detail: dict[str, Any] = answer["ApplicationDetail"]
        return detail

    def running(self, **configuration: Any) -> Stage:
        """This stage with the application created and started."""
        self.create(**configuration)
        self.call("StartApplication")
        self.passes()
        assert self.status == "RUNNING"
        return self

    def update(self, **update: Any) -> dict[str, Any]:
        """Update the configuration of the application as it is."""
        return self.call(
            "UpdateApplication",
            CurrentApplicationVersionId=self.application.version.number,
            ApplicationConfigurationUpdate=update,
        )

    def passes(self, time: timedelta = TRANSITION) -> None:
        """Let time pass."""
        self.clock.advance(time)
        self.plane.settle()

    @property
    def application(self) -> Application:
        """The application as it is now."""
        self.plane.settle()
        return self.plane.applications[NAME]

    @property
    def status(self) -> str:
        """The application's status now."""
        return self.application.status

    @property
    def detail(self) -> dict[str, Any]:
        """What the service says of the application."""
        detail: dict[str, Any] = self.call("DescribeApplication")["ApplicationDetail"]
        return detail

    @property
    def operations(self) -> list[tuple[str, str]]:
        """The operations and their statuses, the oldest one first."""
        return [(one.kind, one.status) for one in self.application.operations]

    @property
    def snapshots(self) -> dict[str, str]:
        """The statuses of the application's own snapshots, by their names."""
        return {one.name: one.status for one in self.application.snapshots}
