"""What is asked of each variant of each stack: the whole template as a snapshot, and what checkers say of it."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from stacks.registry import SCENARIOS
from tests.constructs.checks import findings, lint
from tests.stacks import test_data_generator_stack as data_generator
from tests.stacks import test_lottery_stack as lottery
from tests.stacks import test_prometheus_metrics_stack as prometheus_metrics
from tests.stacks import test_streaming_etl_stack as streaming_etl
from tests.stacks import test_taxi_analytics_stack as taxi_analytics
from tests.stacks.snapshots import without_hashes
from tests.stacks.variants import FUNCTION_IN_VPC, UNSCOPED, Variant, make

VARIANTS = {
    "data-generator": data_generator.VARIANTS,
    "lottery": lottery.VARIANTS,
    "prometheus-metrics": prometheus_metrics.VARIANTS,
    "streaming-etl": streaming_etl.VARIANTS,
    "taxi-analytics": taxi_analytics.VARIANTS,
}
EACH = [
    pytest.param({"scenario": scenario, **context}, id=f"{scenario}-{name}")
    for scenario, variants in VARIANTS.items()
    for name, context in variants.items()
]


@pytest.fixture(params=EACH)
def variant(request: pytest.FixtureRequest) -> Variant:
    return make(request.param)


def test_every_scenario_has_its_variants_here() -> None:
    assert set(VARIANTS) == set(SCENARIOS)


def test_the_whole_template_is_as_it_was(variant: Variant, snapshot: SnapshotAssertion) -> None:
    assert without_hashes(variant.template.to_json()) == snapshot(extension_class=JSONSnapshotExtension)


def test_cdk_nag_finds_nothing_that_has_no_reason(variant: Variant) -> None:
    assert findings(variant.stack) == []


def test_cfn_lint_finds_nothing(variant: Variant) -> None:
    assert lint(variant.template) == []


def test_no_policy_names_all_resources_but_for_calls_that_know_no_narrower_one(variant: Variant) -> None:
    in_vpc = bool(variant.of_type("AWS::EC2::VPC"))
    functions = variant.of_type("AWS::Lambda::Function").values()
    function_in_vpc = any("VpcConfig" in body["Properties"] for body in functions)
    allowed = (UNSCOPED if in_vpc else set()) | (FUNCTION_IN_VPC if function_in_vpc else set())
    assert variant.unscoped_actions() <= allowed
