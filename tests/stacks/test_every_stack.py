"""What is asked of each variant of each stack: what checkers say of it, what it has, and of some the whole template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

import scenarios
from stacks.config import ContextError
from tests.constructs.checks import findings, permissions
from tests.stacks.distinct import DistinctLinter
from tests.stacks.snapshots import TextSnapshotExtension, by_variants, without_hashes
from tests.stacks.variants import (
    APPLICATION,
    FUNCTION_IN_VPC,
    LIFECYCLE,
    UNSCOPED,
    Variant,
    make,
    of,
    variants,
    whole,
)

WHOLE = [(scenario, name) for scenario in scenarios.NAMES for name in whole(scenario)]
OTHERS = [
    (scenario, name) for scenario in scenarios.NAMES for name in variants(scenario) if name not in whole(scenario)
]


@pytest.fixture(params=[*WHOLE, *OTHERS], ids="-".join)
def variant(request: pytest.FixtureRequest) -> Variant:
    return of(*request.param)


@pytest.fixture(scope="session")
def linter() -> DistinctLinter:
    return DistinctLinter()


@pytest.mark.parametrize(("scenario", "name"), WHOLE)
def test_the_whole_template_is_as_it_was(scenario: str, name: str, snapshot: SnapshotAssertion) -> None:
    template = of(scenario, name).template.to_json()
    assert without_hashes(template) == snapshot.use_extension(JSONSnapshotExtension)


def test_the_whole_templates_are_not_too_many_to_read() -> None:
    """Has no parameters: syrupy asks for such a test in the file before it removes what is left of a former variant."""
    texts = [json.dumps(of(scenario, name).template.to_json(), indent=2) for scenario, name in WHOLE]
    assert sum(text.count("\n") for text in texts) < 60_000


def test_the_whole_templates_have_every_kind_of_resource() -> None:
    everything = [(scenario, name) for scenario in scenarios.NAMES for name in variants(scenario)]
    kinds = {one: set(of(*one).types.values()) for one in everything}
    assert set.union(*(kinds[one] for one in WHOLE)) == set.union(*kinds.values())


@pytest.mark.parametrize("scenario", scenarios.NAMES)
def test_every_variant_has_the_resources_that_it_had(scenario: str, snapshot: SnapshotAssertion) -> None:
    types = {name: of(scenario, name).types for name in variants(scenario)}
    assert by_variants(types) == snapshot.use_extension(TextSnapshotExtension)


def test_cdk_nag_finds_nothing_that_has_no_reason(variant: Variant) -> None:
    assert findings(variant.stack) == []


@pytest.mark.parametrize(("scenario", "name"), WHOLE)
def test_cfn_lint_finds_nothing_in_a_whole_template(scenario: str, name: str, linter: DistinctLinter) -> None:
    assert linter.lint_whole(of(scenario, name).template.to_json()) == []


@pytest.mark.parametrize(("scenario", "name"), OTHERS)
def test_cfn_lint_finds_nothing_in_what_another_variant_has_beside(
    scenario: str, name: str, linter: DistinctLinter
) -> None:
    assert linter.lint(of(scenario, name).template.to_json()) == []


@pytest.mark.parametrize("scenario", scenarios.NAMES)
def test_cfn_lint_finds_what_only_another_variant_has_wrong(scenario: str, linter: DistinctLinter) -> None:
    [*_, name] = variants(scenario).keys() - whole(scenario)
    template = of(scenario, name).template.to_json()
    assert linter.lint(template) == []
    [logical_id, *_] = (key for key, body in template["Resources"].items() if body["Type"] == "AWS::Logs::LogGroup")
    template["Resources"][logical_id]["Properties"]["Colour"] = "red"
    [finding] = linter.lint(template)
    assert finding.startswith(f"E3002 at Resources/{logical_id}/Properties/Colour: ")


def test_no_policy_names_all_resources_but_for_calls_that_know_no_narrower_one(variant: Variant) -> None:
    in_vpc = bool(variant.of_type("AWS::EC2::VPC"))
    functions = variant.of_type("AWS::Lambda::Function").values()
    function_in_vpc = any("VpcConfig" in body["Properties"] for body in functions)
    allowed = (UNSCOPED if in_vpc else set()) | (FUNCTION_IN_VPC if function_in_vpc else set())
    assert variant.unscoped_actions() <= allowed


@pytest.mark.parametrize("scenario", scenarios.NAMES)
def test_the_state_to_start_with_is_that_of_the_context_for_the_scenarios_own_application(scenario: str) -> None:
    chosen = {f"{scenario}.restore": "snapshot:good-1", f"{scenario}.allow-non-restored-state": "true"}
    variant = make({"scenario": scenario, **chosen, f"{scenario}.stable-for-seconds": "0"})
    named = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": "good-1"}
    assert variant.application()["Properties"]["RunConfiguration"] == {
        "ApplicationRestoreConfiguration": named,
        "FlinkRunConfiguration": {"AllowNonRestoredState": True},
    }
    for logical_id, other in variant.of_type(APPLICATION).items():
        restore = other["Properties"]["RunConfiguration"]["ApplicationRestoreConfiguration"]
        # A snapshot belongs to one application.
        assert logical_id.startswith("Flink") == (restore == named)
    functions = variant.of_type("AWS::Lambda::Function").values()
    variables = [one["Properties"].get("Environment", {}).get("Variables", {}) for one in functions]
    assert {one["STABLE_SECONDS"] for one in variables if "STABLE_SECONDS" in one} == {"0"}


def test_every_application_says_what_an_update_restores_and_goes_back_where_it_fails(variant: Variant) -> None:
    for application in variant.of_type(APPLICATION).values():
        run = application["Properties"]["RunConfiguration"]
        assert run["ApplicationRestoreConfiguration"]["ApplicationRestoreType"]
        assert run["FlinkRunConfiguration"] == {"AllowNonRestoredState": False}
        rollback = application["Properties"]["ApplicationConfiguration"]["ApplicationSystemRollbackConfiguration"]
        assert rollback == {"RollbackEnabled": True}


@pytest.mark.parametrize("scenario", scenarios.NAMES)
def test_scheduled_snapshots_are_those_of_the_context_and_their_failures_raise_an_alarm(scenario: str) -> None:
    asked = {"snapshot-hours": "6", "snapshots-kept": "4", "snapshot-days": "2"}
    variant = make({"scenario": scenario, **{f"{scenario}.{key}": value for key, value in asked.items()}})
    [schedule] = variant.of_type("AWS::Scheduler::Schedule").values()
    assert schedule["Properties"]["ScheduleExpression"] == "rate(6 hours)"
    functions = variant.of_type("AWS::Lambda::Function").values()
    [variables] = [
        found["Environment"]["Variables"]
        for found in (one["Properties"] for one in functions)
        if "KEEP" in found.get("Environment", {}).get("Variables", {})
    ]
    assert (variables["KEEP"], variables["MAX_AGE_SECONDS"]) == ("4", "172800")
    [name] = [name for name in variant.of_type(APPLICATION) if name.startswith("Flink")]
    assert variables["APPLICATION_NAME"] == {"Ref": name}
    assert [one for one in variant.of_type("AWS::CloudWatch::Alarm") if "ScheduledSnapshots" in one]


def test_enhanced_snapshots_are_those_of_the_context_and_are_not_scheduled() -> None:
    enhanced = {"scenario": "lottery", "lottery.enhanced-snapshots": "true"}
    configuration = make(enhanced).application()["Properties"]["ApplicationConfiguration"]
    assert configuration["ApplicationSnapshotConfiguration"]["SnapshotMode"] == "ENHANCED_SNAPSHOTS"
    with pytest.raises(ContextError, match=r"snapshot-hours must be 0 where enhanced-snapshots is true \(got 6\)"):
        make({**enhanced, "lottery.snapshot-hours": "6"})


def test_scheduled_snapshots_without_snapshots_are_refused_in_one_line() -> None:
    with pytest.raises(ContextError) as refused:
        make({"scenario": "lottery", "lottery.snapshot-hours": "6", "lottery.snapshots": "false"})
    assert str(refused.value).startswith("lottery.snapshot-hours must be 0 where snapshots is false (got 6); ")
    assert "\n" not in str(refused.value)


# What would fail or be in the way in an account.


def test_a_failed_creation_leaves_nothing_behind(variant: Variant) -> None:
    kept = {name for name, body in variant.resources.items() if body.get("DeletionPolicy") == "Retain"}
    assert kept == set()
    protected = {name for name, body in variant.resources.items() if _is_protected(body.get("Properties", {}))}
    assert protected == set()


def _is_protected(properties: Mapping[str, Any]) -> bool:
    return properties.get("DeletionProtection", "INACTIVE") not in ("INACTIVE", False)


def test_nothing_that_stays_has_a_name_that_a_later_stack_wants(variant: Variant) -> None:
    wanted = {
        f"{logical_id}.{name}"
        for logical_id, body in variant.resources.items()
        if body.get("DeletionPolicy", "Delete") != "Delete"
        for name in _names_of(body["Type"]) & body.get("Properties", {}).keys()
        # One that names another resource, as a flow log does with its group, is no name of its own.
        if _refers_to(body["Properties"][name]) is None
        and "AWS::StackId" not in json.dumps(body["Properties"][name])
        and not _is_inside_another(body, variant)
    }
    assert wanted == set()


@cache
def _names_of(resource_type: str) -> frozenset[str]:
    """The properties that hold the name of a resource, which has to be new when it is made."""
    if resource_type.startswith(("Custom::", "AWS::CloudFormation::", "AWS::EC2::VPCEndpoint")):
        return frozenset()
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    fixed = {pointer.rpartition("/")[2] for pointer in schema.get("createOnlyProperties", [])}
    return frozenset(name for name in fixed if name.endswith(("Name", "Domain")))


def _is_inside_another(body: Mapping[str, Any], variant: Variant) -> bool:
    """Whether a resource is part of another one of the stack, in which alone its name has to be new."""
    parents = {"AWS::Logs::LogStream": "LogGroupName", "AWS::MSK::Topic": "ClusterArn"}
    reference = body["Properties"].get(parents.get(body["Type"]), {})
    return _refers_to(reference) in variant.resources


def _refers_to(value: Any) -> str | None:
    """The resource that a value names."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return name
    return None


def test_the_kind_of_name_that_is_looked_for_is_found() -> None:
    assert _names_of("AWS::MSK::Cluster") == {"ClusterName"}
    assert _names_of("AWS::MSK::Configuration") == {"Name"}
    assert _names_of("AWS::SecretsManager::Secret") == {"Name"}
    assert _names_of("AWS::Kinesis::Stream") == {"Name"}
    assert _names_of("AWS::Cognito::UserPoolDomain") >= {"Domain"}


def test_no_permission_and_no_trust_is_for_one_partition_alone(variant: Variant) -> None:
    policies = [
        body
        for body in variant.resources.values()
        if body["Type"].startswith("AWS::IAM::") or body["Type"] in ("AWS::S3::BucketPolicy", "AWS::KMS::Key")
    ]
    assert "arn:aws:" not in json.dumps(policies)


def test_every_application_may_look_its_log_group_up_and_read_the_code_of_its_earlier_versions(
    variant: Variant,
) -> None:
    for application in variant.of_type(APPLICATION).values():
        role = application["Properties"]["ServiceExecutionRole"]["Fn::GetAtt"][0]
        granted = permissions(variant.template, of=role)
        assert any("logs:DescribeLogGroups" in actions for actions, _ in granted)
        [code] = [resources for actions, resources in granted if actions == ["s3:GetObject", "s3:GetObjectVersion"]]
        assert f"/{variant.stack.stack_name}/*." in json.dumps(code)


def test_every_application_is_stopped_before_it_is_deleted(variant: Variant) -> None:
    stopped = {body["Properties"]["ApplicationName"]["Ref"] for body in variant.of_type(LIFECYCLE).values()}
    assert stopped == variant.of_type(APPLICATION).keys()
