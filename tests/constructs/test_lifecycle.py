"""The lifecycle construct: what it puts into the template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as flink
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Match, Template
from cdk_nag import AwsSolutionsChecks

from flink_constructs.application_restore import Restore
from flink_constructs.lifecycle import APPLICATION_ACTIONS, SNAPSHOT_ACTIONS, START_ACTIONS, ApplicationLifecycle
from flink_constructs.validation import InvalidArgumentError

CUSTOM = "Custom::FlinkApplicationLifecycle"
BEFORE = "Custom::FlinkApplicationBeforeUpdate"


class Sample:
    """A stack with an application, its log group, and its lifecycle."""

    def __init__(self, value: str = "10", *, runtime: str = "FLINK-1_20", **arguments: Any) -> None:
        self.app = App()
        self.stack = Stack(self.app, "Sample")
        self.role = iam.Role(self.stack, "Role", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
        self.log_group = logs.LogGroup(self.stack, "ApplicationLogs")
        group = flink.CfnApplication.PropertyGroupProperty(
            property_group_id="DataGen",
            property_map={"secret": value, "role": f"{self.role.role_arn}/suffix"},
        )
        self.application = flink.CfnApplication(
            self.stack,
            "Application",
            runtime_environment=runtime,
            service_execution_role=self.role.role_arn,
            application_configuration=flink.CfnApplication.ApplicationConfigurationProperty(
                environment_properties=flink.CfnApplication.EnvironmentPropertiesProperty(property_groups=[group])
            ),
        )
        self.lifecycle = ApplicationLifecycle(
            self.stack,
            "Lifecycle",
            application=self.application,
            log_group=self.log_group,
            **{"log_stream_name": "application", **arguments},
        )

    def template(self) -> dict[str, Any]:
        return cast(dict[str, Any], Template.from_stack(self.stack).to_json())


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample()


@pytest.fixture(scope="module")
def template(sample: Sample) -> Template:
    return Template.from_stack(sample.stack)


def only(template: dict[str, Any], resource_type: str) -> dict[str, Any]:
    (found,) = [one for one in template["Resources"].values() if one["Type"] == resource_type]
    return cast(dict[str, Any], found)


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    policies = [one for one in template["Resources"].values() if one["Type"] == "AWS::IAM::Policy"]
    return [statement for policy in policies for statement in policy["Properties"]["PolicyDocument"]["Statement"]]


def test_it_adds_one_custom_resource_and_its_provider(template: Template) -> None:
    template.resource_count_is(CUSTOM, 1)
    template.resource_count_is(BEFORE, 1)
    template.resource_count_is("AWS::Lambda::Function", 5)
    template.resource_count_is("AWS::StepFunctions::StateMachine", 1)
    template.resource_count_is("AWS::IAM::Role", 1 + 5)
    template.resource_count_is("AWS::IAM::Policy", 7)
    template.resource_count_is("AWS::Logs::LogGroup", 1 + 1)
    template.resource_count_is("Custom::LogRetention", 0)


def test_it_comes_after_the_application_and_its_own_permissions(sample: Sample) -> None:
    template = sample.template()
    resource = only(template, CUSTOM)
    needed = [template["Resources"][name] for name in resource["DependsOn"]]
    assert "kinesisanalytics:StartApplication" in json.dumps(needed)
    assert resource["Properties"]["ApplicationName"] == sample.stack.resolve(sample.application.ref)


def test_the_application_comes_after_what_readies_it_for_an_update(sample: Sample) -> None:
    template = sample.template()
    application = only(template, "AWS::KinesisAnalyticsV2::Application")
    [name] = [one for one in application["DependsOn"] if "BeforeUpdate" in one]
    resource = template["Resources"][name]
    assert resource["Type"] == BEFORE
    assert resource["Properties"]["ApplicationLogicalId"] == sample.stack.resolve(sample.application.logical_id)
    needed = [template["Resources"][name] for name in resource["DependsOn"]]
    assert "cloudformation:DescribeStackResource" in json.dumps(needed)


def test_it_may_ask_about_its_own_stack_only(sample: Sample) -> None:
    [own] = [one for one in statements(sample.template()) if "cloudformation:DescribeStacks" in one["Action"]]
    assert own["Resource"] == {"Ref": "AWS::StackId"}


@pytest.mark.parametrize(
    ("restore", "expected"),
    [
        (None, {"RestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"}),
        (Restore.none(), {"RestoreType": "SKIP_RESTORE_FROM_SNAPSHOT"}),
        (Restore.snapshot("good-1"), {"RestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": "good-1"}),
    ],
)
@pytest.mark.parametrize("resource_type", [CUSTOM, BEFORE])
def test_both_resources_know_the_state_that_is_wanted(
    resource_type: str, restore: Restore | None, expected: dict[str, str]
) -> None:
    properties = only(Sample(restore=restore).template(), resource_type)["Properties"]
    assert {key: properties[key] for key in ("RestoreType", "SnapshotName") if key in properties} == expected


@pytest.mark.parametrize("allowed", [False, True])
def test_state_without_a_place_is_allowed_only_when_asked_for(allowed: bool) -> None:
    properties = only(Sample(allow_non_restored_state=allowed).template(), CUSTOM)["Properties"]
    assert properties["AllowNonRestoredState"] is allowed


def test_what_the_application_needs_at_its_start_can_be_made_to_exist_first() -> None:
    sample = Sample()
    policy = iam.Policy(
        sample.stack,
        "Needed",
        roles=[sample.role],
        statements=[iam.PolicyStatement(actions=["kinesis:PutRecords"], resources=["arn:aws:kinesis:::stream/a"])],
    )
    sample.lifecycle.starts_after(policy)
    resource = policy.node.default_child
    assert isinstance(resource, iam.CfnPolicy)
    needed = sample.stack.resolve(resource.logical_id)
    assert needed in only(sample.template(), CUSTOM)["DependsOn"]


def test_the_handler_may_do_its_work_on_this_application_and_log_stream_only(sample: Sample) -> None:
    found = statements(sample.template())
    (application,) = [one for one in found if "kinesisanalytics:StartApplication" in one["Action"]]
    assert set(application["Action"]) == {*APPLICATION_ACTIONS, *START_ACTIONS, *SNAPSHOT_ACTIONS}
    parts = application["Resource"]["Fn::Join"][1]
    assert parts[-2:] == [":application/", sample.stack.resolve(sample.application.ref)]
    (log,) = [one for one in found if one["Action"] == "logs:GetLogEvents"]
    parts = log["Resource"]["Fn::Join"][1]
    assert parts[-2:] == [sample.stack.resolve(sample.log_group.log_group_name), ":log-stream:application"]


@pytest.mark.parametrize("snapshots", [True, False])
def test_of_an_application_that_it_only_stops_the_handler_may_ask_less(snapshots: bool) -> None:
    found = statements(Sample(start=False, snapshots=snapshots).template())
    (application,) = [one for one in found if "kinesisanalytics:StopApplication" in one["Action"]]
    assert set(application["Action"]) == {*APPLICATION_ACTIONS, *(SNAPSHOT_ACTIONS if snapshots else ())}
    assert not any(one["Action"] == "logs:GetLogEvents" for one in found)


def test_no_statement_is_about_all_resources_or_all_actions(sample: Sample) -> None:
    for statement in statements(sample.template()):
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert "*" not in resources
        assert not any("*" in action for action in actions)
        # The only wildcard is the provider framework's own: the versions of one function.
        if any("*" in json.dumps(resource) for resource in resources):
            assert actions == ["lambda:InvokeFunction"]


def test_no_role_has_a_managed_policy(template: Template) -> None:
    assert not template.find_resources("AWS::IAM::Role", {"Properties": {"ManagedPolicyArns": Match.any_value()}})


def test_cdk_nag_has_no_unexplained_finding(sample: Sample) -> None:
    report = AwsSolutionsChecks(sample.app).validate_scope(sample.app)
    assert [(one.rule_name, one.violating_resources) for one in report.violations] == []


def test_every_function_logs_into_the_one_group_with_a_retention() -> None:
    sample = Sample(log_retention=logs.RetentionDays.ONE_WEEK)
    template = Template.from_stack(sample.stack)
    template.has_resource_properties("AWS::Logs::LogGroup", {"RetentionInDays": 7})
    group = sample.stack.resolve(sample.lifecycle.log_group.log_group_name)
    template.all_resources_properties("AWS::Lambda::Function", {"LoggingConfig": {"LogGroup": group}})


def test_the_framework_does_not_log_requests(template: Template) -> None:
    framework = template.find_resources(
        "AWS::Lambda::Function",
        {"Properties": {"LoggingConfig": {"ApplicationLogLevel": "FATAL", "LogFormat": "JSON"}}},
    )
    assert len(framework) == 3


def test_the_functions_hold_the_handler_and_nothing_else() -> None:
    sample = Sample()
    assembly = sample.app.synth()
    template = sample.template()
    hashes = {
        one["Properties"]["Code"]["S3Key"].removesuffix(".zip")
        for one in template["Resources"].values()
        if one["Type"] == "AWS::Lambda::Function" and one["Properties"]["Runtime"].startswith("python")
    }
    (asset_hash,) = hashes
    folder = Path(assembly.directory) / f"asset.{asset_hash}"
    files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    assert files == [
        f"lifecycle_handler/{name}.py"
        for name in ("application", "before_update", "index", "retention", "root_cause", "scheduled", "stability")
    ]


@pytest.mark.parametrize(
    ("timeout", "handler", "polls", "service"),
    [(None, "1200", 100, "1800"), (Duration.minutes(5), "300", 40, "900"), (Duration.minutes(50), "3000", 220, "3600")],
)
def test_the_handler_gives_up_before_the_framework_and_that_before_cloudformation(
    timeout: Duration | None, handler: str, polls: int, service: str
) -> None:
    template = Template.from_stack(Sample(timeout=timeout).stack)
    template.has_resource_properties(
        "AWS::Lambda::Function",
        {
            "Environment": {"Variables": Match.object_like({"TIMEOUT_SECONDS": handler, "STABLE_SECONDS": "60"})},
            "Timeout": 120,
        },
    )
    (machine,) = template.find_resources("AWS::StepFunctions::StateMachine").values()
    assert f'"MaxAttempts":{polls},' in machine["Properties"]["DefinitionString"]["Fn::Join"][1][0]
    template.has_resource_properties(CUSTOM, {"ServiceTimeout": service})


@pytest.mark.parametrize("changed", [{"value": "11"}, {"runtime": "FLINK-1_19"}])
def test_the_resource_changes_with_the_configuration(sample: Sample, changed: dict[str, str]) -> None:
    before, after = (only(one.template(), CUSTOM)["Properties"] for one in (sample, Sample(**changed)))
    assert before["ConfigurationDigest"] != after["ConfigurationDigest"]
    assert before["ConfigurationReferences"] == after["ConfigurationReferences"]


def test_the_resource_stays_the_same_without_a_change(sample: Sample) -> None:
    assert only(sample.template(), CUSTOM) == only(Sample().template(), CUSTOM)


def test_a_change_made_after_the_construct_counts(sample: Sample) -> None:
    late = Sample()
    late.application.runtime_environment = "FLINK-1_19"
    before, after = (only(one.template(), CUSTOM)["Properties"] for one in (sample, late))
    assert before["ConfigurationDigest"] != after["ConfigurationDigest"]


def test_references_are_passed_on_and_texts_are_not() -> None:
    sample = Sample("a-secret-value")
    properties = only(sample.template(), CUSTOM)["Properties"]
    assert properties["ConfigurationReferences"] == [sample.stack.resolve(sample.role.role_arn)]
    assert "a-secret-value" not in json.dumps(properties)
    assert "suffix" not in json.dumps(properties)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timeout": Duration.minutes(4)}, r"timeout must be from 5 minutes to 50 minutes \(got '4 minutes'\)"),
        ({"timeout": Duration.minutes(51)}, "timeout must be from 5 minutes"),
        ({"stable_for": Duration.minutes(11)}, r"stable_for must be from 0 seconds to 10 minutes \(got '11 minutes'\)"),
        (
            {"timeout": Duration.minutes(6), "stable_for": Duration.minutes(4)},
            "stable_for must be from 0 seconds to 3 minutes",
        ),
        ({"log_stream_name": ""}, "log_stream_name must have 1 to 512 characters"),
        ({"log_stream_name": "*"}, "log_stream_name must have 1 to 512 characters"),
    ],
)
def test_an_argument_that_breaks_its_rule_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        Sample(**arguments)
