"""What is asked of each variant of each stack: what checkers say of it, what it has, and of some the whole template."""

from __future__ import annotations

import json

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

import scenarios
from stacks.config import ContextError
from tests.constructs.checks import findings
from tests.stacks.distinct import DistinctLinter
from tests.stacks.snapshots import TextSnapshotExtension, by_variants, without_hashes
from tests.stacks.variants import APPLICATION, FUNCTION_IN_VPC, UNSCOPED, Variant, make, of, variants, whole

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


@pytest.mark.parametrize("scenario", scenarios.NAMES)
def test_the_whole_templates_have_every_kind_of_resource(scenario: str) -> None:
    kinds = {name: set(of(scenario, name).types.values()) for name in variants(scenario)}
    assert set.union(*(kinds[name] for name in whole(scenario))) == set.union(*kinds.values())


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
