from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from flink_constructs.data_stream import DataStream
from tests.constructs.checks import findings, lint, new_stack


def test_what_cdk_nag_finds_is_reported_with_its_path() -> None:
    stack = new_stack()
    sqs.Queue(stack, "Queue")
    assert "AwsSolutions-SQS4 at Test/Queue/Resource" in findings(stack)


def test_what_cfn_lint_finds_is_reported_with_its_path() -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"Unknown": 1}}
    [finding] = lint({"Resources": {"Queue": queue}})
    assert finding.startswith("E3002 at Resources/Queue/Properties/Unknown: ")


def test_an_acknowledged_wildcard_covers_that_resource_only() -> None:
    stack = new_stack()
    role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    DataStream(stack, "Stream").grant_read(role, consumer="etl")
    assert findings(stack) == []
    role.add_to_policy(iam.PolicyStatement(actions=["kinesis:PutRecords"], resources=["*"]))
    assert findings(stack) == ["AwsSolutions-IAM5[Resource::*] at Test/Job/DefaultPolicy/Resource"]


def test_a_grantee_without_a_construct_has_nothing_to_acknowledge() -> None:
    stack = new_stack()
    grant = DataStream(stack, "Stream").grant_read(iam.AccountRootPrincipal(), consumer="etl")
    assert not grant.success
    assert findings(stack) == []
