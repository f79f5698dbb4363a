"""The Flink application: what it refuses, and what it puts into the template."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import CfnElement, CfnParameter, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template
from constructs import IConstruct

from flink_constructs.application import FlinkApplication, LogLevel, MetricsLevel
from flink_constructs.application_code import ApplicationCode
from flink_constructs.application_restore import Restore
from flink_constructs.bundle import RUN_OPTIONS, RUN_OPTIONS_GROUP, JobBundle
from flink_constructs.data_stream import DataStream
from flink_constructs.network import Network
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions
from tests.constructs.client_model import check, service_model
from tests.constructs.fake_bundle import new_bundle

APPLICATION = "AWS::KinesisAnalyticsV2::Application"
LOGGING_OPTION = "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption"
LIFECYCLE = "Custom::FlinkApplicationLifecycle"
GROUPS = {"DataGen": {"records.per.second": "10"}}
SERVICE = "kinesisanalytics.amazonaws.com"
INFRASTRUCTURE = "infrastructure.kinesisanalytics.amazonaws.com"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> JobBundle:
    return new_bundle(tmp_path_factory.mktemp("job"))


Make = Callable[..., FlinkApplication]


@pytest.fixture
def make(bundle: JobBundle) -> Make:
    """Makes an application, in a stack of its own unless told otherwise, and not started."""

    def application(stack: Stack | None = None, **arguments: Any) -> FlinkApplication:
        given = {"code": ApplicationCode.from_bundle(bundle), "property_groups": GROUPS, "start": False, **arguments}
        return FlinkApplication(stack or new_stack(), "Flink", **given)

    return application


def template_of(construct: IConstruct) -> Template:
    return Template.from_stack(Stack.of(construct))


def configuration(application: FlinkApplication) -> dict[str, Any]:
    resource = only(template_of(application), APPLICATION)
    result: dict[str, Any] = resource["Properties"]["ApplicationConfiguration"]
    return result


def flink(application: FlinkApplication) -> dict[str, Any]:
    result: dict[str, Any] = configuration(application)["FlinkApplicationConfiguration"]
    return result


def property_groups(application: FlinkApplication) -> dict[str, dict[str, Any]]:
    groups = configuration(application)["EnvironmentProperties"]["PropertyGroups"]
    return {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}


def logical_id(construct: IConstruct) -> str:
    element = construct if isinstance(construct, CfnElement) else construct.node.default_child
    assert isinstance(element, CfnElement)
    return str(Stack.of(construct).resolve(element.logical_id))


def arn(service: str, *resource: Any) -> dict[str, Any]:
    """An ARN of this account and Region as an environment-agnostic template has it."""
    account = [{"Ref": "AWS::Region"}, ":", {"Ref": "AWS::AccountId"}]
    first, *rest = resource
    return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":{service}:", *account, f":{first}", *rest]]}


APPLICATIONS = arn("kinesisanalytics", "application/*")


# What is refused: the table has an argument that is wrong and the message; what is right at the limits is below.


def message_of(name: str, rule: str, got: str, fix: str) -> str:
    return f"{name} must {rule} (got {got}); {fix}"


ONE_GROUP_TOO_MANY = {f"Group{number}": {"key": "value"} for number in range(50)}
ONE_PROPERTY_TOO_MANY = {f"key{number}": "value" for number in range(51)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"parallelism": 0},
            message_of("parallelism", "be an integer from 1 to 10000", "0", "1 is a good start"),
        ),
        (
            {"parallelism": 1.5},
            message_of("parallelism", "be an integer from 1 to 10000", "1.5", "1 is a good start"),
        ),
        (
            {"parallelism": True},
            message_of("parallelism", "be an integer from 1 to 10000", "True", "1 is a good start"),
        ),
        (
            {"parallelism_per_kpu": 0},
            message_of("parallelism_per_kpu", "be an integer from 1 to 8", "0", "the service's range is 1 to 8"),
        ),
        (
            {"parallelism_per_kpu": 9},
            message_of("parallelism_per_kpu", "be an integer from 1 to 8", "9", "the service's range is 1 to 8"),
        ),
        (
            {"max_kpus": 0},
            message_of("max_kpus", "be an integer from 1 to 10000", "0", "64 is the service's default"),
        ),
        (
            {"parallelism": 65},
            message_of(
                "parallelism",
                "fit into 64 KPUs of 1, that is 64 at most",
                "65",
                "lower it, raise parallelism_per_kpu, or have the quota raised and set max_kpus",
            ),
        ),
        (
            {"parallelism": 7, "parallelism_per_kpu": 2, "max_kpus": 3},
            message_of(
                "parallelism",
                "fit into 3 KPUs of 2, that is 6 at most",
                "7",
                "lower it, raise parallelism_per_kpu, or have the quota raised and set max_kpus",
            ),
        ),
        (
            {"checkpoint_interval": Duration.millis(999)},
            message_of("checkpoint_interval", "be from 1 second to 1 hour", "'999 millis'", "60 seconds suits"),
        ),
        (
            {"checkpoint_interval": Duration.seconds(0)},
            message_of("checkpoint_interval", "be from 1 second to 1 hour", "'0 seconds'", "60 seconds suits"),
        ),
        (
            {"checkpoint_interval": Duration.minutes(61)},
            message_of("checkpoint_interval", "be from 1 second to 1 hour", "'1 hour 1 minute'", "60 seconds suits"),
        ),
        (
            {"min_pause_between_checkpoints": Duration.hours(2)},
            message_of("min_pause_between_checkpoints", "be from 0 seconds to 1 hour", "'2 hours'", "5 seconds suits"),
        ),
        (
            {"property_groups": ONE_GROUP_TOO_MANY},
            message_of("property_groups", "hold at most 49 groups", "50", "merge some of them"),
        ),
        (
            {"property_groups": {"Data Gen": {"key": "value"}}},
            message_of(
                "property_groups id",
                "have 1 to 50 letters, digits, '_', '.' or '-'",
                "'Data Gen'",
                "rename the group",
            ),
        ),
        (
            {"property_groups": {"g" * 51: {"key": "value"}}},
            message_of(
                "property_groups id",
                "have 1 to 50 letters, digits, '_', '.' or '-'",
                f"'{'g' * 51}'",
                "rename the group",
            ),
        ),
        (
            {"property_groups": {"DataGen": {}}},
            message_of("property_groups['DataGen']", "hold 1 to 50 properties", "0", "leave an empty group out"),
        ),
        (
            {"property_groups": {"DataGen": ONE_PROPERTY_TOO_MANY}},
            message_of("property_groups['DataGen']", "hold 1 to 50 properties", "51", "leave an empty group out"),
        ),
        (
            {"property_groups": {"DataGen": {"": "value"}}},
            message_of(
                "the key of property_groups['DataGen']['']",
                "have 1 to 2,048 characters",
                "'0 characters'",
                "rename it",
            ),
        ),
        (
            {"property_groups": {"DataGen": {"key": ""}}},
            message_of(
                "property_groups['DataGen']['key']",
                "have 1 to 2,048 characters",
                "'0 characters'",
                "shorten it, or leave it out",
            ),
        ),
        (
            {"property_groups": {"DataGen": {"key": "v" * 2049}}},
            message_of(
                "property_groups['DataGen']['key']",
                "have 1 to 2,048 characters",
                "'2,049 characters'",
                "shorten it, or leave it out",
            ),
        ),
        (
            {"property_groups": {"DataGen": {"records.per.second": 10}}},
            message_of(
                "property_groups['DataGen']['records.per.second']",
                "be a text",
                "10",
                "write it as str(…)",
            ),
        ),
        (
            {"property_groups": {RUN_OPTIONS_GROUP: {"python": "mine.py"}}},
            message_of(
                "property_groups",
                f"leave {RUN_OPTIONS_GROUP} out",
                "{'python': 'mine.py'}",
                "it comes with the code of a Python job",
            ),
        ),
        (
            {"description": "d" * 1025},
            message_of("description", "have 0 to 1,024 characters", "'1,025 characters'", "shorten it"),
        ),
        (
            {"stable_for": Duration.minutes(11)},
            message_of(
                "stable_for",
                "be from 0 seconds to 10 minutes",
                "'11 minutes'",
                "a job that fails does so within a minute as a rule",
            ),
        ),
        (
            {"vpc_subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)},
            message_of("vpc_subnets", "come with vpc", "'no vpc'", "pass the VPC that they are in"),
        ),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_made(
    make: Make, arguments: dict[str, Any], message: str
) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}"):
        make(stack, **arguments)
    assert stack.node.children == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"parallelism": 64},
        {"parallelism": 512, "parallelism_per_kpu": 8},
        {"parallelism": 65, "max_kpus": 65},
        {"checkpoint_interval": Duration.seconds(1), "min_pause_between_checkpoints": Duration.seconds(0)},
        {"checkpoint_interval": Duration.hours(1), "min_pause_between_checkpoints": Duration.hours(1)},
        {"property_groups": {f"Group{number}": {"key": "value"} for number in range(49)}},
        {"property_groups": {"g" * 50: {"key": "v" * 2048}}},
        {"property_groups": {"DataGen": {f"key{number}": "value" for number in range(50)}}},
        {"property_groups": {}},
        {"description": "d" * 1024},
    ],
)
def test_what_is_just_right_is_taken(make: Make, arguments: dict[str, Any]) -> None:
    template = template_of(make(**arguments))
    template.resource_count_is(APPLICATION, 1)
    assert lint(template) == []


@pytest.mark.parametrize("name", ["parallelism", "parallelism_per_kpu"])
def test_a_number_that_is_known_only_at_deployment_passes(make: Make, name: str) -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Number", type="Number")
    application = make(stack, **{name: parameter.value_as_number})
    values = flink(application)["ParallelismConfiguration"].values()
    assert {"Ref": logical_id(parameter)} in list(values)


def test_a_property_that_is_known_only_at_deployment_passes(make: Make) -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Text")
    application = make(stack, property_groups={"DataGen": {"key": parameter.value_as_string}})
    assert property_groups(application)["DataGen"] == {"key": {"Ref": logical_id(parameter)}}


def test_an_interval_that_is_known_only_at_deployment_passes(make: Make) -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Milliseconds", type="Number")
    application = make(stack, checkpoint_interval=Duration.millis(parameter.value_as_number))
    checkpoints = flink(application)["CheckpointConfiguration"]
    assert checkpoints["CheckpointInterval"] == {"Ref": logical_id(parameter)}


def test_a_description_that_is_known_only_at_deployment_passes(make: Make) -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Text")
    template = template_of(make(stack, description=parameter.value_as_string))
    assert only(template, APPLICATION)["Properties"]["ApplicationDescription"] == {"Ref": logical_id(parameter)}


def test_a_quota_of_kpus_cannot_wait_for_the_deployment(make: Make) -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Number", type="Number")
    with pytest.raises(
        InvalidArgumentError, match=r"^max_kpus must be known at synthesis \(got .*\); write the quota$"
    ):
        make(stack, max_kpus=parameter.value_as_number)


# What the template says.


def test_by_default_an_application_checkpoints_every_minute_on_one_kpu_and_keeps_its_state(make: Make) -> None:
    application = make()
    properties = only(template_of(application), APPLICATION)["Properties"]
    assert properties["RuntimeEnvironment"] == "FLINK-1_20"
    assert "ApplicationDescription" not in properties
    assert configuration(application)["ApplicationSnapshotConfiguration"] == {"SnapshotsEnabled": True}
    assert configuration(application)["ApplicationSystemRollbackConfiguration"] == {"RollbackEnabled": True}
    assert flink(application) == {
        "CheckpointConfiguration": {
            "ConfigurationType": "CUSTOM",
            "CheckpointingEnabled": True,
            "CheckpointInterval": 60_000,
            "MinPauseBetweenCheckpoints": 5_000,
        },
        "MonitoringConfiguration": {
            "ConfigurationType": "CUSTOM",
            "LogLevel": "INFO",
            "MetricsLevel": "APPLICATION",
        },
        "ParallelismConfiguration": {
            "ConfigurationType": "CUSTOM",
            "AutoScalingEnabled": False,
            "Parallelism": 1,
            "ParallelismPerKPU": 1,
        },
    }
    assert "VpcConfigurations" not in configuration(application)
    assert "ApplicationEncryptionConfiguration" not in configuration(application)


def test_what_is_asked_for_is_in_the_template(make: Make) -> None:
    application = make(
        description="Prices",
        parallelism=6,
        parallelism_per_kpu=2,
        auto_scaling=True,
        checkpoint_interval=Duration.seconds(10),
        min_pause_between_checkpoints=Duration.seconds(1),
        snapshots=False,
        system_rollback=False,
        metrics_level=MetricsLevel.OPERATOR,
        log_level=LogLevel.WARN,
    )
    assert only(template_of(application), APPLICATION)["Properties"]["ApplicationDescription"] == "Prices"
    assert configuration(application)["ApplicationSnapshotConfiguration"] == {"SnapshotsEnabled": False}
    assert configuration(application)["ApplicationSystemRollbackConfiguration"] == {"RollbackEnabled": False}
    asked = flink(application)
    assert asked["CheckpointConfiguration"]["CheckpointInterval"] == 10_000
    assert asked["CheckpointConfiguration"]["MinPauseBetweenCheckpoints"] == 1_000
    assert asked["MonitoringConfiguration"]["LogLevel"] == "WARN"
    assert asked["MonitoringConfiguration"]["MetricsLevel"] == "OPERATOR"
    assert asked["ParallelismConfiguration"] == {
        "ConfigurationType": "CUSTOM",
        "AutoScalingEnabled": True,
        "Parallelism": 6,
        "ParallelismPerKPU": 2,
    }


LATEST, SKIP = "RESTORE_FROM_LATEST_SNAPSHOT", "SKIP_RESTORE_FROM_SNAPSHOT"
NAMED = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": "good-1"}


@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {"ApplicationRestoreType": LATEST}),
        ({"restore": Restore.latest_snapshot()}, {"ApplicationRestoreType": LATEST}),
        ({"restore": Restore.none()}, {"ApplicationRestoreType": SKIP}),
        ({"restore": Restore.snapshot("good-1")}, NAMED),
        # Without snapshots, the latest one may be of any age.
        ({"snapshots": False}, {"ApplicationRestoreType": SKIP}),
        ({"snapshots": False, "restore": Restore.snapshot("good-1")}, NAMED),
    ],
)
def test_the_template_always_says_what_an_update_restores_and_the_handler_the_same(
    make: Make, start: bool, arguments: dict[str, Any], expected: dict[str, str]
) -> None:
    template = template_of(make(start=start, **arguments))
    run = only(template, APPLICATION)["Properties"]["RunConfiguration"]
    assert run == {
        "ApplicationRestoreConfiguration": expected,
        "FlinkRunConfiguration": {"AllowNonRestoredState": False},
    }
    for resource_type in ("Custom::FlinkApplicationLifecycle", "Custom::FlinkApplicationBeforeUpdate"):
        for resource in template.find_resources(resource_type).values():
            assert resource["Properties"]["RestoreType"] == expected["ApplicationRestoreType"]
            assert resource["Properties"].get("SnapshotName") == expected.get("SnapshotName")


def test_enhanced_snapshots_are_asked_for_as_the_service_knows_them(make: Make) -> None:
    stack = new_stack(CONCRETE)
    make(stack, start=True, enhanced_snapshots=True, restore=Restore.snapshot("good-1"))
    template = Template.from_stack(stack)
    properties = only(template, APPLICATION)["Properties"]
    snapshots = properties["ApplicationConfiguration"]["ApplicationSnapshotConfiguration"]
    run = properties["RunConfiguration"]
    arn = run["ApplicationRestoreConfiguration"]["SnapshotArn"]
    assert arn["Fn::Join"][1][-1].endswith(":123456789012:snapshot/good-1")
    assert snapshots == {"SnapshotsEnabled": True, "SnapshotMode": "ENHANCED_SNAPSHOTS"}
    assert set(run["ApplicationRestoreConfiguration"]) == {"ApplicationRestoreType", "SnapshotArn"}
    run["ApplicationRestoreConfiguration"]["SnapshotArn"] = "arn:aws:kinesisanalytics:eu-west-1:1:snapshot/good-1"
    update = {"SnapshotsEnabledUpdate": True, "SnapshotModeUpdate": snapshots["SnapshotMode"]}
    check(
        service_model("kinesisanalyticsv2"),
        "UpdateApplication",
        {
            "ApplicationName": "prices",
            "RunConfigurationUpdate": run,
            "ApplicationConfigurationUpdate": {"ApplicationSnapshotConfigurationUpdate": update},
        },
    )
    for resource_type in ("Custom::FlinkApplicationLifecycle", "Custom::FlinkApplicationBeforeUpdate"):
        chosen = only(template, resource_type)["Properties"]
        assert (chosen["EnhancedSnapshots"], chosen["SnapshotArn"]) == (True, arn)
    granted = permissions(template, of="FlinkLifecycleIsCompleteRole")
    assert (["kinesisanalytics:DescribeSnapshot"], [arn]) in granted
    assert any(actions == ["kinesisanalytics:CreateSystemSnapshot"] for actions, _ in granted)
    assert findings(stack) == []


@pytest.mark.parametrize("allowed", [True, False])
def test_state_without_an_operator_is_allowed_for_updates_and_starts_alike(make: Make, allowed: bool) -> None:
    template = template_of(make(start=True, allow_non_restored_state=allowed))
    run = only(template, APPLICATION)["Properties"]["RunConfiguration"]
    assert run["FlinkRunConfiguration"] == {"AllowNonRestoredState": allowed}
    assert only(template, "Custom::FlinkApplicationLifecycle")["Properties"]["AllowNonRestoredState"] is allowed


@pytest.mark.parametrize("name", ["", "two words", "a/b", "x" * 257])
def test_what_cannot_be_the_name_of_a_snapshot_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="the name of a snapshot must have 1 to 256 letters"):
        Restore.snapshot(name)


@pytest.mark.parametrize("restore", [Restore.latest_snapshot(), Restore.none(), Restore.snapshot("good-1")])
def test_the_service_takes_the_run_configuration_of_the_template(make: Make, restore: Restore) -> None:
    properties = only(template_of(make(restore=restore)), APPLICATION)["Properties"]
    check(
        service_model("kinesisanalyticsv2"),
        "UpdateApplication",
        {"ApplicationName": "prices", "RunConfigurationUpdate": properties["RunConfiguration"]},
    )


def test_the_run_options_are_added_to_the_property_groups(make: Make) -> None:
    assert property_groups(make()) == {**GROUPS, RUN_OPTIONS_GROUP: RUN_OPTIONS}


def code_asset(application: FlinkApplication) -> tuple[dict[str, Any], Any, str]:
    """The bucket's ARN, the bucket's name, and the key of the code."""
    code = configuration(application)["ApplicationCodeConfiguration"]
    assert code["CodeContentType"] == "ZIPFILE"
    location = code["CodeContent"]["S3ContentLocation"]
    *_, bucket = location["BucketARN"]["Fn::Join"][1]
    return location["BucketARN"], bucket, location["FileKey"]


def asset_files(application: FlinkApplication) -> dict[str, Path]:
    """The file behind each asset's key, as the stack's asset manifest has it."""
    stack = Stack.of(application)
    template_of(application)
    app = stack.node.root
    folder = Path(str(getattr(app, "outdir", "")))
    manifest = json.loads((folder / f"{stack.artifact_id}.assets.json").read_text(encoding="utf-8"))
    return {
        destination["objectKey"]: folder / file["source"]["path"]
        for file in manifest["files"].values()
        for destination in file["destinations"].values()
    }


def test_the_code_is_the_bundle_under_a_key_of_its_own(make: Make, bundle: JobBundle) -> None:
    application = make()
    _, _, key = code_asset(application)
    assert key.endswith(".zip")
    assert asset_files(application)[key].read_bytes() == bundle.build().read_bytes()


def test_a_change_of_the_job_changes_the_key_and_nothing_else_does(make: Make, tmp_path: Path) -> None:
    bundle = new_bundle(tmp_path)
    before = code_asset(make(code=ApplicationCode.from_bundle(bundle)))[2]
    (tmp_path / "source" / "README.md").write_text("A note.")
    assert code_asset(make(code=ApplicationCode.from_bundle(bundle)))[2] == before
    bundle.main.write_text("changed = True\n")
    assert code_asset(make(code=ApplicationCode.from_bundle(bundle)))[2] != before


def test_nothing_is_built_for_a_stack_that_is_not_chosen(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = new_bundle(tmp_path)
    built: list[JobBundle] = []
    monkeypatch.setattr(JobBundle, "build", built.append)
    stack = new_stack(context={"aws:cdk:bundling-stacks": ["Another"]})
    application = make(stack, code=ApplicationCode.from_bundle(bundle), start=True)
    assert built == []
    assert not bundle.cache.exists()
    assert asset_files(application)[code_asset(application)[2]].read_bytes() == bundle.main.read_bytes()
    assert lint(template_of(application)) == []


def test_a_stack_that_is_chosen_is_built(make: Make, tmp_path: Path) -> None:
    bundle = new_bundle(tmp_path)
    make(new_stack(context={"aws:cdk:bundling-stacks": ["Test"]}), code=ApplicationCode.from_bundle(bundle))
    assert [path.name for path in bundle.cache.iterdir()] == [f"prices-{bundle.input_hash()}.zip"]


# The role.


def log_stream_arn(application: FlinkApplication) -> dict[str, Any]:
    group, stream = logical_id(application.log_group), only(template_of(application), "AWS::Logs::LogStream")
    assert stream["Properties"] == {"LogGroupName": {"Ref": group}, "LogStreamName": "application"}
    return arn("logs", "log-group:", {"Ref": group}, ":log-stream:", {"Ref": stream["LogicalId"]})


def own_permissions(application: FlinkApplication) -> list[tuple[list[str], list[Any]]]:
    bucket_arn, bucket, key = code_asset(application)
    *prefix, _ = bucket_arn["Fn::Join"][1]
    return [
        (["s3:GetObject", "s3:GetObjectVersion"], [{"Fn::Join": ["", [*prefix, bucket, f"/{key}"]]}]),
        (["logs:DescribeLogStreams"], [{"Fn::GetAtt": [logical_id(application.log_group), "Arn"]}]),
        (["logs:PutLogEvents"], [log_stream_arn(application)]),
        # Without it the service cannot check the logging option: a list of groups has no narrower name.
        (["logs:DescribeLogGroups"], [arn("logs", "log-group:*")]),
    ]


def role_permissions(application: FlinkApplication) -> list[tuple[list[str], list[Any]]]:
    return permissions(template_of(application), of=logical_id(application.role))


def test_the_role_reads_its_own_code_and_writes_to_its_own_log_stream(make: Make) -> None:
    application = make()
    assert flat(role_permissions(application)) == flat(own_permissions(application))


def flat(statements: list[tuple[list[str], list[Any]]]) -> list[tuple[list[str], str]]:
    """Statements with their resources as texts: the same ARN may be joined of other parts."""
    return [(actions, "".join(map(text, resources))) for actions, resources in statements]


def text(value: Any) -> str:
    match value:
        case str():
            return value
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(map(text, parts))
        case {"Fn::Sub": str(template)}:
            return template
        case _:
            return json.dumps(value)


def test_only_applications_of_this_account_and_region_may_have_the_role(make: Make) -> None:
    application = make()
    [role] = template_of(application).find_resources("AWS::IAM::Role").values()
    assert "ManagedPolicyArns" not in role["Properties"]
    [statement] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement == {
        "Action": "sts:AssumeRole",
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Condition": {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            "ArnLike": {"aws:SourceArn": APPLICATIONS},
        },
    }


def test_the_application_is_created_after_its_role_may_read_the_code(make: Make) -> None:
    application = make()
    template = template_of(application)
    resource = only(template, APPLICATION)
    assert resource["Properties"]["ServiceExecutionRole"] == {"Fn::GetAtt": [logical_id(application.role), "Arn"]}
    assert only(template, "AWS::IAM::Policy")["LogicalId"] in resource["DependsOn"]


def test_a_grant_of_a_stream_lands_on_the_role(make: Make) -> None:
    stack = new_stack()
    application = make(stack)
    stream = DataStream(stack, "Stream")
    assert stream.grant_write(application).success
    assert (["kinesis:PutRecords"], [stack.resolve(stream.stream_arn)]) in role_permissions(application)


# The log.


def test_messages_go_to_the_log_stream_of_a_log_group_that_ends_and_stays(make: Make) -> None:
    application = make()
    template = template_of(application)
    [log_group] = template.find_resources("AWS::Logs::LogGroup").values()
    assert log_group["Properties"]["RetentionInDays"] == 30
    assert (log_group["DeletionPolicy"], log_group["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert only(template, "AWS::Logs::LogStream")["DeletionPolicy"] == "RetainExceptOnCreate"
    option = only(template, LOGGING_OPTION)["Properties"]
    assert option["ApplicationName"] == {"Ref": logical_id(application.application)}
    assert option["CloudWatchLoggingOption"] == {"LogStreamARN": log_stream_arn(application)}


def test_the_log_group_goes_when_asked_to_and_ends_when_asked_to(make: Make) -> None:
    application = make(removal_policy=RemovalPolicy.DESTROY, log_retention=logs.RetentionDays.ONE_WEEK)
    [log_group] = template_of(application).find_resources("AWS::Logs::LogGroup").values()
    assert log_group["Properties"]["RetentionInDays"] == 7
    assert log_group["DeletionPolicy"] == "Delete"


# The start.


def test_by_default_the_application_is_started_after_its_policy_and_its_logging_option(
    bundle: JobBundle,
) -> None:
    stack = new_stack()
    application = FlinkApplication(stack, "Flink", code=ApplicationCode.from_bundle(bundle), property_groups=GROUPS)
    template = template_of(application)
    start = only(template, LIFECYCLE)
    assert start["Properties"]["ApplicationName"] == {"Ref": logical_id(application.application)}
    policies = template.find_resources("AWS::IAM::Policy")
    [policy] = [
        name for name, body in policies.items() if {"Ref": logical_id(application.role)} in body["Properties"]["Roles"]
    ]
    assert {policy, only(template, LOGGING_OPTION)["LogicalId"]} <= set(start["DependsOn"])


def test_an_application_that_is_not_started_may_be_stopped_before_its_deletion_all_the_same(make: Make) -> None:
    application = make(start=False, stop=True)
    template = template_of(application)
    lifecycle = only(template, LIFECYCLE)
    assert lifecycle["Properties"]["Start"] is False
    assert only(template, LOGGING_OPTION)["LogicalId"] in lifecycle["DependsOn"]


def test_an_application_that_is_started_is_stopped(make: Make) -> None:
    assert only(template_of(make(start=True)), LIFECYCLE)["Properties"]["Start"] is True
    with pytest.raises(InvalidArgumentError, match=r"^stop must be on where start is \(got False\); leave it out"):
        make(start=True, stop=False)


def test_the_application_is_left_alone_when_told_so(make: Make) -> None:
    application = make(start=False)
    application.starts_after(application.log_group)  # nothing to order, and no error
    assert application.lifecycle is None
    template = template_of(application)
    for resource_type in (LIFECYCLE, "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"):
        template.resource_count_is(resource_type, 0)


def test_what_the_job_has_to_reach_can_be_made_to_exist_before_the_start(make: Make) -> None:
    stack = new_stack()
    application = make(stack, start=True)
    stream = DataStream(stack, "Stream")
    application.starts_after(stream)
    template = template_of(application)
    assert only(template, "AWS::Kinesis::Stream")["LogicalId"] in only(template, LIFECYCLE)["DependsOn"]
    assert "DependsOn" not in only(template, "AWS::Kinesis::Stream")


# In a VPC.


def test_outside_a_vpc_nobody_can_be_connected_to(make: Make) -> None:
    message = "connections must be asked of an application in a VPC (got none); pass vpc"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        _ = make().connections


def test_in_a_vpc_it_has_the_private_subnets_and_a_security_group_of_its_own(make: Make) -> None:
    stack = new_stack()
    network = Network(stack, "Network")
    application = make(stack, vpc=network.vpc)
    template = template_of(application)
    [group] = template.find_resources(
        "AWS::EC2::SecurityGroup", {"Properties": {"GroupDescription": "Flink application"}}
    )
    assert configuration(application)["VpcConfigurations"] == [
        {
            "SecurityGroupIds": [{"Fn::GetAtt": [group, "GroupId"]}],
            "SubnetIds": [{"Ref": name} for name in template.find_resources("AWS::EC2::Subnet")],
        }
    ]
    assert [stack.resolve(one.security_group_id) for one in application.connections.security_groups] == [
        {"Fn::GetAtt": [group, "GroupId"]}
    ]


def test_nobody_may_connect_to_the_application(make: Make) -> None:
    stack = new_stack()
    application = make(stack, vpc=Network(stack, "Network").vpc)
    groups = template_of(application).find_resources(
        "AWS::EC2::SecurityGroup", {"Properties": {"GroupDescription": "Flink application"}}
    )
    assert ["SecurityGroupIngress" in group["Properties"] for group in groups.values()] == [False]


@pytest.mark.parametrize(
    "selection",
    [
        ec2.SubnetSelection(subnet_group_name="Data"),
        ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        ec2.SubnetSelection(
            subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, subnet_filters=[ec2.SubnetFilter.by_cidr_mask(26)]
        ),
    ],
)
def test_in_a_vpc_it_goes_where_it_is_told_to(make: Make, selection: ec2.SubnetSelection) -> None:
    stack = new_stack()
    vpc = ec2.Vpc(
        stack,
        "Vpc",
        max_azs=2,
        subnet_configuration=[
            ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=28),
            ec2.SubnetConfiguration(name="Work", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=24),
            ec2.SubnetConfiguration(name="Data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=26),
        ],
    )
    application = make(stack, vpc=vpc, vpc_subnets=selection)
    expected = [stack.resolve(subnet.subnet_id) for subnet in vpc.isolated_subnets]
    assert configuration(application)["VpcConfigurations"][0]["SubnetIds"] == expected


def test_more_subnets_than_the_service_takes_are_refused(make: Make) -> None:
    stack = new_stack()
    vpc = Network(stack, "Network").vpc
    selection = ec2.SubnetSelection(subnets=vpc.isolated_subnets * 9)
    with pytest.raises(InvalidArgumentError) as refused:
        make(stack, vpc=vpc, vpc_subnets=selection)
    assert str(refused.value) == (
        "the number of vpc_subnets must be an integer from 1 to 16 (got 18); one per zone is enough"
    )


def test_in_a_vpc_the_role_makes_network_interfaces_in_its_own_subnets_and_group_only(make: Make) -> None:
    stack = new_stack()
    network = Network(stack, "Network")
    application = make(stack, vpc=network.vpc)
    found = role_permissions(application)
    subnets = [arn("ec2", "subnet/", stack.resolve(subnet.subnet_id)) for subnet in network.vpc.isolated_subnets]
    [group] = application.connections.security_groups
    assert found[4:] == [
        (
            [
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
            ],
            [
                arn("ec2", "network-interface/*"),
                arn("ec2", "security-group/", stack.resolve(group.security_group_id)),
                *subnets,
            ],
        ),
        (
            [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            ["*"],
        ),
    ]
    assert flat(found[:4]) == flat(own_permissions(application))


def test_the_wildcards_of_the_vpc_are_acknowledged_and_no_other(make: Make) -> None:
    stack = new_stack()
    application = make(stack, vpc=Network(stack, "Network").vpc)
    assert findings(stack) == []
    application.role.add_to_principal_policy(iam.PolicyStatement(actions=["kinesis:PutRecord*"], resources=["*"]))
    assert [finding.split(" at ")[0] for finding in findings(stack)] == [
        "AwsSolutions-IAM5[Action::kinesis:PutRecord*]"
    ]


# A key of the customer's.


@pytest.fixture
def encrypted(make: Make) -> FlinkApplication:
    stack = new_stack()
    return make(stack, encryption_key=kms.Key(stack, "Key", enable_key_rotation=True), start=True)


def key_arn(template: Template) -> dict[str, Any]:
    return {"Fn::GetAtt": [only(template, "AWS::KMS::Key")["LogicalId"], "Arn"]}


def test_state_is_encrypted_with_the_key_that_is_given(encrypted: FlinkApplication) -> None:
    assert configuration(encrypted)["ApplicationEncryptionConfiguration"] == {
        "KeyType": "CUSTOMER_MANAGED_KEY",
        "KeyId": key_arn(template_of(encrypted)),
    }


def test_the_key_serves_the_service_for_applications_of_this_account_and_region_only(
    encrypted: FlinkApplication,
) -> None:
    policy = only(template_of(encrypted), "AWS::KMS::Key")["Properties"]["KeyPolicy"]
    of_service = [
        (statement["Action"], statement["Principal"]["Service"], statement["Condition"])
        for statement in policy["Statement"]
        if "Service" in statement["Principal"]
    ]
    in_context = {"StringLike": {"kms:EncryptionContext:aws:kinesisanalytics:arn": APPLICATIONS}}
    from_application = {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {"aws:SourceArn": APPLICATIONS},
    }
    grants = {
        "StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset"},
        "ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"},
    }
    assert of_service == [
        ("kms:DescribeKey", [SERVICE, INFRASTRUCTURE], from_application),
        ("kms:GenerateDataKey", SERVICE, {**from_application, **in_context}),
        ("kms:Decrypt", SERVICE, in_context),
        (["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"], INFRASTRUCTURE, in_context),
        ("kms:CreateGrant", INFRASTRUCTURE, {**grants, **in_context}),
    ]


def test_who_starts_the_application_may_use_the_key_through_the_service_only(encrypted: FlinkApplication) -> None:
    assert encrypted.lifecycle is not None
    template = template_of(encrypted)
    role = {"Ref": logical_id(encrypted.lifecycle.role)}
    statements = [
        statement
        for policy in template.find_resources("AWS::IAM::Policy").values()
        if role in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "kms:" in json.dumps(statement["Action"])
    ]
    via = {
        "kms:ViaService": {
            "Fn::Join": ["", ["kinesisanalytics.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}]]
        }
    }
    in_context = {"StringLike": {"kms:EncryptionContext:aws:kinesisanalytics:arn": APPLICATIONS}}
    assert {json.dumps(statement["Action"]): statement["Condition"] for statement in statements} == {
        '"kms:DescribeKey"': {"StringEquals": via},
        '["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]': {
            "StringEquals": via,
            **in_context,
        },
        '"kms:CreateGrant"': {"StringEquals": via, **in_context},
    }
    assert all(statement["Resource"] == key_arn(template) for statement in statements)


# Metrics.


@pytest.mark.parametrize(
    ("metric", "name", "statistic"),
    [
        (FlinkApplication.metric_downtime_millis, "downtime", "Maximum"),
        (FlinkApplication.metric_uptime_millis, "uptime", "Minimum"),
        (FlinkApplication.metric_full_restarts, "fullRestarts", "Maximum"),
        (FlinkApplication.metric_failed_checkpoints, "numberOfFailedCheckpoints", "Maximum"),
        (FlinkApplication.metric_checkpoint_duration_millis, "lastCheckpointDuration", "Maximum"),
        (FlinkApplication.metric_checkpoint_size_bytes, "lastCheckpointSize", "Maximum"),
        (FlinkApplication.metric_cpu_percent, "containerCPUUtilization", "Average"),
        (FlinkApplication.metric_memory_percent, "containerMemoryUtilization", "Average"),
        (FlinkApplication.metric_heap_memory_percent, "heapMemoryUtilization", "Average"),
    ],
)
def test_a_metric_is_the_applications_own_over_a_minute(
    make: Make, metric: Callable[[FlinkApplication], cloudwatch.Metric], name: str, statistic: str
) -> None:
    application = make()
    found = metric(application)
    assert (found.namespace, found.metric_name, found.statistic) == ("AWS/KinesisAnalytics", name, statistic)
    assert found.period.to_seconds() == 60
    assert Stack.of(application).resolve(found.dimensions) == {
        "Application": {"Ref": logical_id(application.application)}
    }


@pytest.mark.parametrize(
    ("metric", "unit"),
    [
        (FlinkApplication.metric_downtime_millis, "Milliseconds since the job last ran"),
        (FlinkApplication.metric_uptime_millis, "Milliseconds that the job has run"),
        (FlinkApplication.metric_checkpoint_duration_millis, "Milliseconds that"),
        (FlinkApplication.metric_checkpoint_size_bytes, "Bytes of"),
        (FlinkApplication.metric_cpu_percent, "in per cent"),
        (FlinkApplication.metric_memory_percent, "in per cent"),
        (FlinkApplication.metric_heap_memory_percent, "in per cent"),
    ],
)
def test_a_metric_says_its_unit(metric: Callable[[FlinkApplication], cloudwatch.Metric], unit: str) -> None:
    assert unit in str(metric.__doc__)


def test_any_other_metric_can_be_asked_for(make: Make) -> None:
    found = make().metric(
        "generatedRecordCount", statistic="Sum", period=Duration.minutes(5), label="Generated records"
    )
    assert (found.metric_name, found.statistic, found.label) == ("generatedRecordCount", "Sum", "Generated records")
    assert found.period.to_minutes() == 5


def test_the_lag_in_a_stream_has_the_streams_name(make: Make) -> None:
    application = make()
    found = application.metric_millis_behind_latest("taxi-trips-2")
    assert (found.namespace, found.metric_name, found.statistic) == (
        "AWS/KinesisAnalytics",
        "millisBehindLatest",
        "Maximum",
    )
    assert Stack.of(application).resolve(found.dimensions) == {
        "Application": {"Ref": logical_id(application.application)},
        "Stream": "taxi-trips-2",
    }
    assert found.period.to_seconds() == 60


def test_the_lag_in_a_topic_is_the_largest_of_the_applications(make: Make) -> None:
    application = make()
    found = application.metric_max_records_lag()
    query = 'SELECT MAX(records_lag_max) FROM "AWS/KinesisAnalytics" WHERE Application = \''
    assert Stack.of(application).resolve(found.expression) == {
        "Fn::Join": ["", [query, {"Ref": logical_id(application.application)}, "'"]]
    }
    assert found.period.to_seconds() == 60


@pytest.mark.parametrize("level", MetricsLevel)
def test_an_application_says_how_finely_it_reports(make: Make, level: MetricsLevel) -> None:
    application = make(metrics_level=level)
    assert application.metrics_level is level
    assert flink(application)["MonitoringConfiguration"]["MetricsLevel"] == level


# What the checks say.


def plain(_: Stack) -> dict[str, Any]:
    return {}


def in_vpc(stack: Stack) -> dict[str, Any]:
    return {"vpc": Network(stack, "Network").vpc}


def with_key(stack: Stack) -> dict[str, Any]:
    return {"encryption_key": kms.Key(stack, "Key", enable_key_rotation=True)}


def gone_on_delete(_: Stack) -> dict[str, Any]:
    return {"removal_policy": RemovalPolicy.DESTROY}


@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
@pytest.mark.parametrize("variant", [plain, in_vpc, with_key, gone_on_delete])
def test_cdk_nag_and_cfn_lint_have_nothing_to_say(
    make: Make, variant: Callable[[Stack], Mapping[str, Any]], env: Environment | None, *, start: bool
) -> None:
    stack = new_stack(env)
    make(stack, start=start, **variant(stack))
    assert findings(stack) == []
    region = env.region if env and env.region else "us-east-1"
    assert lint(Template.from_stack(stack), region=region) == []
