"""The lifecycle handler on create and update, against the local control plane."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, ParamValidationError

from flink_constructs.lifecycle_handler import index
from flink_constructs.lifecycle_handler.application import ACCESS_GRACE, CUSTOM, LATEST, SKIP, LifecycleError
from local.process import free_port
from local.services.managed_flink.memory_engine import TRANSITION
from local.services.managed_flink.server import Server
from tests.constructs.client_model import client_error
from tests.constructs.fake_cloudformation import FakeCloudFormation
from tests.constructs.lifecycle_world import GROUP, POLL, STABLE, STREAM, TIMEOUT, World
from tests.managed_flink import NAME

TYPE = "Custom::FlinkApplicationLifecycle"


def test_create_starts_a_ready_application_once_and_waits_until_it_runs() -> None:
    world = World()
    assert world.run("Create") >= TRANSITION
    assert world.application.status == "RUNNING"
    assert world.service.called("StartApplication") == [
        {
            "ApplicationName": NAME,
            "RunConfiguration": {
                "FlinkRunConfiguration": {"AllowNonRestoredState": False},
                "ApplicationRestoreConfiguration": {"ApplicationRestoreType": SKIP},
            },
        }
    ]


@pytest.mark.parametrize(
    ("enabled", "snapshots", "restore"),
    [(True, ["one"], True), (True, [], False), (False, ["old"], False)],
)
def test_a_start_restores_the_latest_snapshot_when_there_is_one(
    enabled: bool, snapshots: list[str], restore: bool
) -> None:
    world = World(snapshots_enabled=enabled, snapshots=snapshots)
    world.run("Update", allow_non_restored_state=True)
    (call,) = world.service.called("StartApplication")
    assert call["RunConfiguration"]["FlinkRunConfiguration"] == {"AllowNonRestoredState": True}
    expected = {"ApplicationRestoreType": LATEST if restore else SKIP}
    assert call["RunConfiguration"]["ApplicationRestoreConfiguration"] == expected


def test_a_start_restores_the_snapshot_that_is_named() -> None:
    world = World(snapshots=["first", "second", "third"])
    world.run("Create", restore_type=CUSTOM, snapshot_name="second")
    (call,) = world.service.called("StartApplication")
    expected = {"ApplicationRestoreType": CUSTOM, "SnapshotName": "second"}
    assert call["RunConfiguration"]["ApplicationRestoreConfiguration"] == expected


def test_a_start_without_state_says_so_although_there_are_snapshots() -> None:
    world = World(snapshots=["first"])
    world.run("Create", restore_type=SKIP)
    (call,) = world.service.called("StartApplication")
    assert call["RunConfiguration"]["ApplicationRestoreConfiguration"] == {"ApplicationRestoreType": SKIP}


@pytest.mark.parametrize(("snapshots", "listed"), [([], "none"), ([f"s{i}" for i in range(9)], "s8, s7, s6, s5, s4")])
def test_a_start_from_a_snapshot_that_does_not_exist_is_one_line_and_no_start(
    snapshots: list[str], listed: str
) -> None:
    world = World(snapshots=snapshots)
    with pytest.raises(LifecycleError) as failure:
        world.run("Update", restore_type=CUSTOM, snapshot_name="gone")
    assert str(failure.value) == (
        f"restore must name a finished snapshot of {NAME} (got 'gone'); its newest ones are: {listed}"
    )
    assert not world.service.called("StartApplication")


@pytest.mark.parametrize("kind", ["Create", "Update"])
@pytest.mark.parametrize("status", ["AUTOSCALING", "MAINTENANCE", "STARTING", "UPDATING", "ROLLING_BACK"])
def test_what_passes_by_itself_is_waited_for_without_a_start(kind: str, status: str) -> None:
    world = World()
    world.pass_through(status)
    world.run(kind)
    assert world.application.status == "RUNNING"
    assert not world.service.called("StartApplication")


@pytest.mark.parametrize("status", ["STOPPING", "FORCE_STOPPING"])
def test_an_application_that_is_being_stopped_is_started_after_that(status: str) -> None:
    world = World(status="RUNNING")
    world.stage.call("StopApplication", Force=status == "FORCE_STOPPING")
    assert world.application.status == status
    world.clock.advance(timedelta(seconds=1))
    world.run("Update")
    assert world.application.status == "RUNNING"


def test_a_running_application_needs_nothing_on_create() -> None:
    world = World(status="RUNNING")
    assert world.run("Create") == STABLE


def test_an_update_of_a_running_application_is_done_when_the_service_has_restarted_it() -> None:
    world = World(status="RUNNING")
    world.update()
    assert world.run("Update") >= TRANSITION
    assert (world.application.status, world.application.version.number) == ("RUNNING", 2)
    assert not world.service.called("StartApplication")


def test_an_update_of_a_stopped_application_starts_it() -> None:
    world = World()
    world.update()
    world.run("Update")
    assert world.application.status == "RUNNING"


def test_an_update_that_the_service_rolls_back_fails_with_its_reason() -> None:
    world = World(status="RUNNING")
    world.update(error="Parallelism above maxParallelism", roll_back=True)
    with pytest.raises(LifecycleError, match=r"rolled back.*Parallelism above maxParallelism"):
        world.run("Update")
    assert world.application.status == "RUNNING"


def test_an_update_that_left_the_application_ready_is_started_and_its_failure_told() -> None:
    world = World(status="RUNNING", start_errors=["InvalidApplicationCode"])
    world.update(error="InvalidApplicationCode")
    with pytest.raises(LifecycleError, match=r"did not start.*InvalidApplicationCode"):
        world.run("Update")


def test_an_older_failed_update_does_not_matter_once_the_application_was_started_again() -> None:
    world = World(status="RUNNING", start_errors=["broken"])
    world.update(error="broken")
    with pytest.raises(LifecycleError):
        world.run("Update")
    world.clock.advance(POLL)
    world.update()
    world.run("Update")
    assert world.application.status == "RUNNING"


def test_a_job_that_fails_to_start_fails_with_its_root_cause_first() -> None:
    world = World(start_errors=["An error occurred: InvalidApplicationCode"])
    world.log("ERROR", "an older failure", "java.lang.IllegalStateException: not this one")
    world.clock.advance(timedelta(minutes=1))
    request = world.request("Create")
    assert not world.poll(request)
    for line in (
        "Traceback (most recent call last):",
        '  File "main.py", line 7, in <module>',
        "ValueError: records.per.second must be an integer (got 'ten')",
    ):
        world.log("INFO", line)
    world.log(
        "ERROR",
        "Could not execute application",
        "org.apache.flink.client.program.ProgramInvocationException: The main method caused an error\n"
        "\tat org.apache.flink.Client.run(Client.java:1)\n"
        "Caused by: java.lang.RuntimeException: Python process exits with code: 1",
    )
    world.clock.advance(TRANSITION)
    with pytest.raises(LifecycleError) as failure:
        world.poll(request)
    message = str(failure.value)
    assert message.startswith("lottery did not start; root cause: ValueError: records.per.second must be")
    assert "the service says: An error occurred: InvalidApplicationCode" in message
    assert GROUP in message
    assert "not this one" not in message


def test_a_message_stays_below_a_thousand_characters_and_keeps_its_place() -> None:
    world = World(start_errors=["service " * 200])
    request = world.request("Create")
    world.poll(request)
    world.log("ERROR", "x " * 5000)
    world.clock.advance(TRANSITION)
    with pytest.raises(LifecycleError) as failure:
        world.poll(request)
    assert len(str(failure.value)) < 1000
    assert "the whole log" in str(failure.value)


@pytest.mark.parametrize("unreadable", ["logs", "operation"])
def test_a_failure_is_told_without_what_cannot_be_read(unreadable: str) -> None:
    world = World(start_errors=["no code"])
    if unreadable == "logs":
        world.logs.streams.clear()
    else:
        world.service.fail_next("DescribeApplicationOperation", "AccessDeniedException")
    with pytest.raises(LifecycleError, match="lottery did not start"):
        world.run("Create")


@pytest.mark.parametrize(
    "code",
    [
        "ResourceInUseException",
        "ConcurrentModificationException",
        "ThrottlingException",
        "ServiceUnavailableException",
        "AccessDeniedException",
    ],
)
@pytest.mark.parametrize(
    "operation", ["DescribeApplication", "ListApplicationOperations", "ListApplicationSnapshots", "StartApplication"]
)
def test_what_may_pass_is_tried_again(operation: str, code: str) -> None:
    world = World(snapshots=["one"])
    world.service.fail_next(operation, code, code)
    world.run("Create")
    assert world.application.status == "RUNNING"


def test_an_unreachable_service_is_tried_again() -> None:
    world = World()
    world.service.errors["DescribeApplication"] = [EndpointConnectionError(endpoint_url="https://example.com")]
    world.run("Create")
    assert world.application.status == "RUNNING"


@pytest.mark.parametrize(
    "code", ["InvalidApplicationConfigurationException", "InvalidRequestException", "InvalidArgumentException"]
)
def test_a_start_that_the_service_refuses_for_good_fails_at_once(code: str) -> None:
    world = World()
    world.service.fail_next("StartApplication", code)
    with pytest.raises(LifecycleError, match=rf"lottery did not start.*{code}"):
        world.run("Create")
    assert len(world.service.called("StartApplication")) == 1


def test_access_that_stays_denied_fails_after_the_grace_time() -> None:
    world = World()
    world.service.fail_next("DescribeApplication", *["AccessDeniedException"] * 50)
    began = world.clock.time
    with pytest.raises(LifecycleError, match="AccessDeniedException"):
        world.run("Create")
    assert world.clock.time - began == ACCESS_GRACE


def test_a_start_that_never_ends_fails_with_its_status_and_the_last_error() -> None:
    world = World()
    request = world.request("Create")
    world.poll(request)
    world.engine.stuck.add(NAME)
    world.log("ERROR", "no network interface left in the subnet")
    world.clock.advance(TIMEOUT)
    with pytest.raises(LifecycleError, match=r"not start within 20 minutes \(its status is STARTING\).*no network"):
        world.poll(request)


@pytest.mark.parametrize(
    ("status", "message"), [("DELETING", "being deleted"), ("ROLLED_BACK", "rolled back"), (None, "not exist")]
)
def test_an_application_that_cannot_run_fails(status: str | None, message: str) -> None:
    world = World()
    if status:
        world.application.status = status
    else:
        world.gone()
    with pytest.raises(LifecycleError, match=message):
        world.run("Update")


def test_a_repeated_poll_asks_for_nothing_twice() -> None:
    world = World()
    request = world.request("Create")
    for _ in range(3):
        assert not world.poll(request)
    assert len(world.service.called("StartApplication")) == 1
    assert not world.service.refused


def test_on_event_names_the_application_and_calls_nothing() -> None:
    event = {"RequestType": "Create", "ResourceType": TYPE, "ResourceProperties": {"ApplicationName": NAME}}
    first, second = index.on_event(event, None), index.on_event(event, None)
    assert first["PhysicalResourceId"] == second["PhysicalResourceId"] == NAME
    assert first["Since"] <= second["Since"]


def test_a_replacement_changes_the_id_and_the_delete_is_about_the_old_one() -> None:
    properties = {"ApplicationName": "lottery-2"}
    update = {
        "RequestType": "Update",
        "ResourceType": TYPE,
        "PhysicalResourceId": NAME,
        "ResourceProperties": properties,
    }
    assert index.on_event(update, None)["PhysicalResourceId"] == "lottery-2"
    delete = {**update, "RequestType": "Delete"}
    assert index.on_event(delete, None)["PhysicalResourceId"] == NAME


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("false", False), (None, False)])
def test_is_complete_reads_the_event_and_its_environment(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, value: str | None, expected: bool
) -> None:
    world = World()
    made = index.Clients(cast(Any, world.service), cast(Any, world.logs), FakeCloudFormation())
    monkeypatch.setattr(index, "clients", lambda: made)
    for name, text in (
        ("LOG_GROUP_NAME", GROUP),
        ("LOG_STREAM_NAME", STREAM),
        ("TIMEOUT_SECONDS", "1200"),
        ("STABLE_SECONDS", "60"),
    ):
        monkeypatch.setitem(os.environ, name, text)
    properties = {"ApplicationName": NAME, "ConfigurationReferences": ["arn:aws:a-secret-value"]}
    if value:
        properties["AllowNonRestoredState"] = value
    event: dict[str, Any] = {"RequestType": "Create", "ResourceType": TYPE, "ResourceProperties": properties}
    with caplog.at_level("DEBUG"):
        event |= index.on_event(event, None)
        assert index.is_complete(event, None) == {"IsComplete": False}
        world.application.status = "READY"
        event |= {"RequestType": "Delete", **index.on_event(event | {"RequestType": "Delete"}, None)}
        assert index.is_complete(event, None) == {"IsComplete": True}
    (call,) = world.service.called("StartApplication")
    assert call["RunConfiguration"]["FlinkRunConfiguration"]["AllowNonRestoredState"] is expected
    assert "a-secret-value" not in caplog.text
    assert NAME in caplog.text


def test_the_clients_retry_and_do_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    index.clients.cache_clear()
    made = index.clients()
    for client in (made.service, made.logs, made.cloudformation):
        assert cast(Any, client).meta.config.read_timeout <= 15
    index.clients.cache_clear()


def test_the_handler_works_through_boto3_as_well() -> None:
    world = World()
    with Server(world.stage.plane, free_port()) as server:
        world.service = boto3.client(
            "kinesisanalyticsv2",
            endpoint_url=server.address,
            region_name="eu-west-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",  # noqa: S106 - no secret is checked
        )
        world.run("Create")
        world.update()
        world.run("Update")
        assert world.application.status == "RUNNING"
        world.run("Delete")
    assert world.application.status == "READY"
    assert list(world.stage.snapshots.values()) == ["READY", "READY"]


def test_the_stand_in_refuses_what_the_service_does_not_know() -> None:
    world = World()
    with pytest.raises(ParamValidationError):
        world.service.start_application(ApplicationName="", Forced=True)
    assert client_error("AccessDenied", "x").response["Error"]["Code"] == "AccessDenied"
