"""The ends: what a scenario's keys lead to, and the tables that it makes of them."""

from __future__ import annotations

import pytest

from flink_apps.common.aws import REGION
from flink_apps.common.dead_letters import DeadLetterOptions
from flink_apps.common.ends import kinesis
from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisOptions, KinesisStream, StreamArn
from flink_apps.common.ends.s3 import BucketPrefix
from flink_apps.common.options import Group
from flink_apps.common.properties import SettingsError
from flink_apps.common.tables import JSON, RAW_JSON

ARN = Group("KinesisSink")("stream.arn", kinesis.ARN, "the stream")


@pytest.mark.parametrize(
    ("arn", "region"),
    [
        ("arn:aws:kinesis:eu-central-1:123456789012:stream/prices", "eu-central-1"),
        ("arn:aws-cn:kinesis:cn-north-1:123456789012:stream/prices", "cn-north-1"),
        ("arn:aws-us-gov:kinesis:us-gov-west-1:123456789012:stream/prices", "us-gov-west-1"),
        ("arn:aws-iso-b:kinesis:us-isob-east-1:123456789012:stream/prices", "us-isob-east-1"),
        ("arn:aws-eusc:kinesis:eusc-de-east-1:123456789012:stream/prices", "eusc-de-east-1"),
    ],
)
def test_an_arn_of_any_partition_is_taken(arn: str, region: str) -> None:
    assert ARN.parse(arn) == StreamArn(text=arn, region=region, stream_name="prices")


@pytest.mark.parametrize(
    "arn",
    [
        "prices",
        "arn:aws:kinesis:eu-central-1:123456789012:prices",
        "arn:aws:kinesis::123456789012:stream/prices",
        "arn:aws:kinesis:eu-central-1:1234:stream/prices",
        "arn:aws:sqs:eu-central-1:123456789012:stream/prices",
        "arn:aws:kinesis:eu-central-1:123456789012:stream/",
        "arn:aws:kinesis:eu-central-1:123456789012:stream/a b",
    ],
)
def test_a_malformed_arn_is_refused_with_what_one_looks_like(arn: str) -> None:
    with pytest.raises(SettingsError, match=r"stream\.arn must be the ARN of a Kinesis stream .*write arn:<"):
        ARN.parse(arn)


def test_a_stream_named_by_its_arn_has_the_arns_region_and_the_endpoint_that_is_named() -> None:
    arn = "arn:aws:kinesis:eu-central-1:123456789012:stream/prices"
    groups = {"KinesisSink": {"stream.arn": arn}, "AwsEndpoints": {"kinesis": "http://127.0.0.1:4567"}}
    stream = KinesisOptions(stream=ARN).read(groups)
    assert stream == KinesisStream(name="prices", region="eu-central-1", arn=arn, endpoint="http://127.0.0.1:4567")
    for table in (stream.source("in", record_format=JSON), stream.sink("out", key=None)):
        assert table.options["stream.arn"] == arn
        assert table.options["aws.endpoint"] == "http://127.0.0.1:4567"
        assert "stream.name" not in table.options


def test_the_kinesis_sink_names_the_stream_and_hands_other_options_on() -> None:
    stream = KinesisStream(name="prices", region="eu-west-1", options={"sink.batch.max-size": "200"})
    sink = stream.sink("out", key="ticker")
    assert sink.options["stream.name"] == "prices"
    assert sink.options["aws.region"] == "eu-west-1"
    assert sink.options["sink.batch.max-size"] == "200"
    assert "aws.endpoint" not in sink.options
    assert sink.partitioned_by == ("ticker",)


def test_a_source_says_where_each_record_came_from() -> None:
    stream = KinesisStream(name="prices", region="eu-west-1").source("in", record_format=JSON)
    topic = KafkaTopic(bootstrap_servers="b:9098", topic="prices", group="me").source("in", record_format=RAW_JSON)
    for source in (stream, topic):
        assert [column.name for column in source.metadata] == ["source_partition", "source_position"]
    assert topic.options["properties.group.id"] == "me"
    assert topic.options["properties.isolation.level"] == "read_committed"


def test_the_kafka_sink_hands_producer_settings_on_and_they_win_over_its_own() -> None:
    topic = KafkaTopic(bootstrap_servers="b:9098", topic="prices", client={"linger.ms": "0"})
    sink = topic.sink("out", key="ticker")
    assert sink.options["properties.bootstrap.servers"] == "b:9098"
    assert sink.options["properties.linger.ms"] == "0"
    assert sink.options["key.fields"] == "ticker"
    assert sink.options["sink.delivery-guarantee"] == "at-least-once"


def test_a_prefix_of_transactional_ids_makes_the_kafka_sink_exactly_once() -> None:
    topic = KafkaTopic(bootstrap_servers="b:9098", topic="prices", transactional_id_prefix="me")
    options = topic.sink("out", key=None).options
    assert options["sink.delivery-guarantee"] == "exactly-once"
    assert options["sink.transactional-id-prefix"] == "me"


def test_dead_letters_in_a_topic_have_transactional_ids_of_their_own() -> None:
    region = Group("App")("Region", REGION, "the region")
    options = DeadLetterOptions.in_group("App", region=region, with_topic=True)
    cluster = KafkaTopic(bootstrap_servers="b:9098", topic="prices", group="me")
    letters = options.read({"App": {"DeadLetterKafkaTopic": "bad"}}, cluster=cluster, transactional_id_prefix="mine")
    assert letters == KafkaTopic(bootstrap_servers="b:9098", topic="bad", transactional_id_prefix="mine-dead-letters")


@pytest.mark.parametrize(
    ("one", "other", "overlap"), [("a", "a", True), ("a", "a/b", True), ("a/b", "a", True), ("a", "ab", False)]
)
def test_folders_overlap_where_one_lies_in_the_other(one: str, other: str, overlap: bool) -> None:
    assert BucketPrefix(bucket="lake", prefix=one).overlaps(BucketPrefix(bucket="lake", prefix=other)) is overlap
    assert not BucketPrefix(bucket="lake", prefix=one).overlaps(BucketPrefix(bucket="sea", prefix=other))
