"""RUNNING is not yet a success: what the lifecycle handler reads in the log of a job that the service says runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flink_constructs.lifecycle_handler import index
from flink_constructs.lifecycle_handler.application import LATEST, SKIP, LifecycleError
from flink_constructs.lifecycle_handler.stability import LOOP
from local.services.managed_flink.memory_engine import TRANSITION
from tests.constructs.lifecycle_world import GROUP, POLL, STABLE, STREAM, World
from tests.managed_flink import NAME

RESTARTING = "Job insert-into_prices (5f2a) switched from state RUNNING to RESTARTING."
RUNNING = "Job insert-into_prices (5f2a) switched from state RESTARTING to RUNNING."
TASK_FAILED = "Source: trips[1] (1/1)#0 (c0ffee) switched from RUNNING to FAILED with failure cause:"
JOB_FAILED = "Job insert-into_prices (5f2a) switched from state FAILING to FAILED."
NO_TOPIC = "org.apache.kafka.common.errors.UnknownTopicException: no topic 'trips'"


def started(world: World, kind: str = "Create", **options: Any) -> index.Request:
    """A request whose application runs since this very moment."""
    request = world.request(kind, **options)
    assert not world.poll(request)
    world.clock.advance(TRANSITION)
    assert not world.poll(request)
    return request


def outcome(world: World, request: index.Request) -> str:
    """The error with which the request ends."""
    while True:
        try:
            assert not world.poll(request), "it succeeds"
        except LifecycleError as error:
            return str(error)
        world.clock.advance(POLL)


def test_a_start_succeeds_once_the_job_has_run_for_a_minute() -> None:
    world = World()
    request = started(world)
    world.log("INFO", "Job insert-into_prices (5f2a) switched from state CREATED to RUNNING.")
    world.clock.advance(STABLE - timedelta(seconds=1))
    assert not world.poll(request)
    world.clock.advance(timedelta(seconds=1))
    assert world.poll(request)
    assert not world.service.called("StopApplication")


@pytest.mark.parametrize("message", [RESTARTING, TASK_FAILED])
def test_one_restart_only_begins_the_minute_anew(message: str) -> None:
    world = World()
    request = started(world)
    world.clock.advance(timedelta(seconds=45))
    world.log("INFO", message)
    world.log("INFO", RUNNING)
    world.clock.advance(timedelta(seconds=59))
    assert not world.poll(request)
    world.clock.advance(timedelta(seconds=1))
    assert world.poll(request)


@pytest.mark.parametrize("messages", [[RESTARTING, RUNNING], [TASK_FAILED], [TASK_FAILED, RESTARTING, RUNNING]])
@pytest.mark.parametrize("every", [timedelta(seconds=7), timedelta(seconds=40)])
def test_a_job_that_restarts_in_a_loop_is_stopped_and_fails_with_its_root_cause(
    messages: list[str], every: timedelta
) -> None:
    world = World()
    request = started(world)
    for _ in range(LOOP):
        for message in messages:
            world.log("INFO", message, None)
        world.log("ERROR", "failed", f"a.b.JobException: x\nCaused by: {NO_TOPIC}")
        world.clock.advance(every)
    told = outcome(world, request)
    assert told.startswith(f"{NAME} does not keep running (its job restarts in a loop: 3 times so far); it is stopped")
    assert f"root cause: {NO_TOPIC}" in told
    assert world.service.called("StopApplication") == [{"ApplicationName": NAME, "Force": True}]
    assert world.application.status == "READY"
    assert not world.service.refused


def test_several_failed_tasks_are_one_restart() -> None:
    world = World()
    request = started(world)
    for _ in range(5):
        world.log("WARN", TASK_FAILED)
        world.clock.advance(timedelta(milliseconds=200))
    world.log("INFO", RESTARTING)
    world.clock.advance(STABLE)
    assert world.poll(request)


@pytest.mark.parametrize(
    "message",
    ["Run python process failed", "Python process exits with code: 1", JOB_FAILED],
    ids=["run", "exit", "job"],
)
def test_a_job_that_ended_fails_at_once_although_the_service_says_running(message: str) -> None:
    world = World()
    request = started(world)
    world.log("INFO", "Traceback (most recent call last):")
    world.log("INFO", "ValueError: lottery.seed must be an integer (got 'x')")
    world.log("ERROR", message)
    told = outcome(world, request)
    assert told.startswith(
        f"{NAME} does not keep running (its job ended with a failure); it is stopped now; root cause: "
    )
    assert "lottery.seed must be an integer" in told or "switched from state" in told
    assert world.application.status == "READY"


def test_a_job_that_ended_long_ago_is_not_taken_for_a_quiet_one() -> None:
    world = World()
    request = started(world)
    world.log("ERROR", "Run python process failed")
    world.clock.advance(timedelta(minutes=5))
    assert "ended with a failure" in outcome(world, request)


def test_a_job_that_the_service_started_again_after_its_end_may_succeed() -> None:
    world = World()
    request = started(world)
    world.log("ERROR", "Python process exits with code: 1")
    world.log("INFO", RUNNING)
    world.clock.advance(STABLE)
    assert world.poll(request)


def test_what_the_previous_version_logs_until_it_is_stopped_does_not_count() -> None:
    world = World(status="RUNNING", version=7)
    world.update()
    for _ in range(LOOP):
        world.log("INFO", RESTARTING, version=7)
        world.clock.advance(timedelta(seconds=10))
    world.log("INFO", JOB_FAILED, version=7)
    world.run("Update")
    assert not world.service.called("StopApplication")


def test_restarts_before_the_start_do_not_count() -> None:
    world = World()
    for _ in range(LOOP):
        world.log("INFO", RESTARTING)
        world.clock.advance(timedelta(seconds=10))
    world.clock.advance(timedelta(seconds=1))
    world.run("Create")
    assert world.application.status == "RUNNING"


def test_after_a_failed_update_the_previous_version_starts_from_the_latest_snapshot() -> None:
    """What CloudFormation does on its way back: it updates what is stopped, then asks the handler."""
    world = World(status="RUNNING", snapshots=["before"])
    world.update()
    request = world.request("Update", restore_type=SKIP)
    world.clock.advance(TRANSITION)
    for _ in range(LOOP):
        world.log("INFO", RESTARTING)
        world.clock.advance(timedelta(seconds=10))
    assert "restarts in a loop" in outcome(world, request)
    world.clock.advance(POLL)
    world.update()
    world.run("Update", restore_type=LATEST)
    [call] = world.service.called("StartApplication")
    assert call["RunConfiguration"]["ApplicationRestoreConfiguration"] == {"ApplicationRestoreType": LATEST}
    assert world.application.status == "RUNNING"


def test_an_application_that_nobody_started_or_updated_fails_and_is_left_alone() -> None:
    world = World(status="RUNNING")
    request = world.request("Update")
    for _ in range(LOOP):
        world.log("INFO", RESTARTING)
        world.clock.advance(timedelta(seconds=10))
    assert "restarts in a loop" in outcome(world, request)
    assert world.application.status == "RUNNING"


def test_an_application_that_somebody_stops_meanwhile_is_not_started_again() -> None:
    world = World()
    request = started(world)
    world.service.stop_application(ApplicationName=NAME)
    assert outcome(world, request).startswith(f"{NAME} was stopped meanwhile")
    assert len(world.service.called("StartApplication")) == 1


def test_a_stop_that_the_service_refuses_for_now_is_tried_again() -> None:
    world = World()
    request = started(world)
    world.log("ERROR", "Run python process failed")
    world.service.fail_next("StopApplication", "ResourceInUseException")
    assert "it is stopped now" in outcome(world, request)


def test_without_a_log_the_service_is_believed_after_the_minute() -> None:
    world = World()
    request = started(world)
    world.logs.streams.clear()
    world.clock.advance(STABLE)
    assert world.poll(request)


def test_the_service_is_believed_at_once_where_it_is_told_so() -> None:
    world = World()
    request = world.request("Create", stable_for=timedelta(0))
    world.poll(request)
    world.log("ERROR", "Run python process failed")
    world.clock.advance(TRANSITION)
    assert world.poll(request)


def test_lines_that_are_no_messages_of_flink_do_not_count() -> None:
    world = World()
    request = started(world)
    world.logs.write(GROUP, STREAM, world.clock.time, "plain text")
    world.log("INFO", "the ride switched from state STARTED to FAILED_PAYMENT")
    world.clock.advance(STABLE)
    assert world.poll(request)
