"""The lifecycle handler on delete, and in any story of creates, updates and deletes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flink_constructs.lifecycle_handler.application import ACCESS_GRACE, LifecycleError
from local.services.managed_flink.memory_engine import TRANSITION
from tests.constructs.lifecycle_world import TIMEOUT, World
from tests.managed_flink import NAME

STATUSES = [
    *("AUTOSCALING", "DELETING", "FORCE_STOPPING", "MAINTENANCE", "READY", "ROLLED_BACK"),
    *("ROLLING_BACK", "RUNNING", "STARTING", "STOPPING", "UPDATING"),
]


def test_delete_stops_a_running_application_with_a_snapshot() -> None:
    world = World(status="RUNNING")
    assert world.run("Delete") >= TRANSITION
    assert world.application.status == "READY"
    assert len(world.application.snapshots) == 1
    assert world.service.called("StopApplication") == [{"ApplicationName": NAME}]


@pytest.mark.parametrize("status", ["READY", "DELETING", "ROLLED_BACK"])
def test_delete_has_nothing_to_do_where_nothing_runs(status: str) -> None:
    world = World(status=status)
    assert world.run("Delete") == timedelta(0)
    assert not world.service.called("StopApplication")


def test_delete_is_done_while_the_application_is_being_deleted_elsewhere() -> None:
    world = World(status="RUNNING")
    world.stage.call("DeleteApplication", CreateTimestamp=world.application.created)
    request = world.request("Delete")
    assert world.poll(request)
    world.clock.advance(TRANSITION)
    assert world.poll(request)


def test_delete_of_what_is_gone_is_done() -> None:
    world = World()
    world.gone()
    assert world.run("Delete") == timedelta(0)


def test_delete_stops_a_starting_application_by_force_at_once() -> None:
    world = World()
    world.poll(world.request("Create"))
    world.run("Delete")
    assert world.service.called("StopApplication") == [{"ApplicationName": NAME, "Force": True}]
    assert world.application.status == "READY"


@pytest.mark.parametrize("status", ["UPDATING", "AUTOSCALING", "MAINTENANCE", "ROLLING_BACK"])
def test_delete_lets_a_change_end_and_then_stops_cleanly(status: str) -> None:
    world = World(status="RUNNING")
    world.pass_through(status)
    world.run("Delete")
    assert world.service.called("StopApplication") == [{"ApplicationName": NAME}]
    assert not world.service.refused


@pytest.mark.parametrize("status", STATUSES)
def test_delete_never_takes_longer_than_its_time_even_when_nothing_moves(status: str) -> None:
    world = World(status=status, stuck=True)
    assert world.run("Delete") <= TIMEOUT
    assert not world.service.refused


@pytest.mark.parametrize("status", ["UPDATING", "AUTOSCALING", "STOPPING"])
def test_delete_forces_what_takes_more_than_half_of_its_time(status: str) -> None:
    world = World(status=status, stuck=True)
    assert world.run("Delete") >= TIMEOUT / 2
    assert world.application.status == "READY"


def test_delete_forces_after_a_stop_whose_snapshot_failed() -> None:
    world = World(status="RUNNING", stop_errors=["the snapshot failed"])
    world.run("Delete")
    assert [call.get("Force", False) for call in world.service.called("StopApplication")] == [False, True]
    assert world.application.status == "READY"


@pytest.mark.parametrize("code", ["InvalidApplicationConfigurationException", "InvalidRequestException"])
def test_delete_forces_when_the_service_refuses_the_snapshot(code: str) -> None:
    world = World(status="RUNNING")
    world.service.fail_next("StopApplication", code)
    world.run("Delete")
    assert world.service.called("StopApplication")[-1]["Force"] is True


@pytest.mark.parametrize(
    "code", ["ResourceInUseException", "ThrottlingException", "InvalidArgumentException", "SomethingNew"]
)
def test_delete_never_fails(code: str) -> None:
    world = World(status="RUNNING")
    world.service.fail_next("StopApplication", *[code] * 200)
    assert world.run("Delete") == TIMEOUT


def test_delete_gives_up_on_an_application_out_of_reach() -> None:
    world = World(status="RUNNING")
    world.service.fail_next("DescribeApplication", *["AccessDeniedException"] * 50)
    assert world.run("Delete") == ACCESS_GRACE


def test_delete_is_done_when_the_application_goes_while_it_is_asked() -> None:
    world = World(status="RUNNING")
    world.service.fail_next("StopApplication", "ResourceNotFoundException")
    assert world.run("Delete") == timedelta(0)


ERRORS = st.sampled_from(
    [
        "ResourceInUseException",
        "ConcurrentModificationException",
        "ThrottlingException",
        "ServiceUnavailableException",
        "InvalidApplicationConfigurationException",
        "InvalidRequestException",
        "AccessDeniedException",
    ]
)
CHAPTERS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["Create", "Update", "Update", "Delete"]),
        "update": st.sampled_from(["none", "good", "bad", "rolled back"]),
        "between": st.sampled_from(["", "AUTOSCALING", "MAINTENANCE"]),
        "start_fails": st.booleans(),
        "stop_fails": st.booleans(),
        "stuck": st.integers(0, 9).map(lambda number: number == 0),
        "errors": st.lists(
            st.tuples(
                st.sampled_from(
                    ["DescribeApplication", "ListApplicationOperations", "StartApplication", "StopApplication"]
                ),
                ERRORS,
            ),
            max_size=4,
        ),
    }
)


@settings(deadline=None)  # a story of six chapters takes as long as the machine is busy
@given(snapshots_enabled=st.booleans(), story=st.lists(CHAPTERS, min_size=1, max_size=6))
def test_any_story_ends_running_stopped_or_with_a_message(snapshots_enabled: bool, story: list[dict[str, Any]]) -> None:
    world = World(snapshots_enabled=snapshots_enabled)
    for chapter in story:
        application = world.application
        world.engine.start_errors = ["broken code"] if chapter["start_fails"] else []
        world.engine.stop_errors = ["no snapshot"] if chapter["stop_fails"] else []
        if application.status in {"READY", "RUNNING"} and chapter["kind"] == "Update" and chapter["update"] != "none":
            error = "" if chapter["update"] == "good" else "bad update"
            world.update(error=error, roll_back=chapter["update"] == "rolled back")
        elif application.status == "RUNNING" and chapter["between"]:
            world.pass_through(chapter["between"])
        if chapter["stuck"] and application.status not in {"READY", "RUNNING"}:
            world.engine.stuck.add(NAME)
        for operation, code in chapter["errors"]:
            world.service.fail_next(operation, code)
        message = ""
        try:
            world.run(chapter["kind"])
        except LifecycleError as error:
            message = str(error)
        status = world.application.status
        if message:
            assert chapter["kind"] != "Delete"
            assert message.startswith(NAME)
            assert len(message) < 1000
        elif chapter["kind"] == "Delete":
            # It may give up on what never moves or never answers: deleting the application halts it.
            assert status == "READY" or chapter["stuck"] or chapter["errors"]
        else:
            assert status == "RUNNING"
        world.service.errors.clear()
        world.engine.stuck.clear()
        world.clock.advance(TRANSITION)
    assert world.service.refused == []


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_an_application_that_is_started_by_hand_is_left_as_it_is_until_its_deletion(kind: str) -> None:
    world = World()
    assert world.run(kind, start=False) == timedelta(0)
    assert world.application.status == "READY"
    world.application.status = "RUNNING"
    world.run("Delete", start=False)
    assert world.application.status == "READY"
