from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Duration, Environment, RemovalPolicy, Size
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from flink_constructs.data_stream import DataStream
from flink_constructs.stream_archive import StreamArchive
from flink_constructs.stream_delivery import StreamDelivery
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions


def delivered(env: Environment | None = AGNOSTIC, *, own_keys: bool = False, **arguments: Any) -> Template:
    stack = new_stack(env)
    key = kms.Key(stack, "Key", enable_key_rotation=True) if own_keys else None
    stream = DataStream(stack, "Stream", encryption_key=key)
    archive = StreamArchive(stack, "Archive", encryption_key=key)
    StreamDelivery(stack, "Delivery", stream=stream, archive=archive, **{"prefix": "raw", **arguments})
    template = Template.from_stack(stack)
    assert findings(stack) == []
    assert lint(template) == []
    return template


def destination(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = only(template, "AWS::KinesisFirehose::DeliveryStream")["Properties"]
    destination: dict[str, Any] = found["ExtendedS3DestinationConfiguration"]
    return destination


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_records_are_lines_of_compressed_files_by_the_hour(env: Environment | None) -> None:
    s3 = destination(delivered(env))
    assert s3["CompressionFormat"] == "GZIP"
    assert s3["Prefix"] == (
        "raw/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
    )
    assert s3["ErrorOutputPrefix"].startswith("raw/errors/!{firehose:error-output-type}/")
    (processor,) = s3["ProcessingConfiguration"]["Processors"]
    assert processor["Type"] == "AppendDelimiterToRecord"
    assert s3["BufferingHints"] == {"IntervalInSeconds": 300, "SizeInMBs": 64}


def test_its_role_reads_one_stream_and_writes_below_one_prefix() -> None:
    granted = permissions(delivered(), of="DeliveryRole")
    assert sorted(action for actions, _ in granted for action in actions) == [
        "kinesis:DescribeStream",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "logs:PutLogEvents",
        "s3:AbortMultipartUpload",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:PutObject",
    ]
    (objects,) = [resources for actions, resources in granted if "s3:PutObject" in actions]
    assert objects[0]["Fn::Join"][1][-1] == "/raw/*"


def test_keys_of_the_customers_own_may_be_used() -> None:
    granted = permissions(delivered(own_keys=True), of="DeliveryRole")
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= {action for actions, _ in granted for action in actions}


def test_it_is_created_once_its_role_may_read_the_stream() -> None:
    template = delivered()
    policies = template.find_resources("AWS::IAM::Policy")
    assert set(policies) & set(only(template, "AWS::KinesisFirehose::DeliveryStream")["DependsOn"])


def test_the_log_goes_with_the_stack_where_that_is_asked_for() -> None:
    assert only(delivered(), "AWS::Logs::LogGroup")["DeletionPolicy"] == "RetainExceptOnCreate"
    assert only(delivered(removal_policy=RemovalPolicy.DESTROY), "AWS::Logs::LogGroup")["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prefix": "/raw"}, "prefix must be folders"),
        ({"prefix": ""}, "prefix must be folders"),
        ({"buffer_interval": Duration.minutes(16)}, "buffer_interval must"),
        ({"buffer_size": Size.mebibytes(129)}, "buffer_size must"),
    ],
)
def test_what_the_service_would_refuse_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        delivered(**arguments)


def test_existing_streams_and_buckets_are_delivered_from_and_to() -> None:
    stack = new_stack()
    source = kinesis.Stream.from_stream_arn(stack, "Trips", "arn:aws:kinesis:eu-west-1:123456789012:stream/trips")
    StreamDelivery(
        stack,
        "Delivery",
        stream=DataStream.from_stream(stack, "Stream", source),
        archive=StreamArchive.from_bucket(stack, "Archive", s3.Bucket.from_bucket_name(stack, "Bucket", "trips")),
        prefix="raw",
    )
    assert findings(stack) == []
    assert lint(Template.from_stack(stack)) == []
