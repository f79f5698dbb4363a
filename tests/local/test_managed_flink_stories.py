"""Any story of calls: what the control plane says of an application is always true of its job."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from local.services.managed_flink.memory_engine import TRANSITION
from local.services.managed_flink.model import RefusedError
from tests.managed_flink import NAME, Stage

ERRORS = st.sampled_from(["start_errors", "restart_errors", "stop_errors", "snapshot_errors"])
CALLS = st.sampled_from(
    [
        ("StartApplication", {}),
        ("StopApplication", {}),
        ("StopApplication", {"Force": True}),
        ("UpdateApplication", {"CurrentApplicationVersionId": None}),
        ("RollbackApplication", {"CurrentApplicationVersionId": None}),
        ("CreateApplicationSnapshot", {"SnapshotName": None}),
    ]
)
TRANSIENT = {"STARTING", "STOPPING", "FORCE_STOPPING", "UPDATING", "AUTOSCALING", "MAINTENANCE", "ROLLING_BACK"}


class Stories(RuleBasedStateMachine):
    """Calls in any order, at any time, of which any may fail."""

    @initialize(snapshots=st.booleans(), rollback=st.booleans())
    def create(self, snapshots: bool, rollback: bool) -> None:
        self.stage = Stage()
        self.versions = 1
        self.number = 0
        self.stage.create(
            ApplicationSnapshotConfiguration={"SnapshotsEnabled": snapshots},
            ApplicationSystemRollbackConfiguration={"RollbackEnabled": rollback},
        )

    @rule(call=CALLS)
    def call(self, call: tuple[str, dict[str, object]]) -> None:
        operation, parameters = call
        self.number += 1
        known = {
            "CurrentApplicationVersionId": self.stage.application.version.number,
            "SnapshotName": f"snapshot-by-hand-{self.number}",
        }
        before = self.stage.status
        try:
            self.stage.call(operation, **{name: known.get(name, value) for name, value in parameters.items()})
        except RefusedError:
            assert self.stage.status == before

    @rule(kind=ERRORS)
    def the_next_one_fails(self, kind: str) -> None:
        getattr(self.stage.engine, kind).append("broken")

    @rule(part=st.sampled_from([0.25, 1.0, 3.0]))
    def time_passes(self, part: float) -> None:
        self.stage.passes(TRANSITION * part)

    @rule()
    def the_service_scales_or_patches(self) -> None:
        if self.stage.status == "RUNNING":
            self.number += 1
            if self.number % 2:
                self.stage.plane.scale(NAME, self.number)
            else:
                self.stage.plane.maintain(NAME)

    @invariant()
    def what_it_says_is_true(self) -> None:
        application = self.stage.application
        pending = [one for one in application.operations if one.status == "IN_PROGRESS"]
        assert len(pending) == (application.status in TRANSIENT)
        assert (application.pending is not None) == (application.status in TRANSIENT)
        numbers = [version.number for version in application.versions]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= self.versions
        self.versions = len(numbers)
        if application.status == "RUNNING":
            assert application.current_parallelism >= 1
            configured = application.version.configuration
            assert self.stage.engine.jobs, "something runs"
            ran = {job.version: job.configuration for job in self.stage.engine.jobs}
            assert configured in ran.values()
        assert all(one.ended is None or one.ended >= one.started for one in application.operations)

    def teardown(self) -> None:
        """It never hangs: all that has been begun ends, and the application can be deleted."""
        if not hasattr(self, "stage"):
            return
        self.stage.passes(timedelta(hours=1))
        self.stage.passes(timedelta(hours=1))
        assert self.stage.status in ("READY", "RUNNING")
        self.stage.call("DeleteApplication", CreateTimestamp=self.stage.application.created)
        self.stage.passes()
        with pytest.raises(RefusedError, match="does not exist"):
            self.stage.call("DescribeApplication")


TestStories = Stories.TestCase
TestStories.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
