"""The stack of the Prometheus metrics: what it is meant to say."""

from __future__ import annotations

import json

import pytest

from dashboards.prometheus_rules import RULES
from flink_apps.prometheus_metrics import settings
from flink_apps.prometheus_metrics.metrics import REQUESTS_FAILED, SAMPLES_DROPPED, SAMPLES_PERHAPS_STORED
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import permissions
from tests.stacks.prometheus_metrics_variants import TOPIC_ARN, VARIANTS
from tests.stacks.variants import LIFECYCLE, Variant, make, resolved

WORKSPACE, RULE_GROUPS = "AWS::APS::Workspace", "AWS::APS::RuleGroupsNamespace"

IN_VPC = ["own-vpc", "own-vpc-with-nat"]
WRITE_URL = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"


def variant(name: str) -> Variant:
    return make({"scenario": "prometheus-metrics", **VARIANTS[name]})


def read_by_the_job(name: str) -> settings.Settings:
    texts = {settings.WORKSPACE.region.name: "eu-west-1", settings.WORKSPACE.write_url.name: WRITE_URL}
    return settings.Settings.from_property_groups(resolved(variant(name).property_groups(), texts))


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_understands_what_the_stack_tells_it(name: str) -> None:
    configuration = variant(name).application()["Properties"]["ApplicationConfiguration"]
    parallelism = configuration["FlinkApplicationConfiguration"]["ParallelismConfiguration"]["Parallelism"]
    assert read_by_the_job(name).at(parallelism).generators == parallelism


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_is_told_every_property_and_nothing_else(name: str) -> None:
    groups = variant(name).property_groups()
    del groups[RUN_OPTIONS_GROUP]
    told = {f"{group}/{key}" for group, keys in groups.items() for key in keys}
    assert told == {option.name for option in settings.OPTIONS}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_writes_to_the_stacks_workspace_and_may_do_nothing_else_with_it(name: str) -> None:
    found = variant(name)
    [workspace] = found.of_type(WORKSPACE)
    allowed = [
        (action, resource)
        for actions, resources in permissions(found.template, of=found.application_role())
        for action in actions
        if action.startswith("aps:")
        for resource in resources
    ]
    assert allowed == [("aps:RemoteWrite", {"Fn::GetAtt": [workspace, "Arn"]})]
    url = found.property_groups()[settings.GROUP][settings.WORKSPACE.write_url.key]
    assert url["Fn::Join"][1] == [{"Fn::GetAtt": [workspace, "PrometheusEndpoint"]}, "api/v1/remote_write"]


@pytest.mark.parametrize("name", VARIANTS)
def test_each_output_says_what_it_is(name: str) -> None:
    outputs = variant(name).template.to_json()["Outputs"]
    assert set(outputs) == {"ApplicationName", "LogGroupName", "DashboardUrl", "WorkspaceId", "QueryUrl"}
    assert all(output["Description"] for output in outputs.values())


def test_what_the_context_says_of_the_load_reaches_the_job() -> None:
    job = read_by_the_job("more-load")
    assert (job.sources, job.pause_millis, job.min_samples, job.max_samples) == (1000, 10, 50, 100)
    assert (job.sink_parallelism_divisor, job.workspace.max_retries) == (2, 20)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"auto-scaling": "true"}, "auto-scaling must be false: the service would choose a parallelism"),
        ({"parallelism": "7"}, "sources must be a multiple of the parallelism, 7 (got 60)"),
        ({"min-samples": "11"}, "max-samples must be at least min-samples, 11 (got 10)"),
        ({"pause-millis": "1", "max-samples": "121"}, "max-samples must be at most 120, the milliseconds until a"),
        ({"sink-parallelism-divisor": "2"}, "sink-parallelism-divisor must be at most the parallelism, 1 (got 2)"),
        ({"nat-gateways": "1"}, "nat-gateways must be 0 where there is no VPC"),
        ({"pause-millis": "-5"}, "pause-millis must be an integer from 1 to 3600000 (got '-5')"),
        ({"sources": "sixty"}, "sources must be an integer from 1 to 1000000 (got 'sixty')"),
        ({"workspace-alias": ""}, "workspace-alias must have a length of at least 1 (got '')"),
        ({"workspace-alias": "x" * 101}, "workspace-alias must have a length of at most 100"),
        ({"source": "60"}, "source must be a known context key (got '60'); did you mean sources?"),
    ],
)
def test_a_wrong_context_is_told_in_one_line(context: dict[str, str], message: str) -> None:
    keys = {f"prometheus-metrics.{key}": value for key, value in context.items()}
    with pytest.raises(InvalidArgumentError) as caught:
        make({"scenario": "prometheus-metrics", **keys})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_workspace_evaluates_the_rules_unless_told_not_to() -> None:
    [namespace] = variant("default").of_type(RULE_GROUPS).values()
    assert all(str(group["name"]) in namespace["Properties"]["Data"] for group in RULES)
    assert variant("without-rules-under-a-name").of_type(RULE_GROUPS) == {}


def test_the_workspace_has_the_alias_that_the_context_says() -> None:
    [workspace] = variant("without-rules-under-a-name").of_type(WORKSPACE).values()
    assert workspace["Properties"]["Alias"] == "load test"


@pytest.mark.parametrize(("name", "policy"), [("default", "RetainExceptOnCreate"), ("not-started-and-gone", "Delete")])
def test_the_samples_stay_unless_told_not_to(name: str, policy: str) -> None:
    [workspace] = variant(name).of_type(WORKSPACE).values()
    assert workspace["DeletionPolicy"] == policy


@pytest.mark.parametrize("name", IN_VPC)
def test_an_endpoint_leads_from_the_vpc_to_the_workspace_and_the_start_waits_for_it(name: str) -> None:
    endpoints = variant(name).of_type("AWS::EC2::VPCEndpoint")
    assert ".aps-workspaces" in json.dumps([body["Properties"]["ServiceName"] for body in endpoints.values()])
    [lifecycle] = variant(name).of_type(LIFECYCLE).values()
    assert set(endpoints) <= set(lifecycle["DependsOn"])


def test_without_a_vpc_there_is_none() -> None:
    assert variant("default").of_type("AWS::EC2::VPC") == {}


@pytest.mark.parametrize("metric", [SAMPLES_DROPPED, SAMPLES_PERHAPS_STORED, REQUESTS_FAILED])
def test_an_alarm_tells_of_the_first_loss(metric: str) -> None:
    alarms = variant("alarms-to-a-topic").of_type("AWS::CloudWatch::Alarm").values()
    [found] = [body["Properties"] for body in alarms if f'"{metric}"' in json.dumps(body)]
    assert (found["Threshold"], found["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert found["AlarmActions"] == [TOPIC_ARN]
