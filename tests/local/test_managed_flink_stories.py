"""Any story of calls: what the control plane says of an application is always true of its job."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from local.services.managed_flink.memory_engine import TRANSITION
from local.services.managed_flink.model import RefusedError, from_json, operation_model, service_model, to_json
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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
RIGHT = {
    "ApplicationName": NAME,
    "CurrentApplicationVersionId": 1,
    "SnapshotName": "good",
    "UrlType": "FLINK_DASHBOARD_URL",
}


def value(shape: Shape) -> st.SearchStrategy[Any]:
    """Any value that a member might be given: often one of the right form, down to its last member."""
    match shape:
        case StructureShape():
            members = {
                name: st.just(RIGHT[name]) if name in RIGHT else value(one) for name, one in shape.members.items()
            }
            return st.fixed_dictionaries({}, optional=members) | JSON
        case ListShape():
            return st.lists(value(shape.member), max_size=2) | JSON
        case MapShape():
            return st.dictionaries(st.text(max_size=5), value(shape.value), max_size=2) | JSON
        case StringShape(enum=[_, *_]):
            return st.sampled_from(shape.enum) | JSON
    return JSON


@cache
def requests_of(name: str) -> st.SearchStrategy[Any]:
    shape = service_model().operation_model(name).input_shape
    assert shape is not None
    return value(shape)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(service_model().operation_names)), data=st.data())
def test_any_request_is_carried_out_or_refused_with_one_short_line(name: str, data: st.DataObject) -> None:
    operation = operation_model(name)
    assert operation is not None
    stage = Stage()
    stage.create()
    told = ""
    try:
        body = json.dumps(data.draw(requests_of(name))).encode()
        assert json.loads(to_json(stage.plane.call(name, from_json(operation, body)))) is not None
    except RefusedError as refused:
        told = refused.message
    assert "\n" not in told
    assert len(told) < 2000


TestStories = Stories.TestCase
TestStories.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
