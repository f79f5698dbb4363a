"""The engine on real Flink, as far as it needs none: what it refuses to start, and the log that it writes."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from flink_constructs.bundle import RUN_OPTIONS, RUN_OPTIONS_GROUP
from local.services.managed_flink import configuration
from local.services.managed_flink.clock import StandingClock
from local.services.managed_flink.code import CodeStore
from local.services.managed_flink.engine import Job, Result, Task
from local.services.managed_flink.flink_engine import FlinkEngine
from local.services.managed_flink.log_events import LogForwarder
from local.services.managed_flink.model import RefusedError
from tests.managed_flink import CODE, NAME, START

LOG = "arn:aws:logs:eu-west-1:111122223333:log-group:/flink/lottery:log-stream:application"
GROUPS = {"PropertyGroups": [{"PropertyGroupId": RUN_OPTIONS_GROUP, "PropertyMap": RUN_OPTIONS}]}
JOBMANAGER = """\
Picked up JAVA_TOOL_OPTIONS: -Xmx1g
2025-03-01 12:00:00,001 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph       [] - Job prices switched.
2025-03-01 12:00:01,002 ERROR org.apache.flink.client.program.ClientFrontend               [] - It failed.
java.lang.IllegalStateException: no such table
\tat a.b.C.d(C.java:1)
2025-03-01 12:00:02,003 WARN  a.b.C                                                        [] - Beware
"""


class FakeLogs:
    """Keeps the events, unless it is told to refuse them."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.events: list[dict[str, Any]] = []

    def put_log_events(self, **parameters: Any) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}, "PutLogEvents")
        assert (parameters["logGroupName"], parameters["logStreamName"]) == ("/flink/lottery", "application")
        self.events += [json.loads(event["message"]) for event in parameters["logEvents"]]


class FakeS3:
    """Buckets with nothing in them."""

    def get_object(self, **parameters: Any) -> None:
        raise ClientError({"Error": {"Code": "NoSuchKey", "Message": str(parameters["Key"])}}, "GetObject")


def job(**changes: Any) -> Job:
    given = {"ApplicationCodeConfiguration": CODE, "EnvironmentProperties": GROUPS, **changes}
    return Job(
        application=NAME,
        arn="arn",
        version=3,
        runtime="FLINK-1_20",
        configuration=configuration.created(given, "FLINK-1_20"),
        parallelism=1,
        log_streams=[LOG],
    )


@pytest.fixture
def logs() -> FakeLogs:
    return FakeLogs()


@pytest.fixture
def engine(tmp_path: Path, logs: FakeLogs) -> Iterator[FlinkEngine]:
    made = FlinkEngine(
        tmp_path, StandingClock(START), cast(Any, FakeS3()), cast(Any, logs), endpoints={}, flink_options={}
    )
    yield made
    made.close()


def result_of(task: Task) -> Result:
    for _ in range(500):
        if result := task.result():
            return result
        time.sleep(0.01)
    raise AssertionError("it goes on")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (replace(job(), runtime="FLINK-1_19"), "RuntimeEnvironment must be of Flink 1.20"),
        (
            job(
                FlinkApplicationConfiguration={
                    "CheckpointConfiguration": {"ConfigurationType": "CUSTOM", "CheckpointingEnabled": False}
                }
            ),
            "CheckpointingEnabled must be true here (got false)",
        ),
        (
            job(EnvironmentProperties={"PropertyGroups": []}),
            f"the property group {RUN_OPTIONS_GROUP} must name the Python program as 'python' (got none)",
        ),
    ],
)
def test_a_job_that_cannot_run_here_is_a_failed_start_without_a_process_and_with_an_error_in_its_log(
    engine: FlinkEngine, logs: FakeLogs, wanted: Job, message: str
) -> None:
    result = result_of(engine.start(wanted))
    assert message in result.error
    assert not result.running
    assert engine.processes == []
    (event,) = logs.events
    assert (event["messageType"], event["message"]) == ("ERROR", f"the application did not start: {result.error}")


def test_an_order_about_a_job_that_does_not_run_fails_and_force_does_not(engine: FlinkEngine) -> None:
    assert result_of(engine.snapshot(NAME, "key")).error == "no job runs"
    assert result_of(engine.stop(NAME, "key")).error == "no job runs"
    assert result_of(engine.restart(job(), "key")).error == "no job runs"
    for task in (engine.abort(NAME), engine.stop(NAME, None), engine.delete_snapshot("key")):
        assert result_of(task) == Result(at=START)
    assert (engine.cpu_utilization(NAME), engine.dashboard(NAME), engine.plan(NAME)) == (None, None, None)


def test_an_update_that_does_not_start_has_taken_its_snapshot_all_the_same(
    engine: FlinkEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_stop", lambda _run, _snapshot: None)
    result = result_of(engine.restart(replace(job(), runtime="FLINK-1_19"), "key"))
    assert result.error.startswith("RuntimeEnvironment must be")
    assert (result.snapshot_taken, result.running) == (True, False)


def test_code_is_the_object_in_s3_or_the_zip_of_the_request(tmp_path: Path) -> None:
    store = CodeStore(cast(Any, FakeS3()))
    with pytest.raises(RefusedError, match=r"must be an object that can be read \(got s3://code/job.zip: ") as refused:
        store.read(job().configuration)
    assert refused.value.code == "InvalidArgumentException"
    inline = {"CodeContentType": "ZIPFILE", "CodeContent": {"ZipFileContent": b"plain"}}
    with pytest.raises(RefusedError, match=r"must be a zip \(got ZipFileContent\)") as refused:
        store.read(job(ApplicationCodeConfiguration=inline).configuration)
    assert refused.value.code == "CodeValidationException"
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("main.py", "print()")
    inline = {"CodeContentType": "ZIPFILE", "CodeContent": {"ZipFileContent": bundle.getvalue()}}
    store.unpack(job(ApplicationCodeConfiguration=inline).configuration, tmp_path)
    assert (tmp_path / "main.py").read_text() == "print()"


def test_the_log_is_written_as_the_service_does_each_line_once_and_stack_traces_with_their_event(
    tmp_path: Path, logs: FakeLogs
) -> None:
    forwarder = LogForwarder(job(), tmp_path, StandingClock(START), cast(Any, logs))
    (tmp_path / "jobmanager.log").write_text(f"{JOBMANAGER}half a li")
    forwarder.forward()
    forwarder.forward()
    told = [(one["messageType"], one["message"], one.get("throwableInformation")) for one in logs.events]
    trace = ["java.lang.IllegalStateException: no such table", "\tat a.b.C.d(C.java:1)"]
    assert told == [
        ("INFO", "Picked up JAVA_TOOL_OPTIONS: -Xmx1g", None),
        ("INFO", "Job prices switched.", None),
        ("ERROR", "It failed.", trace),
        ("WARN", "Beware", None),
    ]
    assert logs.events[1]["logger"] == "org.apache.flink.runtime.executiongraph.ExecutionGraph"
    assert {one["applicationVersionId"] for one in logs.events} == {"3"}
    with (tmp_path / "jobmanager.log").open("a") as log:
        log.write("ne\n")
    forwarder.forward()
    assert logs.events[-1]["message"] == "half a line"


def test_events_for_a_log_stream_that_does_not_exist_are_lost_as_in_aws(tmp_path: Path) -> None:
    (tmp_path / "client.log").write_text("a line\n")
    forwarder = LogForwarder(job(), tmp_path, StandingClock(START), cast(Any, FakeLogs(refuses=True)))
    forwarder.forward()
    forwarder.error("it failed")
