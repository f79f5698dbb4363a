from __future__ import annotations

import re
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Environment, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template
from hypothesis import given
from hypothesis import strategies as st

from flink_constructs.data_stream import DataStream, StreamCapacity
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions


@pytest.mark.parametrize(
    ("records_per_second", "record_bytes", "headroom", "shards"),
    [
        (0, 100, 0.25, 1),
        (1, 1, 0.25, 1),
        (800, 100, 0.25, 1),  # 800 and a quarter are just the 1,000 records of a shard
        (801, 100, 0.25, 2),
        (1_000, 100, 0.0, 1),
        (1_001, 100, 0.0, 2),
        (64_000, 80, 0.25, 80),
        (1_000, 1_024, 0.0, 1),  # 1,024,000 of 1,048,576 bytes
        (1_024, 1_024, 0.0, 2),  # one MiB fits into a shard, 1,024 records do not
        (512, 2_048, 0.0, 1),
        (513, 2_048, 0.0, 2),
        (1, 1_048_576, 0.0, 1),
        (1, 1_048_576, 0.25, 2),
        (10_000, 500, 0.1, 11),  # a tenth is a tenth: 11,000 records, no rounding error into a twelfth shard
        (20_000_000, 1, 0.0, 20_000),
    ],
)
def test_a_rate_gets_enough_shards_by_both_limits(
    records_per_second: int, record_bytes: int, headroom: float, shards: int
) -> None:
    capacity = StreamCapacity.for_rate(
        records_per_second=records_per_second, record_bytes=record_bytes, headroom=headroom
    )
    assert capacity == StreamCapacity.provisioned(shards)


def test_a_quarter_is_to_spare_unless_told_otherwise() -> None:
    assert StreamCapacity.for_rate(records_per_second=1_000, record_bytes=1).shards == 2


@given(
    records_per_second=st.integers(0, 1_000_000),
    record_bytes=st.integers(1, 4_096),
    percent=st.integers(0, 400),
)
def test_shards_hold_the_rate_with_its_headroom_and_one_less_would_not(
    records_per_second: int, record_bytes: int, percent: int
) -> None:
    shards = StreamCapacity.for_rate(
        records_per_second=records_per_second, record_bytes=record_bytes, headroom=percent / 100
    ).shards
    assert shards is not None

    def hold(number: int) -> bool:
        records = records_per_second * (100 + percent)
        return records <= number * 1_000 * 100 and records * record_bytes <= number * 1_048_576 * 100

    assert hold(shards)
    assert shards == 1 or not hold(shards - 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"records_per_second": -1, "record_bytes": 1},
            "records_per_second must be an integer from 0 to 20000000 (got -1); lower the rate, or choose "
            "StreamCapacity.on_demand()",
        ),
        (
            {"records_per_second": 2.5, "record_bytes": 1},
            "records_per_second must be an integer from 0 to 20000000 (got 2.5); lower the rate, or choose "
            "StreamCapacity.on_demand()",
        ),
        (
            {"records_per_second": 1, "record_bytes": 1_048_577},
            "record_bytes must be an integer from 1 to 1048576 (got 1048577); count the bytes of the data and of "
            "the partition key",
        ),
        (
            {"records_per_second": 1, "record_bytes": 1, "headroom": -0.1},
            "headroom must be from 0 to 10 (got -0.1); 0.25 keeps a quarter to spare",
        ),
        (
            {"records_per_second": 1, "record_bytes": 1, "headroom": float("nan")},
            "headroom must be from 0 to 10 (got nan); 0.25 keeps a quarter to spare",
        ),
        (
            {"records_per_second": 20_000_000, "record_bytes": 1},
            "records_per_second must need at most 20000 shards with its headroom (got 20000000); 25000 shards would be "
            "needed: lower the rate, or choose StreamCapacity.on_demand()",
        ),
    ],
)
def test_a_rate_out_of_range_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        StreamCapacity.for_rate(**arguments)


@pytest.mark.parametrize("shards", [1, 16, 20_000])
def test_shard_counts_in_range_are_kept(shards: int) -> None:
    assert StreamCapacity.provisioned(shards).shards == shards


@pytest.mark.parametrize("shards", [0, -1, 20_001, 1.5, True])
def test_shard_counts_out_of_range_are_refused(shards: Any) -> None:
    message = (
        f"shards must be an integer from 1 to 20000 (got {shards!r}); choose a number in this range, or "
        "StreamCapacity.on_demand()"
    )
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        StreamCapacity.provisioned(shards)


def test_a_shard_count_may_be_a_parameter_of_the_stack() -> None:
    stack = new_stack()
    shards = CfnParameter(stack, "Shards", type="Number").value_as_number
    DataStream(stack, "Stream", capacity=StreamCapacity.provisioned(shards))  # type: ignore[arg-type] # a token
    properties = only(Template.from_stack(stack), "AWS::Kinesis::Stream")["Properties"]
    assert properties["ShardCount"] == {"Ref": "Shards"}


@pytest.mark.parametrize("hours", [24, 25, 8_760])
def test_retentions_in_range_are_kept(hours: int) -> None:
    stack = new_stack()
    DataStream(stack, "Stream", retention=Duration.hours(hours))
    assert only(Template.from_stack(stack), "AWS::Kinesis::Stream")["Properties"]["RetentionPeriodHours"] == hours


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"retention": Duration.hours(23)},
            "retention must be from 1 day to 365 days (got '23 hours'); keep records for a day to a year",
        ),
        (
            {"retention": Duration.hours(8_761)},
            "retention must be from 1 day to 365 days (got '365 days 1 hour'); keep records for a day to a year",
        ),
        (
            {"retention": Duration.minutes(24 * 60 + 30)},
            "retention must be whole hours (got '1 day 30 minutes'); round it up",
        ),
        (
            {"stream_name": "stock prices"},
            "stream_name must have 1 to 128 letters, digits, '_', '.' or '-' (got 'stock prices'); rename it",
        ),
    ],
)
def test_stream_arguments_out_of_range_are_refused_before_anything_is_made(
    arguments: dict[str, Any], message: str
) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        DataStream(stack, "Stream", **arguments)
    assert stack.node.try_find_child("Stream") is None


def test_a_stream_name_may_be_a_parameter_of_the_stack() -> None:
    stack = new_stack()
    DataStream(stack, "Stream", stream_name=CfnParameter(stack, "Name").value_as_string)
    assert only(Template.from_stack(stack), "AWS::Kinesis::Stream")["Properties"]["Name"] == {"Ref": "Name"}


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_by_default_a_stream_scales_itself_is_encrypted_and_stays(env: Environment | None) -> None:
    stack = new_stack(env)
    DataStream(stack, "Stream")
    template = Template.from_stack(stack)
    stream = only(template, "AWS::Kinesis::Stream")
    assert stream["Properties"] == {
        "RetentionPeriodHours": 24,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
    }
    assert (stream["DeletionPolicy"], stream["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert findings(stack) == []
    assert lint(template) == []


def test_a_provisioned_stream_that_goes_with_its_stack() -> None:
    stack = new_stack()
    DataStream(
        stack,
        "Stream",
        capacity=StreamCapacity.provisioned(3),
        stream_name="prices",
        removal_policy=RemovalPolicy.DESTROY,
    )
    template = Template.from_stack(stack)
    stream = only(template, "AWS::Kinesis::Stream")
    assert stream["Properties"]["Name"] == "prices"
    assert stream["Properties"]["ShardCount"] == 3
    assert stream["Properties"]["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert stream["DeletionPolicy"] == "Delete"
    assert lint(template) == []


def _grants(*, key: bool = False, write: bool = False, consumer: str | None = None) -> tuple[str, str, Any]:
    stack = new_stack()
    role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    stream = DataStream(
        stack, "Stream", encryption_key=kms.Key(stack, "Key", enable_key_rotation=True) if key else None
    )
    if write:
        stream.grant_write(role).assert_success()
    else:
        stream.grant_read(role, consumer=consumer).assert_success()
    template = Template.from_stack(stack)
    assert findings(stack) == []
    assert lint(template) == []
    key_id = only(template, "AWS::KMS::Key")["LogicalId"] if key else ""
    return only(template, "AWS::Kinesis::Stream")["LogicalId"], key_id, permissions(template, of="Job")


def _arn(logical_id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


POLLING = ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]


def test_a_writer_may_put_records_and_nothing_else() -> None:
    stream, _, granted = _grants(write=True)
    assert granted == [(["kinesis:PutRecords"], [_arn(stream)])]


def test_a_writer_may_encrypt_with_the_customers_key() -> None:
    stream, key, granted = _grants(write=True, key=True)
    assert granted == [(["kinesis:PutRecords"], [_arn(stream)]), (["kms:GenerateDataKey"], [_arn(key)])]


def test_a_polling_reader_may_list_shards_and_get_records_and_nothing_else() -> None:
    stream, _, granted = _grants()
    assert granted == [(POLLING, [_arn(stream)])]


def test_a_reader_may_decrypt_with_the_customers_key() -> None:
    stream, key, granted = _grants(key=True)
    assert granted == [(POLLING, [_arn(stream)]), (["kms:Decrypt"], [_arn(key)])]


def test_a_reader_with_enhanced_fan_out_may_register_its_one_consumer() -> None:
    stream, _, granted = _grants(consumer="etl")
    assert granted == [
        (POLLING, [_arn(stream)]),
        (["kinesis:DescribeStreamSummary"], [_arn(stream)]),
        (
            [
                "kinesis:DeregisterStreamConsumer",
                "kinesis:DescribeStreamConsumer",
                "kinesis:RegisterStreamConsumer",
                "kinesis:SubscribeToShard",
            ],
            [_arn(stream), {"Fn::Join": ["", [_arn(stream), "/consumer/etl:*"]]}],
        ),
    ]


def test_a_consumer_name_that_would_widen_the_permission_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^consumer must have 1 to 128 letters.* \(got '\*'\); rename it$"):
        _grants(consumer="*")


def test_a_stream_encrypted_with_the_customers_key() -> None:
    stack = new_stack()
    DataStream(stack, "Stream", encryption_key=kms.Key(stack, "Key", enable_key_rotation=True))
    template = Template.from_stack(stack)
    key = only(template, "AWS::KMS::Key")["LogicalId"]
    encryption = only(template, "AWS::Kinesis::Stream")["Properties"]["StreamEncryption"]
    assert encryption == {"EncryptionType": "KMS", "KeyId": _arn(key)}


@pytest.mark.parametrize(
    ("method", "metric_name", "statistic"),
    [
        ("metric_incoming_records", "IncomingRecords", "Sum"),
        ("metric_incoming_bytes", "IncomingBytes", "Sum"),
        ("metric_put_records_throttled_records", "PutRecords.ThrottledRecords", "Sum"),
        ("metric_put_records_failed_records", "PutRecords.FailedRecords", "Sum"),
        ("metric_write_provisioned_throughput_exceeded", "WriteProvisionedThroughputExceeded", "Sum"),
        ("metric_read_provisioned_throughput_exceeded", "ReadProvisionedThroughputExceeded", "Sum"),
        ("metric_get_records_iterator_age_milliseconds", "GetRecords.IteratorAgeMilliseconds", "Maximum"),
    ],
)
def test_metrics_are_the_streams_own(method: str, metric_name: str, statistic: str) -> None:
    stream = DataStream(new_stack(), "Stream")
    metric = getattr(stream, method)()
    assert (metric.namespace, metric.metric_name, metric.statistic) == ("AWS/Kinesis", metric_name, statistic)
    assert metric.dimensions == {"StreamName": stream.stream_name}
    assert metric.period.to_seconds() == 300
    assert getattr(stream, method)(period=Duration.minutes(1)).period.to_seconds() == 60
    assert getattr(stream, method)(statistic="p99").statistic == "p99"


# A stream that exists.

STREAM_ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/trips"
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/12345678"


def test_an_existing_stream_gives_the_same_permissions_as_one_of_this_stack() -> None:
    stack = new_stack()
    key = kms.Key.from_key_arn(stack, "Key", KEY_ARN)
    existing = kinesis.Stream.from_stream_attributes(stack, "Trips", stream_arn=STREAM_ARN, encryption_key=key)
    stream = DataStream.from_stream(stack, "Stream", existing)
    role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    stream.grant_read(role, consumer="etl")
    stream.grant_write(role)
    assert findings(stack) == []
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::Kinesis::Stream", 0)
    granted = permissions(template, of="Job")
    assert (["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"], [STREAM_ARN]) in granted
    assert (["kinesis:PutRecords"], [STREAM_ARN]) in granted
    assert (["kms:Decrypt"], [KEY_ARN]) in granted
    assert (["kms:GenerateDataKey"], [KEY_ARN]) in granted


def test_an_existing_stream_has_metrics() -> None:
    stack = new_stack()
    existing = kinesis.Stream.from_stream_arn(stack, "Trips", STREAM_ARN)
    metric = DataStream.from_stream(stack, "Stream", existing).metric_incoming_records()
    assert (metric.metric_name, metric.dimensions) == ("IncomingRecords", {"StreamName": "trips"})


def test_a_stream_of_another_construct_is_granted_by_its_reference() -> None:
    stack = new_stack()
    stream = DataStream.from_stream(stack, "Stream", kinesis.Stream(stack, "Trips"))
    role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    stream.grant_write(role)
    arn = {"Fn::GetAtt": [only(Template.from_stack(stack), "AWS::Kinesis::Stream")["LogicalId"], "Arn"]}
    assert (["kinesis:PutRecords"], [arn]) in permissions(Template.from_stack(stack), of="Job")
