"""What the lifecycle handler does before CloudFormation updates an application, against the local control plane."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, cast

import pytest

from flink_constructs.lifecycle_handler import before_update, index
from flink_constructs.lifecycle_handler.application import ACCESS_GRACE, CUSTOM, LATEST, SKIP, Choice, LifecycleError
from local.services.managed_flink.memory_engine import SNAPSHOT_TIME
from tests.constructs.fake_cloudformation import STACK_ID, FakeCloudFormation
from tests.constructs.lifecycle_world import POLL, TIMEOUT, World
from tests.managed_flink import NAME

APPLICATION = "FlinkApplication"
TAKEN = "before-update-2025-03-01T12.00.00Z"


class Before:
    """An application that is about to be updated, or is not there yet."""

    def __init__(self, *, exists: bool = True, **settings: Any) -> None:
        self.world = World(**settings)
        self.stack = FakeCloudFormation(**({APPLICATION: NAME} if exists else {}))

    def run(
        self,
        kind: str = "Update",
        *,
        restore_type: str = LATEST,
        snapshot_name: str = "",
        choice: Choice | None = None,
    ) -> timedelta:
        """Poll until the request is done, and return how long it took."""
        preparation = before_update.Preparation(
            kind=kind,
            stack_id=STACK_ID,
            logical_id=APPLICATION,
            since=self.world.clock.time,
            timeout=TIMEOUT,
            choice=choice or Choice(restore_type, snapshot_name, allow_non_restored_state=False),
        )
        while not before_update.prepared(preparation, cast(Any, self.world.service), self.stack, self.world.clock.time):
            self.world.clock.advance(POLL)
            assert self.world.clock.time - preparation.since <= TIMEOUT, "the request hangs"
        return self.world.clock.time - preparation.since

    @property
    def snapshots(self) -> list[str]:
        return self.world.snapshots


def test_a_running_job_is_updated_after_a_snapshot_of_it_is_finished() -> None:
    before = Before(status="RUNNING")
    assert before.run() >= SNAPSHOT_TIME
    assert before.snapshots == [TAKEN]
    assert before.world.has(TAKEN)
    assert len(before.world.service.called("CreateApplicationSnapshot")) == 1


@pytest.mark.parametrize("settings", [{"status": "READY"}, {"status": "RUNNING", "snapshots_enabled": False}])
def test_what_does_not_run_or_takes_no_snapshots_is_updated_without_one(settings: dict[str, Any]) -> None:
    before = Before(**settings)
    assert before.run() == timedelta(0)
    assert before.snapshots == []


@pytest.mark.parametrize("kind", ["Create", "Update"])
@pytest.mark.parametrize(
    ("snapshots", "listed"), [([], "none"), (["one", "two"], "two, one")], ids=["without", "with others"]
)
def test_a_snapshot_that_does_not_exist_is_one_line_and_nothing_is_changed(
    kind: str, snapshots: list[str], listed: str
) -> None:
    before = Before(status="RUNNING", snapshots=snapshots)
    with pytest.raises(LifecycleError) as failure:
        before.run(kind, restore_type=CUSTOM, snapshot_name="gone")
    assert str(failure.value) == (
        f"restore must name a finished snapshot of {NAME} (got 'gone'); its newest ones are: {listed}"
    )
    assert before.snapshots == snapshots


def test_a_snapshot_that_is_named_for_an_application_that_is_not_there_yet_is_one_line() -> None:
    before = Before(exists=False)
    with pytest.raises(LifecycleError, match=r"which does not exist yet \(got 'old'\); nothing was changed: deploy"):
        before.run("Create", restore_type=CUSTOM, snapshot_name="old")


@pytest.mark.parametrize("restore_type", [LATEST, SKIP])
def test_an_application_that_is_not_there_yet_needs_nothing(restore_type: str) -> None:
    before = Before(exists=False)
    assert before.run("Create", restore_type=restore_type) == timedelta(0)
    assert before.world.service.calls == []


def test_a_named_snapshot_that_exists_is_taken_and_the_job_is_kept_as_well() -> None:
    before = Before(status="RUNNING", snapshots=["good"])
    before.run(restore_type=CUSTOM, snapshot_name="good")
    assert before.snapshots == ["good", TAKEN]


ENHANCED = Choice(CUSTOM, "good", False, "arn:aws:kinesisanalytics:eu-west-1:111122223333:snapshot/good", enhanced=True)


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(("enhanced", "status"), [({}, "none"), ({"good": "CREATING"}, "CREATING")])
def test_an_enhanced_snapshot_that_cannot_be_restored_is_one_line(
    exists: bool, enhanced: dict[str, str], status: str
) -> None:
    before = Before(exists=exists, status="RUNNING", enhanced=True)
    for name, reached in enhanced.items():
        before.world.add_snapshot(name, status=reached)
    with pytest.raises(
        LifecycleError, match=rf"must name a finished enhanced snapshot .*'good', whose status is {status}"
    ):
        before.run(choice=ENHANCED)


def test_an_enhanced_snapshot_is_restored_by_its_arn_and_the_service_takes_its_own_before_the_update() -> None:
    before = Before(status="RUNNING", enhanced=True)
    before.world.add_snapshot("good")
    assert before.run(choice=ENHANCED) == timedelta(0)
    assert before.snapshots == []
    before.world.application.status = "READY"
    before.world.run("Update", choice=ENHANCED)
    [call] = before.world.service.called("StartApplication")
    restore = call["RunConfiguration"]["ApplicationRestoreConfiguration"]
    assert restore == {"ApplicationRestoreType": CUSTOM, "SnapshotArn": ENHANCED.snapshot_arn}


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_the_way_back_is_never_refused(status: str) -> None:
    before = Before(status="RUNNING")
    before.stack.status = status
    assert before.run(restore_type=CUSTOM, snapshot_name="gone") == timedelta(0)
    assert before.snapshots == []


def test_a_delete_needs_nothing() -> None:
    before = Before(status="RUNNING")
    assert before.run("Delete") == timedelta(0)


def test_a_job_that_can_take_no_snapshot_is_not_updated_and_the_line_says_what_to_do() -> None:
    before = Before(status="RUNNING", snapshot_errors=["too large"])
    with pytest.raises(LifecycleError) as failure:
        before.run()
    told = str(failure.value)
    assert told.startswith(f"{NAME} must be able to take a snapshot before its update (got 'it failed;")
    assert "nothing was changed: mend what keeps the job from it, or stop the application" in told
    assert told.endswith(f"aws kinesisanalyticsv2 stop-application --force --application-name {NAME}")
    assert "\n" not in told


@pytest.mark.parametrize("refused", [True, False])
def test_a_job_whose_state_is_not_wanted_is_updated_without_a_snapshot(refused: bool) -> None:
    before = Before(status="RUNNING", snapshot_errors=[] if refused else ["too large"])
    if refused:
        before.world.service.fail_next("CreateApplicationSnapshot", "InvalidApplicationConfigurationException")
    before.run(restore_type=SKIP)
    assert not before.world.has(TAKEN)


def test_the_limit_of_snapshots_does_not_keep_an_update_back() -> None:
    before = Before(status="RUNNING")
    before.world.service.fail_next("CreateApplicationSnapshot", "LimitExceededException")
    assert before.run() == timedelta(0)


@pytest.mark.parametrize(
    "code", ["ResourceInUseException", "ThrottlingException", "ServiceUnavailableException", "AccessDeniedException"]
)
@pytest.mark.parametrize("operation", ["DescribeApplication", "ListApplicationSnapshots", "CreateApplicationSnapshot"])
def test_what_may_pass_is_tried_again(operation: str, code: str) -> None:
    before = Before(status="RUNNING")
    before.world.service.fail_next(operation, code, code)
    before.run()
    assert before.world.has(TAKEN)


def test_without_the_permission_the_update_goes_on_unprepared() -> None:
    before = Before(status="RUNNING")
    before.world.service.fail_next("CreateApplicationSnapshot", *["AccessDeniedException"] * 50)
    assert before.run() == ACCESS_GRACE


def test_an_error_that_stays_says_that_nothing_was_changed() -> None:
    before = Before(status="RUNNING")
    before.world.service.fail_next("DescribeApplication", "InvalidArgumentException")
    with pytest.raises(LifecycleError, match=rf"{APPLICATION}: nothing was changed: .*InvalidArgumentException"):
        before.run()


@pytest.mark.parametrize("status", ["AUTOSCALING", "UPDATING", "MAINTENANCE"])
def test_a_change_that_is_under_way_is_waited_for(status: str) -> None:
    before = Before()
    before.world.pass_through(status)
    before.run()
    assert before.world.has(TAKEN)
    assert not before.world.service.refused


def test_an_application_that_never_comes_to_rest_is_not_updated() -> None:
    before = Before(status="AUTOSCALING", stuck=True)
    with pytest.raises(LifecycleError, match="nothing was changed: no snapshot within 20 minutes"):
        before.run()


def test_of_its_own_snapshots_the_newest_five_stay_and_of_others_all() -> None:
    own = [f"before-update-{number}" for number in range(7)]
    before = Before(status="RUNNING", snapshots=["by-hand", *own, "scheduled-1"])
    before.run()
    assert before.snapshots == ["by-hand", *own[3:], "scheduled-1", TAKEN]


def test_a_snapshot_that_the_stack_names_stays_however_old_it_is() -> None:
    own = [f"before-update-{number}" for number in range(7)]
    before = Before(status="RUNNING", snapshots=own)
    before.run(restore_type=CUSTOM, snapshot_name=own[0])
    assert before.snapshots == [own[0], *own[3:], TAKEN]


def test_a_snapshot_that_cannot_be_deleted_does_not_matter() -> None:
    before = Before(status="RUNNING", snapshots=[f"before-update-{number}" for number in range(6)])
    before.world.service.fail_next("DeleteApplicationSnapshot", "ResourceInUseException")
    before.run()
    assert len(before.snapshots) == 6


def test_the_handler_tells_the_two_resources_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Before(status="RUNNING")
    made = index.Clients(cast(Any, before.world.service), cast(Any, before.world.logs), before.stack)
    monkeypatch.setattr(index, "clients", lambda: made)
    monkeypatch.setitem(os.environ, "TIMEOUT_SECONDS", "1200")
    event: dict[str, Any] = {
        "RequestType": "Update",
        "ResourceType": before_update.RESOURCE_TYPE,
        "StackId": STACK_ID,
        "ResourceProperties": {"ApplicationLogicalId": APPLICATION, "RestoreType": CUSTOM, "SnapshotName": "gone"},
    }
    event |= index.on_event(event, None)
    assert event["PhysicalResourceId"] == APPLICATION
    with pytest.raises(LifecycleError, match="got 'gone'"):
        index.is_complete(event, None)
