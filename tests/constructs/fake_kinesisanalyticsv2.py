"""Strict stand-ins of the services that the lifecycle handler calls: `kinesisanalyticsv2` and `logs`.

Every call's parameters and every answer is checked against botocore's own model of the service. Applications change
their status as the clock advances, and refuse a call in the wrong status with the service's documented error.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
from botocore.exceptions import ClientError, ParamValidationError
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

START = datetime(2025, 3, 1, 12, tzinfo=UTC)
TRANSITION = timedelta(minutes=2)
ACCOUNT = "111122223333"
FORCE_STOPPABLE = frozenset({"STARTING", "UPDATING", "STOPPING", "AUTOSCALING", "RUNNING"})
OPERATIONS_PER_PAGE = 2
SNAPSHOTS_PER_PAGE = 2
SNAPSHOT_TIME = timedelta(seconds=40)


def service_model(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def check(model: ServiceModel, operation: str, parameters: dict[str, Any], *, output: bool = False) -> None:
    operation_model = model.operation_model(operation)
    shape = operation_model.output_shape if output else operation_model.input_shape
    assert shape is not None
    report = ParamValidator().validate(parameters, shape)
    unknown = set(parameters) - set(shape.members)
    if report.has_errors() or unknown:
        raise ParamValidationError(report=f"{operation}: {report.generate_report()} {unknown or ''}")


def client_error(code: str, operation: str, message: str = "as told") -> ClientError:
    status = 503 if code == "ServiceUnavailableException" else 400
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


@dataclass
class Clock:
    now: datetime = START

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass
class Operation:
    id: str
    kind: str
    started: datetime
    status: str = "IN_PROGRESS"
    error: str = ""
    ended: datetime | None = None

    def end(self, now: datetime, error: str = "") -> None:
        self.status, self.error, self.ended = ("FAILED" if error else "SUCCESSFUL"), error, now


@dataclass
class Snapshot:
    name: str
    created: datetime
    version: int = 1
    status: str = "READY"
    ready_at: datetime = START
    fails: bool = False


@dataclass
class FakeApplication:
    name: str
    snapshots_enabled: bool = True
    status: str = "READY"
    version: int = 1
    snapshots: list[Snapshot] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    start_errors: list[str] = field(default_factory=list)
    stop_errors: list[str] = field(default_factory=list)
    stuck: bool = False
    until: datetime = START
    settle: Callable[[], None] | None = None
    snapshot_errors: int = 0
    restores: str = ""

    def has(self, snapshot: str) -> bool:
        return any(one.name == snapshot and one.status == "READY" for one in self.snapshots)


class FakeKinesisAnalyticsV2:
    """The service: `create`, `update`, … play CloudFormation and the service itself, the rest is the client's API."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.model = service_model("kinesisanalyticsv2")
        self.applications: dict[str, FakeApplication] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []
        self.errors: dict[str, list[Exception]] = {}
        self.enhanced: dict[str, str] = {}
        self.ids = itertools.count(1)

    # What tests ask for.

    def create(self, name: str, *, snapshots: Sequence[str] = (), **settings: Any) -> FakeApplication:
        """Make an application; its snapshots were taken before now, one an hour, the newest one last."""
        hours = range(len(snapshots), 0, -1)
        taken = [
            Snapshot(one, self.clock.now - timedelta(hours=ago)) for one, ago in zip(snapshots, hours, strict=True)
        ]
        self.applications[name] = FakeApplication(name, snapshots=taken, **settings)
        return self.applications[name]

    def fail_next(self, operation: str, *codes: str) -> None:
        self.errors.setdefault(operation, []).extend(client_error(code, operation) for code in codes)

    def called(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.calls if name == operation]

    def update(self, name: str, *, error: str = "", roll_back: bool = False) -> None:
        """Update as CloudFormation does; a running application is restarted, and fails with ``error`` if given."""
        application = self.current(name)
        operation = self.begin(application, "UpdateApplication")
        application.version += 1
        if application.status == "READY":
            operation.end(self.clock.now)
            return
        assert application.status == "RUNNING", "CloudFormation waits until it is"

        def settled() -> None:
            operation.end(application.until, error)
            if error and roll_back:
                application.version += 1
                self.change(application, "ROLLING_BACK", lambda: self.become(application, "RUNNING"))
            else:
                self.become(application, "READY" if error else "RUNNING")

        self.change(application, "UPDATING", settled)

    def pass_through(self, name: str, status: str) -> None:
        """Have the service itself scale, patch, … a running application."""
        application = self.current(name)
        self.change(application, status, lambda: self.become(application, "RUNNING"))

    def delete(self, name: str) -> None:
        application = self.current(name)

        def settled() -> None:
            del self.applications[name]

        self.change(application, "DELETING", settled)

    def current(self, name: str) -> FakeApplication:
        application = self.applications[name]
        while application.settle and self.clock.now >= application.until and not application.stuck:
            settle, application.settle = application.settle, None
            settle()
        return application

    def become(self, application: FakeApplication, status: str) -> None:
        application.status, application.settle = status, None

    def change(self, application: FakeApplication, status: str, settle: Callable[[], None]) -> None:
        application.status, application.settle = status, settle
        application.until = self.clock.now + TRANSITION

    def begin(self, application: FakeApplication, kind: str) -> Operation:
        operation = Operation(f"operation-{next(self.ids)}", kind, self.clock.now)
        application.operations.append(operation)
        return operation

    # The client's API.

    def call(self, name: str, parameters: dict[str, Any]) -> FakeApplication:
        check(self.model, name, parameters)
        self.calls.append((name, parameters))
        if self.errors.get(name):
            raise self.errors[name].pop(0)
        if parameters["ApplicationName"] in self.applications:
            self.current(parameters["ApplicationName"])
        if parameters["ApplicationName"] not in self.applications:
            raise client_error("ResourceNotFoundException", name)
        return self.applications[parameters["ApplicationName"]]

    def answer(self, name: str, response: dict[str, Any]) -> dict[str, Any]:
        check(self.model, name, response, output=True)
        return response

    def refuse(self, application: FakeApplication, name: str) -> ClientError:
        self.refused.append(f"{name} while {application.status}")
        return client_error("ResourceInUseException", name, f"the application is {application.status}")

    def describe_application(self, **parameters: Any) -> dict[str, Any]:
        application = self.call("DescribeApplication", parameters)
        detail = {
            "ApplicationARN": f"arn:aws:kinesisanalytics:eu-west-1:{ACCOUNT}:application/{application.name}",
            "ApplicationName": application.name,
            "RuntimeEnvironment": "FLINK-1_20",
            "ApplicationStatus": application.status,
            "ApplicationVersionId": application.version,
            "ApplicationConfigurationDescription": {
                "ApplicationSnapshotConfigurationDescription": {"SnapshotsEnabled": application.snapshots_enabled},
                "RunConfigurationDescription": self.run_configuration(application),
            },
        }
        return self.answer("DescribeApplication", {"ApplicationDetail": detail})

    def run_configuration(self, application: FakeApplication) -> dict[str, Any]:
        if not application.restores:
            return {}
        custom = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": application.restores}
        return {"ApplicationRestoreConfigurationDescription": custom}

    def start_application(self, **parameters: Any) -> dict[str, Any]:
        application = self.call("StartApplication", parameters)
        if application.status != "READY":
            raise self.refuse(application, "StartApplication")
        self.check_restore(application, parameters.get("RunConfiguration", {}))
        operation = self.begin(application, "StartApplication")
        error = application.start_errors.pop(0) if application.start_errors else ""

        def settled() -> None:
            operation.end(application.until, error)
            self.become(application, "READY" if error else "RUNNING")

        self.change(application, "STARTING", settled)
        return self.answer("StartApplication", {"OperationId": operation.id})

    def check_restore(self, application: FakeApplication, run_configuration: dict[str, Any]) -> None:
        """A start without the choice could still have an earlier one's, so the stand-in wants it said."""
        restore = run_configuration["ApplicationRestoreConfiguration"]
        kind, name = restore["ApplicationRestoreType"], restore.get("SnapshotName")
        if "SnapshotArn" in restore:
            assert name is None
            assert self.enhanced[restore["SnapshotArn"].rpartition("/")[2]] == "READY"
            return
        assert (name is not None) == (kind == "RESTORE_FROM_CUSTOM_SNAPSHOT")
        ready = [one for one in application.snapshots if one.status == "READY"]
        if kind == "RESTORE_FROM_LATEST_SNAPSHOT" and not ready:
            raise client_error("InvalidArgumentException", "StartApplication", "there is no snapshot")
        if name is not None and not application.has(name):
            raise client_error("InvalidArgumentException", "StartApplication", f"there is no snapshot {name}")

    def stop_application(self, **parameters: Any) -> dict[str, Any]:
        application = self.call("StopApplication", parameters)
        force = parameters.get("Force", False)
        if application.status not in (FORCE_STOPPABLE if force else {"RUNNING"}):
            raise self.refuse(application, "StopApplication")
        for pending in application.operations:
            if pending.status == "IN_PROGRESS":
                pending.status, pending.ended = "CANCELLED", self.clock.now
        operation = self.begin(application, "StopApplication")
        error = "" if force or not application.stop_errors else application.stop_errors.pop(0)
        if force:
            application.stuck = False

        def settled() -> None:
            operation.end(application.until, error)
            if not error and not force and application.snapshots_enabled:
                application.snapshots.append(Snapshot(f"snapshot-{operation.id}", application.until))
            self.become(application, "RUNNING" if error else "READY")

        self.change(application, "FORCE_STOPPING" if force else "STOPPING", settled)
        return self.answer("StopApplication", {"OperationId": operation.id})

    def list_application_operations(self, **parameters: Any) -> dict[str, Any]:
        application = self.call("ListApplicationOperations", parameters)
        begin = int(parameters.get("NextToken", "0"))
        infos = [
            {"Operation": one.kind, "OperationId": one.id, "StartTime": one.started, "OperationStatus": one.status}
            | ({"EndTime": one.ended} if one.ended else {})
            for one in application.operations[begin : begin + OPERATIONS_PER_PAGE]
        ]
        response: dict[str, Any] = {"ApplicationOperationInfoList": infos}
        if begin + OPERATIONS_PER_PAGE < len(application.operations):
            response["NextToken"] = str(begin + OPERATIONS_PER_PAGE)
        return self.answer("ListApplicationOperations", response)

    def describe_application_operation(self, **parameters: Any) -> dict[str, Any]:
        application = self.call("DescribeApplicationOperation", parameters)
        for one in application.operations:
            if one.id == parameters["OperationId"]:
                details: dict[str, Any] = {
                    "Operation": one.kind,
                    "StartTime": one.started,
                    "EndTime": self.clock.now,
                    "OperationStatus": one.status,
                }
                if one.error:
                    details["OperationFailureDetails"] = {"ErrorInfo": {"ErrorString": one.error}}
                return self.answer("DescribeApplicationOperation", {"ApplicationOperationInfoDetails": details})
        raise client_error("ResourceNotFoundException", "DescribeApplicationOperation")

    def list_application_snapshots(self, **parameters: Any) -> dict[str, Any]:
        application = self.call("ListApplicationSnapshots", parameters)
        self.settle_snapshots(application)
        begin = int(parameters.get("NextToken", "0"))
        summaries = [
            {
                "SnapshotName": one.name,
                "SnapshotStatus": one.status,
                "ApplicationVersionId": one.version,
                "SnapshotCreationTimestamp": one.created,
            }
            for one in application.snapshots[begin : begin + SNAPSHOTS_PER_PAGE]
        ]
        response: dict[str, Any] = {"SnapshotSummaries": summaries}
        if begin + SNAPSHOTS_PER_PAGE < len(application.snapshots):
            response["NextToken"] = str(begin + SNAPSHOTS_PER_PAGE)
        return self.answer("ListApplicationSnapshots", response)

    def settle_snapshots(self, application: FakeApplication) -> None:
        for one in application.snapshots:
            if one.status == "CREATING" and self.clock.now >= one.ready_at:
                one.status = "FAILED" if one.fails else "READY"

    def create_application_snapshot(self, **parameters: Any) -> dict[str, Any]:
        application = self.call("CreateApplicationSnapshot", parameters)
        self.settle_snapshots(application)
        if application.status != "RUNNING":
            raise client_error("InvalidApplicationConfigurationException", "CreateApplicationSnapshot", "not running")
        if not application.snapshots_enabled:
            raise client_error("InvalidApplicationConfigurationException", "CreateApplicationSnapshot", "they are off")
        if any(one.status == "CREATING" for one in application.snapshots):
            raise self.refuse(application, "CreateApplicationSnapshot")
        if any(one.name == parameters["SnapshotName"] for one in application.snapshots):
            raise client_error("InvalidArgumentException", "CreateApplicationSnapshot", "the name is taken")
        fails = application.snapshot_errors > 0
        application.snapshot_errors -= fails
        application.snapshots.append(
            Snapshot(
                parameters["SnapshotName"],
                self.clock.now,
                version=application.version,
                status="CREATING",
                ready_at=self.clock.now + SNAPSHOT_TIME,
                fails=fails,
            )
        )
        return self.answer("CreateApplicationSnapshot", {})

    def describe_snapshot(self, **parameters: Any) -> dict[str, Any]:
        check(self.model, "DescribeSnapshot", parameters)
        name = parameters["SnapshotName"]
        if name not in self.enhanced:
            raise client_error("ResourceNotFoundException", "DescribeSnapshot")
        details = {
            "SnapshotName": name,
            "SnapshotArn": f"arn:aws:kinesisanalytics:eu-west-1:{ACCOUNT}:snapshot/{name}",
            "SnapshotStatus": self.enhanced[name],
            "SnapshotCreationTimestamp": START,
            "SnapshotInitiator": "USER",
            "SnapshotInitiatorOperation": "CreateSnapshot",
            "SnapshotSourceDescription": {},
            "SnapshotFormat": "CANONICAL",
        }
        return self.answer("DescribeSnapshot", {"SnapshotInfoDetails": details})

    def delete_application_snapshot(self, **parameters: Any) -> dict[str, Any]:
        application = self.call("DeleteApplicationSnapshot", parameters)
        self.settle_snapshots(application)
        for one in application.snapshots:
            if (one.name, one.created) == (parameters["SnapshotName"], parameters["SnapshotCreationTimestamp"]):
                if one.status == "CREATING":
                    raise self.refuse(application, "DeleteApplicationSnapshot")
                application.snapshots.remove(one)
                return self.answer("DeleteApplicationSnapshot", {})
        raise client_error("ResourceNotFoundException", "DeleteApplicationSnapshot")


class FakeLogs:
    """The log streams, oldest event first; pages of four events, as the tests have few."""

    PAGE = 4

    def __init__(self) -> None:
        self.model = service_model("logs")
        self.streams: dict[tuple[str, str], list[tuple[datetime, str]]] = {}

    def write(self, group: str, stream: str, at: datetime, message: str) -> None:
        self.streams.setdefault((group, stream), []).append((at, message))

    def get_log_events(self, **parameters: Any) -> dict[str, Any]:
        check(self.model, "GetLogEvents", parameters)
        key = (parameters["logGroupName"], parameters["logStreamName"])
        if key not in self.streams:
            raise client_error("ResourceNotFoundException", "GetLogEvents")
        events = [
            {"timestamp": int(at.timestamp() * 1000), "message": message, "ingestionTime": 0}
            for at, message in self.streams[key]
            if at.timestamp() * 1000 >= parameters.get("startTime", 0)
        ]
        end = int(parameters["nextToken"]) if "nextToken" in parameters else len(events)
        begin = max(0, end - self.PAGE)
        response = {"events": events[begin:end], "nextForwardToken": str(end), "nextBackwardToken": str(begin)}
        check(self.model, "GetLogEvents", response, output=True)
        return response
