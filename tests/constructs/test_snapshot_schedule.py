"""Snapshots on a schedule: what is in the template, and what the function does against the local control plane."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Match, Template

from flink_constructs.application import FlinkApplication
from flink_constructs.application_base import FlinkApplicationBase
from flink_constructs.lifecycle_handler import scheduled
from flink_constructs.lifecycle_handler.application import Application, LifecycleError
from flink_constructs.snapshot_schedule import ACTIONS, SnapshotSchedule
from flink_constructs.validation import InvalidArgumentError
from local.services.managed_flink.memory_engine import SNAPSHOT_TIME
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions
from tests.constructs.lifecycle_world import World
from tests.managed_flink import NAME, START

ARN = "arn:aws:kinesisanalytics:eu-west-1:123456789012:application/prices"
TAKEN = "scheduled-2025-03-01T12.00.00Z"
KEEP = 3
MAX_AGE = timedelta(hours=4)


# What the function does.


def run(world: World) -> None:
    """One call of the schedule, for now."""
    plan = scheduled.Plan(time=world.clock.time, keep=KEEP, max_age=MAX_AGE)
    scheduled.carry_out(plan, Application(cast(Any, world.service), NAME))


def names(world: World) -> list[str]:
    return world.snapshots


def test_a_running_application_gets_a_snapshot_named_after_its_time() -> None:
    world = World(status="RUNNING")
    run(world)
    assert names(world) == [TAKEN]


def test_a_repeated_call_takes_none_twice() -> None:
    world = World(status="RUNNING")
    run(world)
    run(world)
    assert names(world) == [TAKEN]


@pytest.mark.parametrize("status", ["READY", "UPDATING", "STARTING", "STOPPING", "AUTOSCALING"])
def test_what_does_not_run_gets_none(status: str) -> None:
    world = World(status=status)
    run(world)
    assert names(world) == []


def test_what_takes_no_snapshots_gets_none() -> None:
    world = World(status="RUNNING", snapshots_enabled=False)
    run(world)
    assert not world.service.called("CreateApplicationSnapshot")


def test_an_application_that_is_gone_is_no_error() -> None:
    world = World()
    world.gone()
    run(world)


def test_what_is_too_many_or_too_old_goes_and_what_others_took_stays() -> None:
    own = [f"scheduled-{number}" for number in range(6)]
    world = World(status="RUNNING", snapshots=["by-hand", "before-update-1", *own])
    run(world)
    assert names(world) == ["by-hand", "before-update-1", *own[3:], TAKEN]


def test_what_is_too_old_goes_although_it_is_not_too_many() -> None:
    world = World(status="RUNNING", snapshots=["scheduled-1", "scheduled-2", "scheduled-3"])
    world.clock.advance(MAX_AGE - timedelta(hours=2))
    run(world)
    assert world.snapshots[:-1] == ["scheduled-2", "scheduled-3"]


@pytest.mark.parametrize("status", ["RUNNING", "READY"])
def test_the_newest_one_stays_however_old_it_is(status: str) -> None:
    world = World(status=status, snapshots=["scheduled-1", "scheduled-2"])
    world.clock.advance(timedelta(days=400))
    run(world)
    assert names(world)[0] == "scheduled-2"
    assert "scheduled-1" not in names(world)


def test_the_last_finished_one_stays_while_the_next_one_is_being_taken() -> None:
    world = World(status="RUNNING", snapshots=["scheduled-1"])
    world.clock.advance(timedelta(days=400))
    run(world)
    world.clock.advance(SNAPSHOT_TIME / 2)
    run(world)
    assert world.has("scheduled-1")
    assert len(world.service.called("CreateApplicationSnapshot")) == 1


def test_the_one_that_the_application_is_configured_to_restore_stays() -> None:
    world = World(status="RUNNING", snapshots=[f"scheduled-{number}" for number in range(6)], restores="scheduled-0")
    run(world)
    assert names(world)[0] == "scheduled-0"


def test_one_that_failed_is_deleted_and_told_when_the_next_one_is_due() -> None:
    world = World(status="RUNNING", snapshot_errors=["too large"])
    run(world)
    world.clock.advance(timedelta(hours=6))
    with pytest.raises(LifecycleError, match=f"{NAME}: the snapshot {TAKEN} failed; the application's log says why"):
        run(world)
    assert names(world) == ["scheduled-2025-03-01T18.00.00Z"]
    run(world)


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        ("LimitExceededException", "; delete some"),
        ("InvalidApplicationConfigurationException", "; the application's log says why"),
        ("ResourceInUseException", "; the application's log says why"),
    ],
)
def test_a_snapshot_that_the_service_does_not_take_is_an_error_of_one_line(code: str, fix: str) -> None:
    world = World(status="RUNNING")
    world.service.fail_next("CreateApplicationSnapshot", code)
    with pytest.raises(LifecycleError) as failure:
        run(world)
    told = str(failure.value)
    assert told.startswith(f"{NAME}: no snapshot {TAKEN}: ")
    assert code in told
    assert told.endswith(fix)
    assert "\n" not in told


def test_a_snapshot_that_cannot_be_deleted_is_left_for_the_next_time() -> None:
    world = World(status="RUNNING", snapshots=[f"scheduled-{number}" for number in range(4)])
    world.service.fail_next("DeleteApplicationSnapshot", "ResourceInUseException")
    run(world)
    assert names(world)[0] == "scheduled-0"
    run(world)
    assert names(world)[0] == "scheduled-1"


def test_the_function_reads_the_event_of_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(status="RUNNING")
    monkeypatch.setattr(scheduled, "client", lambda: world.service)
    for name, text in (("APPLICATION_NAME", NAME), ("KEEP", "3"), ("MAX_AGE_SECONDS", "3600")):
        monkeypatch.setitem(os.environ, name, text)
    scheduled.on_schedule({"time": f"{START:%Y-%m-%dT%H:%M:%SZ}"}, None)
    assert names(world) == [TAKEN]


def test_a_time_with_an_offset_is_read_as_that_moment() -> None:
    plan = scheduled.Plan.from_event({"time": "2025-03-01T13:00:00+01:00"}, {"KEEP": "1", "MAX_AGE_SECONDS": "1"})
    assert plan.time == datetime(2025, 3, 1, 12, tzinfo=UTC)
    assert plan.snapshot_name == TAKEN


# What is in the template.


def schedule(env: Any = CONCRETE, **arguments: Any) -> SnapshotSchedule:
    stack = new_stack(env)
    application: FlinkApplicationBase = FlinkApplication.from_application_arn(stack, "Job", ARN)
    return SnapshotSchedule(stack, "Snapshots", application=application, **arguments)


def template_of(construct: SnapshotSchedule) -> Template:
    return Template.from_stack(construct.node.scope)  # type: ignore[arg-type] # it is the stack


def test_by_default_there_is_one_every_six_hours() -> None:
    template = template_of(schedule())
    found = only(template, "AWS::Scheduler::Schedule")["Properties"]
    assert found["ScheduleExpression"] == "rate(6 hours)"
    assert found["Target"]["Input"] == '{"time":"<aws.scheduler.scheduled-time>"}'
    assert found["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 3}
    variables = {"APPLICATION_NAME": "prices", "KEEP": "10", "MAX_AGE_SECONDS": "604800"}
    template.has_resource_properties("AWS::Lambda::Function", {"Environment": {"Variables": variables}})


def test_what_is_asked_for_is_in_the_template() -> None:
    template = template_of(schedule(every=Duration.minutes(30), keep=48, max_age=Duration.days(2)))
    assert only(template, "AWS::Scheduler::Schedule")["Properties"]["ScheduleExpression"] == "rate(30 minutes)"
    variables = Match.object_like({"KEEP": "48", "MAX_AGE_SECONDS": "172800"})
    template.has_resource_properties("AWS::Lambda::Function", {"Environment": {"Variables": variables}})


def test_the_function_may_take_and_delete_snapshots_of_this_application_and_the_schedule_may_call_it_alone() -> None:
    template = template_of(schedule())
    [(_, logs), (actions, resources)] = permissions(template, of="SnapshotsRole")
    assert set(actions) == set(ACTIONS)
    assert resources == [ARN]
    assert "*" not in logs
    [(actions, resources)] = permissions(template, of="SnapshotsCallerRole")
    assert actions == ["lambda:InvokeFunction"]
    assert "SnapshotsFunction" in str(resources)
    role = only_role(template, "SnapshotsCallerRole")
    [trust] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def only_role(template: Template, prefix: str) -> dict[str, Any]:
    [role] = [body for name, body in template.find_resources("AWS::IAM::Role").items() if name.startswith(prefix)]
    return dict(role)


def test_with_a_key_of_its_own_the_function_may_use_it_through_the_service() -> None:
    stack = new_stack(CONCRETE)
    key = kms.Key(stack, "Key")
    application = FlinkApplication.from_application_arn(stack, "Job", ARN)
    SnapshotSchedule(stack, "Snapshots", application=application, encryption_key=key)
    granted = [
        action for actions, _ in permissions(Template.from_stack(stack), of="SnapshotsRole") for action in actions
    ]
    assert "kms:GenerateDataKey" in granted


def test_failures_are_the_errors_of_the_function() -> None:
    metric = schedule().metric_failures()
    assert (metric.namespace, metric.metric_name, metric.statistic) == ("AWS/Lambda", "Errors", "Sum")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": Duration.minutes(14)}, r"every must be from 15 minutes to 30 days \(got '14 minutes'\); 6 hours"),
        ({"every": Duration.days(31)}, "every must be from 15 minutes to 30 days"),
        ({"keep": 0}, r"keep must be an integer from 1 to 500 \(got 0\)"),
        ({"keep": 501}, "keep must be an integer from 1 to 500"),
        ({"max_age": Duration.hours(23)}, "max_age must be from 1 day to"),
    ],
)
def test_an_argument_that_breaks_its_rule_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        schedule(**arguments)


def test_enhanced_snapshots_are_not_scheduled() -> None:
    stack = new_stack(CONCRETE)
    application = FlinkApplication.from_application_arn(stack, "Job", ARN)
    application.enhanced_snapshots = True
    with pytest.raises(InvalidArgumentError, match=r"application must have snapshots of its own \(got 'enhanced"):
        SnapshotSchedule(stack, "Snapshots", application=application)


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_cdk_nag_and_cfn_lint_have_nothing_to_say(env: Any) -> None:
    construct = schedule(env)
    stack = construct.node.scope
    assert stack is not None
    assert findings(stack) == []
    assert lint(template_of(construct)) == []
