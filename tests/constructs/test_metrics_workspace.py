from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml
from aws_cdk import Environment, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from flink_constructs.metrics_workspace import MetricsWorkspace
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions

WORKSPACE = "AWS::APS::Workspace"
RULES = "AWS::APS::RuleGroupsNamespace"
LOGS = "AWS::Logs::LogGroup"
RECORDING = {"record": "workspace:CPU:avg", "expr": "avg(CPU)"}
ALERT = {
    "alert": "CPUHigh",
    "expr": "workspace:CPU:avg > 0.9",
    "for": "10m",
    "labels": {"severity": "warning"},
    "annotations": {"summary": "above 90 %"},
}


def checked(stack: Stack) -> Template:
    template = Template.from_stack(stack)
    assert findings(stack) == []
    assert lint(template) == []
    return template


def built(env: Environment | None = AGNOSTIC, *, own_key: bool = False, **arguments: Any) -> Template:
    stack = new_stack(env)
    key = kms.Key(stack, "Key", enable_key_rotation=True) if own_key else None
    MetricsWorkspace(stack, "Metrics", encryption_key=key, **arguments)
    return checked(stack)


def granted(*, write: bool = False, query: bool = False) -> Template:
    stack = new_stack()
    workspace = MetricsWorkspace(stack, "Metrics")
    role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    if write:
        workspace.grant_remote_write(role).assert_success()
    if query:
        workspace.grant_query(role).assert_success()
    return checked(stack)


def group(*rules: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "instances", "interval": "1m", "rules": list(rules or [RECORDING]), **more}


def ruled(groups: Sequence[Mapping[str, Any]], name: str = "job") -> Template:
    stack = new_stack()
    MetricsWorkspace(stack, "Metrics").add_rules("Rules", name, groups)
    return checked(stack)


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_a_workspace_logs_to_a_group_of_its_own(env: Environment | None) -> None:
    template = built(env)
    logging = only(template, WORKSPACE)["Properties"]["LoggingConfiguration"]
    assert logging == {"LogGroupArn": {"Fn::GetAtt": [only(template, LOGS)["LogicalId"], "Arn"]}}


def test_the_log_groups_name_has_the_prefix_that_takes_no_policy_of_its_own() -> None:
    beginning, _ = only(built(), LOGS)["Properties"]["LogGroupName"]["Fn::Join"][1]
    assert beginning.startswith("/aws/vendedlogs/prometheus/Test-Metrics-")


def test_a_log_group_that_stayed_is_not_in_the_way_of_the_next_stack() -> None:
    _, unique = only(built(), LOGS)["Properties"]["LogGroupName"]["Fn::Join"][1]
    assert unique == {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}


def test_the_log_is_kept_for_a_month_or_as_long_as_one_says() -> None:
    assert only(built(), LOGS)["Properties"]["RetentionInDays"] == 30
    week = built(log_retention=logs.RetentionDays.ONE_WEEK)
    assert only(week, LOGS)["Properties"]["RetentionInDays"] == 7


@pytest.mark.parametrize("kind", [WORKSPACE, LOGS])
def test_samples_and_log_stay_unless_asked_otherwise(kind: str) -> None:
    assert only(built(), kind)["DeletionPolicy"] == "RetainExceptOnCreate"
    assert only(built(removal_policy=RemovalPolicy.DESTROY), kind)["DeletionPolicy"] == "Delete"


def test_a_workspace_has_the_alias_that_it_is_given() -> None:
    assert only(built(alias="metrics"), WORKSPACE)["Properties"]["Alias"] == "metrics"
    assert "Alias" not in only(built(), WORKSPACE)["Properties"]


def test_a_key_of_the_customers_own_encrypts_the_samples() -> None:
    template = built(own_key=True)
    key = only(template, "AWS::KMS::Key")["LogicalId"]
    assert only(template, WORKSPACE)["Properties"]["KmsKeyArn"] == {"Fn::GetAtt": [key, "Arn"]}


def test_the_addresses_are_the_endpoint_and_a_path() -> None:
    stack = new_stack()
    workspace = MetricsWorkspace(stack, "Metrics")
    endpoint = stack.resolve(workspace.endpoint)
    assert endpoint["Fn::GetAtt"][1] == "PrometheusEndpoint"
    assert stack.resolve(workspace.remote_write_url) == {"Fn::Join": ["", [endpoint, "api/v1/remote_write"]]}
    assert stack.resolve(workspace.query_url) == {"Fn::Join": ["", [endpoint, "api/v1/query"]]}


def test_who_writes_may_write_to_this_workspace_and_nothing_else() -> None:
    template = granted(write=True)
    arn = {"Fn::GetAtt": [only(template, WORKSPACE)["LogicalId"], "Arn"]}
    assert permissions(template, of="Job") == [(["aps:RemoteWrite"], [arn])]


def test_who_queries_may_read_this_workspace_and_nothing_else() -> None:
    template = granted(query=True)
    arn = {"Fn::GetAtt": [only(template, WORKSPACE)["LogicalId"], "Arn"]}
    actions = ["aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics"]
    assert permissions(template, of="Job") == [(actions, [arn])]


def test_rules_are_a_rules_file_in_the_workspace() -> None:
    groups = [group(RECORDING, ALERT, limit=10), {"name": "other", "rules": [RECORDING]}]
    template = ruled(groups)
    rules = only(template, RULES)["Properties"]
    assert rules["Name"] == "job"
    assert rules["Workspace"] == {"Fn::GetAtt": [only(template, WORKSPACE)["LogicalId"], "Arn"]}
    assert yaml.safe_load(rules["Data"]) == {"groups": groups}


def test_rules_keep_the_order_in_which_they_are_evaluated() -> None:
    data = only(ruled([group(ALERT, RECORDING)]), RULES)["Properties"]["Data"]
    assert data.index("CPUHigh") < data.index("avg(CPU)")


def test_a_rules_file_may_be_made_of_tuples() -> None:
    data = only(ruled(({"name": "instances", "rules": (RECORDING,)},)), RULES)["Properties"]["Data"]
    assert yaml.safe_load(data) == {"groups": [{"name": "instances", "rules": [RECORDING]}]}


@pytest.mark.parametrize(
    "rule",
    [
        ALERT | {"for": "0s"},
        ALERT | {"keep_firing_for": "1h30m"},
        {"alert": "Any", "expr": "vector(1)"},
        RECORDING | {"labels": {"source": "job"}},
    ],
)
def test_what_prometheus_takes_is_taken(rule: dict[str, Any]) -> None:
    assert yaml.safe_load(only(ruled([group(rule)]), RULES)["Properties"]["Data"])["groups"][0]["rules"] == [rule]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([], "groups must hold at least one group"),
        ([{"rules": [RECORDING]}], r"groups\[0\] must have name"),
        ([{"name": "instances"}], r"groups\[0\] must have rules"),
        ([group(name=" ")], r"groups\[0\]\['name'\] must be a text that is not empty \(got ' '\)"),
        ([group(), group()], r"groups\[1\]\['name'\] must be new in its namespace \(got 'instances'\)"),
        ([group(every="1m")], r"a key of groups\[0\] must be one of name, interval, limit, rules \(got 'every'\)"),
        ([group(interval="0s")], r"groups\['instances'\]\['interval'\] must be a duration such as .* \(got '0s'\)"),
        ([group(interval="a minute")], "must be a duration such as"),
        ([group(interval=60)], r"must be a duration such as .* \(got 60\); write it as a text"),
        ([group(interval="")], "must be a duration such as"),
        ([group(limit=-1)], r"\['limit'\] must be an integer from 0"),
        ([group(rules=[])], r"groups\['instances'\]\['rules'\] must hold at least one rule"),
        ([group({"expr": "avg(CPU)"})], r"\['rules'\]\[0\] must have either record or alert \(got \['expr'\]\)"),
        ([group(RECORDING, RECORDING | ALERT)], r"\['rules'\]\[1\] must have either record or alert"),
        ([group({"record": "workspace:CPU:avg"})], "must have expr"),
        ([group(RECORDING | {"expr": " "})], r"\['expr'\] must be a text that is not empty \(got ' '\)"),
        ([group(RECORDING | {"record": "CPU average"})], r"must be a metric's name .* \(got 'CPU average'\)"),
        ([group(RECORDING | {"record": 1})], r"\['record'\] must be a text that is not empty \(got 1\)"),
        ([group(RECORDING | {"for": "5m"})], r"must be one of record, expr, labels \(got 'for'\)"),
        ([group(RECORDING | {"labels": {"a-b": "c"}})], r"a key of .*\['labels'\] must have letters"),
        ([group(ALERT | {"alert": ""})], r"\['alert'\] must be a text that is not empty"),
        ([group(ALERT | {"for": "soon"})], r"\['for'\] must be a duration such as"),
        ([group(ALERT | {"severity": "high"})], r"must be one of alert, expr, for, .* \(got 'severity'\)"),
        ([group(ALERT | {"labels": {"level": 1}})], r"\['labels'\]\['level'\] must be a text \(got 1\)"),
    ],
)
def test_rules_that_prometheus_would_refuse_are_refused(groups: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        ruled(groups)


@pytest.mark.parametrize("name", ["", "-job", "a job", "a" * 65])
def test_a_namespace_that_the_service_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="name must have 1 to 64 letters"):
        ruled([group()], name)


@pytest.mark.parametrize("alias", ["", "a" * 101])
def test_an_alias_that_the_service_would_refuse_is_refused(alias: str) -> None:
    with pytest.raises(InvalidArgumentError, match="alias must have 1 to 100 characters"):
        built(alias=alias)
