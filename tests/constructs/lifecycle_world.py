"""An application, its log, a clock, and CloudFormation that polls: the stage of the lifecycle handler's tests.

The application is one of the local control plane, whose jobs are in memory.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from botocore import xform_name

from flink_constructs.lifecycle_handler import index
from flink_constructs.lifecycle_handler.application import LATEST, Choice
from local.services.managed_flink.model import RefusedError
from local.services.managed_flink.state import Application
from tests.constructs.client_model import check, client_error, service_model
from tests.constructs.fake_logs import FakeLogs
from tests.managed_flink import NAME, START, Stage

GROUP = "/flink/lottery"
STREAM = "application"
POLL = timedelta(seconds=15)
TIMEOUT = timedelta(minutes=20)
STABLE = timedelta(minutes=1)
CUSTOM = "RESTORE_FROM_CUSTOM_SNAPSHOT"


class Client:
    """The control plane as boto3's client has it, with a note of each call; a call can be told to fail."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.model = service_model("kinesisanalyticsv2")
        self.names = {xform_name(name): name for name in self.model.operation_names}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []
        self.errors: dict[str, list[Exception]] = {}

    def fail_next(self, operation: str, *codes: str) -> None:
        self.errors.setdefault(operation, []).extend(client_error(code, operation) for code in codes)

    def called(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.calls if name == operation]

    def __getattr__(self, method: str) -> Any:
        if method not in self.names:
            raise AttributeError(method)
        return lambda **parameters: self.call(self.names[method], parameters)

    def call(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        check(self.model, name, parameters)
        self.calls.append((name, parameters))
        if self.errors.get(name):
            raise self.errors[name].pop(0)
        try:
            return self.stage.plane.call(name, parameters)
        except RefusedError as refused:
            if refused.code == "ResourceInUseException":
                self.refused.append(refused.message)
            raise client_error(refused.code, name, refused.message) from refused


class World:
    """One application, ready to be created, updated and deleted."""

    def __init__(
        self,
        *,
        status: str = "READY",
        version: int = 1,
        snapshots: Sequence[str] = (),
        snapshots_enabled: bool = True,
        enhanced: bool = False,
        restores: str = "",
        stuck: bool = False,
        **errors: list[str],
    ) -> None:
        """Make an application as it shall be; its snapshots were taken before now, one an hour, the newest one last."""
        self.stage = Stage(per_page=2)
        self.clock, self.engine = self.stage.clock, self.stage.engine
        self.service: Any = Client(self.stage)
        self.logs = FakeLogs()
        self.logs.streams[GROUP, STREAM] = []
        mode = "ENHANCED_SNAPSHOTS" if enhanced else "APPLICATION_SNAPSHOTS_LEGACY"
        self.stage.create(
            ApplicationSnapshotConfiguration={"SnapshotsEnabled": snapshots_enabled, "SnapshotMode": mode}
        )
        application = self.application
        application.operations.clear()
        application.status = status
        application.versions = [dataclasses.replace(application.version, number=version)]
        for ago, name in zip(range(len(snapshots), 0, -1), snapshots, strict=True):
            self.add_snapshot(name, at=START - timedelta(hours=ago))
        if restores:
            restore = {"ApplicationRestoreType": CUSTOM, "SnapshotName": restores}
            application.run_configuration = {"ApplicationRestoreConfigurationDescription": restore}
        if stuck:
            self.engine.stuck.add(NAME)
        for name, told in errors.items():
            assert hasattr(self.engine, name)
            setattr(self.engine, name, told)

    @property
    def application(self) -> Application:
        """The application as it is now."""
        return self.stage.application

    @property
    def snapshots(self) -> list[str]:
        """The names of the application's own snapshots, the oldest one first."""
        return list(self.stage.snapshots)

    def has(self, snapshot: str) -> bool:
        return self.stage.snapshots.get(snapshot) == "READY"

    def add_snapshot(self, name: str, *, at: datetime | None = None, status: str = "READY") -> None:
        """Have a snapshot from before."""
        application = self.application
        snapshot = self.stage.plane.new_snapshot(application, name, version=application.version, by_user=True)
        snapshot.created, snapshot.status = at or self.clock.time, status

    def gone(self) -> None:
        """Have the application deleted elsewhere."""
        self.stage.plane.applications.clear()

    def update(self, *, error: str = "", roll_back: bool = False) -> None:
        """Update as CloudFormation does; a running application is restarted, and fails with ``error`` if given."""
        self.engine.restart_errors = [error] if error and self.application.status == "RUNNING" else []
        self.stage.update(ApplicationSystemRollbackConfigurationUpdate={"RollbackEnabledUpdate": roll_back})

    def pass_through(self, status: str) -> None:
        """Have the application pass through a status, on its way to RUNNING."""
        application = self.application
        match status:
            case "STARTING":
                self.stage.call("StartApplication")
            case "UPDATING":
                application.status = "RUNNING"
                self.update()
            case "AUTOSCALING":
                application.status = "RUNNING"
                self.stage.plane.scale(NAME, 2)
            case "MAINTENANCE":
                application.status = "RUNNING"
                self.stage.plane.maintain(NAME)
            case "ROLLING_BACK":
                self.update()
                self.add_snapshot("before")
                application.status = "RUNNING"
                self.stage.call("RollbackApplication", CurrentApplicationVersionId=application.version.number)
        assert application.status == status

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
            since=self.clock.time,
            timeout=TIMEOUT,
            stable_for=stable_for,
            choice=choice or Choice(restore_type, snapshot_name, allow_non_restored_state),
            log_group_name=GROUP,
            log_stream_name=STREAM,
            start=start,
        )

    def poll(self, request: index.Request) -> bool:
        response = index.step(request, cast(Any, self.service), cast(Any, self.logs), self.clock.time)
        return bool(response["IsComplete"])

    def run(self, kind: str, **options: Any) -> timedelta:
        """Poll until the request is done, and return how long it took."""
        request = self.request(kind, **options)
        while not self.poll(request):
            self.clock.advance(POLL)
            assert self.clock.time - request.since <= TIMEOUT, "the request hangs"
        return self.clock.time - request.since

    def log(
        self, level: str, message: str, throwable: str | list[str] | None = None, *, version: int | None = None
    ) -> None:
        entry: dict[str, Any] = {"messageType": level, "message": message, "messageSchemaVersion": "1"}
        if version is not None:
            entry["applicationVersionId"] = str(version)
        if throwable:
            entry["throwableInformation"] = throwable
        self.logs.write(GROUP, STREAM, self.clock.time, json.dumps(entry))
