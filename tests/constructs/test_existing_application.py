"""What an application takes that exists already, and an application that exists already itself."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Annotations, Match, Template

from flink_constructs import metric_math
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.data_stream import DataStream
from flink_constructs.network import Network
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import findings, lint, new_stack, only, permissions

APPLICATION = "AWS::KinesisAnalyticsV2::Application"
ARN = "arn:aws:kinesisanalytics:eu-west-1:123456789012:application/prices"
ROLE_ARN = "arn:aws:iam::123456789012:role/flink"


@pytest.fixture
def code(tmp_path: Path) -> ApplicationCode:
    path = tmp_path / "job.jar"
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("Job.class", "content")
    return ApplicationCode.from_file(path)


def checked_template(stack: Stack) -> Template:
    assert findings(stack) == []
    template = Template.from_stack(stack)
    assert lint(template) == []
    return template


# What an application takes.


def test_an_existing_role_gets_what_every_application_needs(code: ApplicationCode) -> None:
    stack = new_stack()
    role = iam.Role.from_role_arn(stack, "Existing", ROLE_ARN)
    application = FlinkApplication(stack, "Flink", code=code, role=role, start=False)
    template = checked_template(stack)
    assert application.role is role
    template.resource_count_is("AWS::IAM::Role", 0)
    assert only(template, APPLICATION)["Properties"]["ServiceExecutionRole"] == ROLE_ARN
    policy = only(template, "AWS::IAM::Policy")
    assert policy["Properties"]["Roles"] == ["flink"]
    actions = [statement["Action"] for statement in policy["Properties"]["PolicyDocument"]["Statement"]]
    logs = ["logs:DescribeLogStreams", "logs:PutLogEvents", "logs:DescribeLogGroups"]
    assert actions == [["s3:GetObject", "s3:GetObjectVersion"], *logs]
    # The service reads the code with the role while it creates the application.
    assert policy["LogicalId"] in only(template, APPLICATION)["DependsOn"]


def test_an_immutable_role_gets_nothing(code: ApplicationCode) -> None:
    stack = new_stack()
    role = iam.Role.from_role_arn(stack, "Existing", ROLE_ARN, mutable=False)
    FlinkApplication(stack, "Flink", code=code, role=role, start=False)
    checked_template(stack).resource_count_is("AWS::IAM::Policy", 0)


def test_applications_share_an_existing_log_group_under_names_of_their_own(code: ApplicationCode) -> None:
    stack = new_stack()
    group = logs.LogGroup.from_log_group_name(stack, "Existing", "/flink/all")
    for name in ("Prices", "Trades"):
        FlinkApplication(stack, name, code=code, log_group=group)
    template = checked_template(stack)
    streams = template.find_resources("AWS::Logs::LogStream")
    assert [stream["Properties"] for stream in streams.values()] == [{"LogGroupName": "/flink/all"}] * 2
    options = template.find_resources("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption").values()
    named = [str(option["Properties"]["CloudWatchLoggingOption"]["LogStreamARN"]) for option in options]
    assert all(any(f"'Ref': '{stream}'" in arn for arn in named) for stream in streams)


def test_existing_security_groups_are_used_and_no_other_is_made(code: ApplicationCode) -> None:
    stack = new_stack()
    network = Network(stack, "Network")
    groups = [ec2.SecurityGroup(stack, f"Group{number}", vpc=network.vpc) for number in range(2)]
    application = FlinkApplication(stack, "Flink", code=code, vpc=network.vpc, security_groups=groups, start=False)
    template = Template.from_stack(stack)
    [configuration] = only(template, APPLICATION)["Properties"]["ApplicationConfiguration"]["VpcConfigurations"]
    ids = [stack.resolve(group.security_group_id) for group in groups]
    assert configuration["SecurityGroupIds"] == ids
    assert [one.security_group_id for one in application.connections.security_groups] == [
        group.security_group_id for group in groups
    ]
    template.resource_count_is("AWS::EC2::SecurityGroup", 3)  # these, and that of the endpoints
    create = next(
        resources
        for actions, resources in permissions(template, of="FlinkRole")
        if "ec2:CreateNetworkInterface" in actions
    )
    assert all(any(str(one) in str(resource) for resource in create) for one in ids)


def test_security_groups_without_a_vpc_are_refused(code: ApplicationCode) -> None:
    stack = new_stack()
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-12345678")
    message = "security_groups must come with vpc (got 'no vpc'); pass the VPC that they are in"
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        FlinkApplication(stack, "Flink", code=code, security_groups=[group])


@pytest.mark.parametrize("number", [0, 6])
def test_too_few_or_too_many_security_groups_are_refused(code: ApplicationCode, number: int) -> None:
    stack = new_stack()
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-12345678")
    message = (
        f"the number of security_groups must be an integer from 1 to 5 (got {number}); leave them out for a new one"
    )
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        FlinkApplication(stack, "Flink", code=code, vpc=Network(stack, "Network").vpc, security_groups=[group] * number)


# An application that exists.


def test_an_existing_application_has_the_metrics_of_one_of_this_stack() -> None:
    stack = new_stack()
    application = FlinkApplication.from_application_arn(stack, "Prices", ARN)
    assert (application.application_name, application.application_arn) == ("prices", ARN)
    assert application.metric_uptime_millis().dimensions == {"Application": "prices"}
    assert stack.resolve(application.metric_millis_behind_latest("clicks").dimensions) == {
        "Application": "prices",
        "Stream": "clicks",
    }
    assert "mean_records" in metric_math.total(application, "records").expression


def test_an_existing_application_has_all_alarms() -> None:
    stack = new_stack()
    application = FlinkApplication.from_application_arn(stack, "Prices", ARN)
    alarms = ApplicationAlarms(
        stack, "Alarms", application=application, source_stream=DataStream(stack, "Stream"), max_records_lag=10
    )
    alarms.dead_letters("deadLetters")
    template = checked_template(stack)
    template.resource_count_is("AWS::CloudWatch::Alarm", len(alarms.alarms))
    assert len(alarms.alarms) == 10
    template.resource_count_is(APPLICATION, 0)


def test_a_grant_to_an_existing_application_goes_to_its_role() -> None:
    stack = new_stack()
    role = iam.Role.from_role_arn(stack, "Role", ROLE_ARN)
    application = FlinkApplication.from_application_attributes(stack, "Prices", application_arn=ARN, role=role)
    grant = DataStream(stack, "Stream").grant_write(application)
    assert grant.success
    assert only(checked_template(stack), "AWS::IAM::Policy")["Properties"]["Roles"] == ["flink"]


def test_a_grant_to_an_application_of_an_unknown_role_is_a_warning() -> None:
    stack = new_stack()
    DataStream(stack, "Stream").grant_write(FlinkApplication.from_application_arn(stack, "Prices", ARN))
    Annotations.from_stack(stack).has_warning("/Test/Prices", Match.string_like_regexp("kinesis:PutRecords"))


def test_the_connections_of_an_existing_application_are_those_of_its_security_groups() -> None:
    stack = new_stack()
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-12345678")
    application = FlinkApplication.from_application_attributes(
        stack, "Prices", application_arn=ARN, security_groups=[group]
    )
    assert [one.security_group_id for one in application.connections.security_groups] == ["sg-12345678"]
    unknown = FlinkApplication.from_application_arn(stack, "Unknown", ARN)
    message = "connections must be asked of an application whose security groups are known; pass security_groups"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        _ = unknown.connections


def test_an_arn_that_is_known_only_at_deployment_passes() -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Arn")
    application = FlinkApplication.from_application_arn(stack, "Prices", parameter.value_as_string)
    name: Any = stack.resolve(application.application_name)
    assert name == {"Fn::Select": [1, {"Fn::Split": ["/", {"Fn::Select": [5, {"Fn::Split": [":", {"Ref": "Arn"}]}]}]}]}


@pytest.mark.parametrize("arn", ["prices", "arn:aws:kinesis:eu-west-1:123456789012:stream/prices", f"{ARN}/more"])
def test_what_is_no_arn_of_an_application_is_refused(arn: str) -> None:
    message = f"application_arn must be the ARN of an application (got {arn!r}); "
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}"):
        FlinkApplication.from_application_arn(new_stack(), "Prices", arn)
