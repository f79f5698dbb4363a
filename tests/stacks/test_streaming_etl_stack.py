"""The streaming ETL's stack with every set of source and sinks: what it is meant to say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboards.search import index_templates
from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS
from flink_apps.common.ends.s3 import BucketPrefix
from flink_apps.replay import settings as replay_settings
from flink_apps.streaming_etl import settings
from flink_apps.streaming_etl.metrics import DEAD_LETTER_COUNT, DOCUMENTS_REJECTED
from flink_constructs.validation import InvalidArgumentError
from stacks.streaming_etl import SINK_TOPIC, SOURCE_TOPIC, StreamingEtlConfig
from tests.constructs.checks import permissions
from tests.stacks.streaming_etl_variants import VARIANTS
from tests.stacks.variants import (
    BUCKET,
    CLUSTER,
    DOMAIN,
    LIFECYCLE,
    STREAM,
    TOPIC,
    Variant,
    make,
    resolved,
    spelled,
)


def variant(name: str) -> Variant:
    return make({"scenario": "streaming-etl", **VARIANTS[name]})


def sinks_of(name: str) -> set[str]:
    return set(VARIANTS[name].get("streaming-etl.sinks", "s3,opensearch").split(","))


def source_of(name: str) -> str:
    return str(VARIANTS[name].get("streaming-etl.source", "kinesis"))


def dead_letters_of(name: str) -> str:
    return str(VARIANTS[name].get("streaming-etl.dead-letters", "s3"))


def ends_of(name: str) -> set[str]:
    return {source_of(name), dead_letters_of(name), *sinks_of(name)}


def installed(name: str, resource_type: str) -> dict[str, Any]:
    """What is installed in the domain by resources of a type, by its path."""
    objects = [body["Properties"]["Objects"] for body in variant(name).of_type(resource_type).values()]
    return {entry["path"]: entry["body"] for texts in objects for entry in json.loads(spelled(texts))}


def read_by_the_job(name: str) -> settings.Settings:
    """What the job makes of the property groups, once CloudFormation has put in what it knows only then."""
    texts = {
        settings.SOURCE_STREAM.stream: "trips",
        settings.SOURCE_STREAM.region: "eu-west-1",
        settings.SOURCE_TOPIC.servers: "b-1:9098,b-2:9098",
        settings.SINK_STREAM.stream: "clean",
        settings.SINK_STREAM.region: "eu-west-1",
        settings.SINK_TOPIC.servers: "b-1:9098,b-2:9098",
        settings.SINK_BUCKET.bucket: "lake",
        settings.SINK_DOMAIN.endpoint: "https://search.example.org",
        settings.SINK_DOMAIN.region: "eu-west-1",
        settings.DEAD_LETTERS.bucket.bucket: "lake",
        settings.DEAD_LETTERS.stream.stream: "letters",
        settings.DEAD_LETTERS.stream.region: "eu-west-1",
    }
    groups = resolved(variant(name).property_groups(), {option.name: text for option, text in texts.items() if option})
    return settings.Settings.from_property_groups(groups)


@pytest.mark.parametrize("name", VARIANTS)
def test_there_is_what_the_source_and_the_sinks_need_and_nothing_else(name: str) -> None:
    ends, found = ends_of(name), variant(name)
    streams = [source_of(name), dead_letters_of(name), *sinks_of(name)].count("kinesis")
    topics = [source_of(name), dead_letters_of(name), *sinks_of(name)].count("kafka")
    assert len(found.of_type(STREAM)) == streams
    assert len(found.of_type(TOPIC)) == topics
    assert len(found.of_type(CLUSTER)) == ("kafka" in ends)
    assert len(found.of_type(DOMAIN)) == ("opensearch" in ends)
    needs_vpc = bool(ends & {"kafka", "opensearch"}) or "streaming-etl.vpc" in VARIANTS[name]
    assert len(found.of_type("AWS::EC2::VPC")) == needs_vpc


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_understands_what_the_stack_tells_it(name: str) -> None:
    job = read_by_the_job(name)
    assert isinstance(job.source, KinesisStream) == (source_of(name) == "kinesis")
    has = {"kinesis": job.kinesis, "kafka": job.kafka, "s3": job.s3, "opensearch": job.search}
    assert {sink for sink, there in has.items() if there} == sinks_of(name)
    kinds = {"s3": BucketPrefix, "kinesis": KinesisStream, "kafka": KafkaTopic}
    assert type(job.dead_letters) is kinds[dead_letters_of(name)]


@pytest.mark.parametrize("name", VARIANTS)
def test_the_replay_writes_into_the_source_and_is_not_started(name: str) -> None:
    found = variant(name)
    if name == "without-replay":
        assert replay_settings.GROUP not in json.dumps(found.resources)
        return
    keys = found.property_groups("Replay")[replay_settings.GROUP]
    job = found.property_groups()[settings.GROUP]
    if source_of(name) == "kinesis":
        [stream] = [logical_id for logical_id in found.of_type(STREAM) if logical_id.startswith("Source")]
        assert keys[replay_settings.SINK_STREAM.stream.key] == {"Fn::GetAtt": [stream, "Arn"]}
        assert job[settings.SOURCE_STREAM.stream.key] == {"Ref": stream}
    else:
        assert keys[replay_settings.SINK_TOPIC.topic.key] == job[settings.SOURCE_TOPIC.topic.key] == SOURCE_TOPIC
    assert not [application for application in found.started if application.startswith("Replay")]


def test_the_commissions_files_are_replayed_by_context_keys_alone() -> None:
    context = {
        "replay-from": "s3://nyc-tlc/trip-data=yellow/year=2019",
        "replay-format": "parquet",
        "replay-time-zone": "America/New_York",
        "replay-time-attribute": "pickup_datetime",
        "replay-seek": "2019-01-05T00:00:00Z",
        "replay-gap-limit-seconds": "600",
    }
    made = make({"scenario": "streaming-etl", **{f"streaming-etl.{key}": value for key, value in context.items()}})
    keys = made.property_groups("Replay")[replay_settings.GROUP]
    assert {key: keys[key] for key in keys if not key.startswith("output.")} == {
        "source.path": "s3://nyc-tlc/trip-data=yellow/year=2019",
        "source.format": "parquet",
        "speedup": "6480",
        "gap.limit.seconds": "600",
        "time.attribute": "pickup_datetime",
        "time.zone": "America/New_York",
        "seek": "2019-01-05T00:00:00+00:00",
        "watermark.interval.seconds": "0",
    }


@pytest.mark.parametrize(("source", "shards"), [("kinesis", "16"), ("kafka", "6")])
def test_watermarks_go_to_every_shard_or_partition_of_the_source(source: str, shards: str) -> None:
    context = {"streaming-etl.source": source, "streaming-etl.replay-watermark-seconds": "10"}
    keys = make({"scenario": "streaming-etl", **context}).property_groups("Replay")[replay_settings.GROUP]
    assert keys[replay_settings.WATERMARK_INTERVAL.key] == "10"
    assert keys[replay_settings.WATERMARK_SHARDS.key] == shards


def test_each_role_may_do_just_its_part_for_streams_alone() -> None:
    found = variant("kinesis-to-kinesis")
    job = {action for actions, _ in permissions(found.template, of=found.application_role()) for action in actions}
    kinesis = {action for action in job if action.startswith("kinesis:")}
    assert kinesis == {"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:PutRecords"}
    for actions, resources in permissions(found.template, of=found.application_role()):
        if "kinesis:PutRecords" in actions:
            assert [resource["Fn::GetAtt"][0].startswith("Sink") for resource in resources] == [True]
        if "kinesis:GetRecords" in actions:
            assert [resource["Fn::GetAtt"][0].startswith("Source") for resource in resources] == [True]
    replay = permissions(found.template, of=found.application_role("Replay"))
    assert [resources for actions, resources in replay if "kinesis:GetRecords" in actions] == []


def test_the_job_writes_trips_and_dead_letters_below_their_prefixes_alone() -> None:
    found = variant("kinesis-to-s3")
    puts = [
        json.dumps(resources)
        for actions, resources in permissions(found.template, of=found.application_role())
        if "s3:PutObject" in actions
    ]
    assert len(puts) >= 1
    assert all(part in "".join(puts) for part in ("/trips/*", "/dead-letters/*"))
    assert "/history" not in "".join(puts)


def test_a_history_elsewhere_is_read_at_its_prefix_alone() -> None:
    found = variant("history-elsewhere")
    assert found.of_type(BUCKET) == {}
    reads = [
        json.dumps(resources)
        for actions, resources in permissions(found.template, of=found.application_role("Replay"))
        if "s3:GetObject" in actions
    ]
    assert any("archive-of-rides/yellow/2019/*" in resources for resources in reads)


def test_the_bucket_is_encrypted_versioned_and_private() -> None:
    [bucket] = variant("kinesis-to-s3").of_type(BUCKET).values()
    properties = bucket["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize("name", ["default", "own-trip-types"])
def test_index_templates_grant_and_job_have_the_same_types_of_trips(name: str) -> None:
    types = read_by_the_job(name).trip_types
    templates = index_templates("streaming-etl", trips=types)
    assert set(templates) == {REJECTED_DOCUMENTS, "trips"}
    assert templates["trips"]["index_patterns"] == list(types)
    expected = {f"/_index_template/{template}": body for template, body in templates.items()}
    assert installed(name, "Custom::OpenSearchObjects") == {**expected, f"/{REJECTED_DOCUMENTS}": {}}
    [writer] = [
        body for path, body in installed(name, "Custom::OpenSearchSecurity").items() if "index_permissions" in body
    ]
    assert writer["index_permissions"][0]["index_patterns"] == [*types, REJECTED_DOCUMENTS]


def test_the_types_of_trips_come_from_the_context() -> None:
    assert read_by_the_job("own-trip-types").trip_types == ("boat", "bus-trip")
    with pytest.raises(
        InvalidArgumentError, match=r"^streaming-etl.trip-types must be 1 to 50 names .* \(got 'Boat'\)"
    ):
        StreamingEtlConfig.parse({"trip-types": "Boat"})


@pytest.mark.parametrize("name", ["default", "kafka-to-opensearch"])
def test_the_index_of_rejected_documents_is_there_before_the_job_and_after_its_template(name: str) -> None:
    made = {
        path: (logical_id, body.get("DependsOn", []))
        for logical_id, body in variant(name).of_type("Custom::OpenSearchObjects").items()
        for path in [entry["path"] for entry in json.loads(body["Properties"]["Objects"])]
    }
    index, needed = made[f"/{REJECTED_DOCUMENTS}"]
    assert made[f"/_index_template/{REJECTED_DOCUMENTS}"][0] in needed
    [starts, *_] = [body for body in variant(name).of_type(LIFECYCLE).values() if index in body["DependsOn"]]
    assert starts


def test_endpoints_lead_to_what_is_used_and_there_is_no_way_to_the_internet() -> None:
    found = variant("kafka-to-opensearch")
    names = json.dumps(list(found.of_type("AWS::EC2::VPCEndpoint").values()))
    for service in (".logs", ".monitoring", ".sts", ".s3"):
        assert service in names
    assert "kinesis-streams" not in names
    for resource_type in ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway"):
        assert found.of_type(resource_type) == {}
    assert len(variant("own-vpc-with-nat").of_type("AWS::EC2::NatGateway")) == 1


def test_dead_letters_raise_an_alarm_above_their_threshold() -> None:
    [alarm] = [
        body["Properties"]
        for body in variant("default").of_type("AWS::CloudWatch::Alarm").values()
        if DEAD_LETTER_COUNT in json.dumps(body)
    ]
    assert alarm["Threshold"] == StreamingEtlConfig().dead_letters_alarm
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_refused_documents_raise_an_alarm_where_opensearch_is_a_sink() -> None:
    for name, expected in (("default", True), ("kinesis-to-s3", False)):
        alarms = json.dumps(variant(name).of_type("AWS::CloudWatch::Alarm"))
        assert (DOCUMENTS_REJECTED in alarms) is expected


def test_alarms_go_to_the_topic_that_is_named() -> None:
    for alarm in variant("alarms-to-a-topic").of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["Properties"]["AlarmActions"] == ["arn:aws:sns:eu-west-1:123456789012:pager"]


def test_the_outputs_have_ready_commands_and_links() -> None:
    outputs = variant("default").template.to_json()["Outputs"]
    assert {
        "ApplicationName",
        "DashboardUrl",
        "DeadLettersUri",
        "SearchEndpoint",
        "SourceStreamName",
        "StartReplayCommand",
        "StopReplayCommand",
        "TripsUri",
        "UploadHistoryCommand",
    } <= set(outputs)
    assert all(output["Description"] for output in outputs.values())


def test_the_public_scenarios_figures_are_the_defaults() -> None:
    config = StreamingEtlConfig()
    assert (config.parallelism, config.parallelism_per_kpu, config.checkpoint_seconds) == (2, 1, 60)
    assert (config.shards, config.auto_scaling, config.parquet) == (16, False, True)
    assert variant("kafka-to-kafka").property_groups()[settings.GROUP][settings.SINK_TOPIC.topic.key] == SINK_TOPIC


REFUSED = {
    "no sink": ({"streaming-etl.sinks": ""}, "streaming-etl.sinks must name at least 1 (got [])"),
    "a sink twice": ({"streaming-etl.sinks": "s3,s3"}, "streaming-etl.sinks must name each sink once"),
    "an unknown sink": (
        {"streaming-etl.sinks": "redshift"},
        "streaming-etl.sinks must be 'kinesis', 'kafka', 's3' or 'opensearch' (got 'redshift')",
    ),
    "an unknown source": ({"streaming-etl.source": "s3"}, "streaming-etl.source must be 'kinesis' or 'kafka'"),
    "no VPC for Kafka": (
        {"streaming-etl.source": "kafka", "streaming-etl.vpc": "false"},
        "streaming-etl.vpc must be true where Kafka is used, which is reached from a VPC alone",
    ),
    "NAT without a VPC": (
        {"streaming-etl.sinks": "s3", "streaming-etl.nat-gateways": "1"},
        "streaming-etl.nat-gateways must be 0 where there is no VPC",
    ),
    "a topic without a cluster": (
        {"streaming-etl.sinks": "s3", "streaming-etl.dead-letters": "kafka"},
        "streaming-etl.dead-letters must go with a Kafka source or sink",
    ),
    "no shards": ({"streaming-etl.shards": "0"}, "streaming-etl.shards must be from 1 to 20000, or on-demand"),
    "no speed": ({"streaming-etl.replay-speedup": "0"}, "streaming-etl.replay-speedup must be a number above 0"),
    "watermarks to unknown shards": (
        {"streaming-etl.shards": "on-demand", "streaming-etl.replay-watermark-seconds": "10"},
        "streaming-etl.replay-watermark-seconds must be 0 where the source is on-demand",
    ),
    "watermarks to too many shards": (
        {"streaming-etl.shards": "10001", "streaming-etl.replay-watermark-seconds": "10"},
        "streaming-etl.replay-watermark-seconds must be 0 where the source is on-demand, or has more than 10000 shards",
    ),
    "no format": ({"streaming-etl.replay-format": "xml"}, "streaming-etl.replay-format must be json or csv or parquet"),
    "no zone": (
        {"streaming-etl.replay-time-zone": "5"},
        "streaming-etl.replay-time-zone must be the name of a time zone",
    ),
    "no time": ({"streaming-etl.replay-seek": "soon"}, "streaming-etl.replay-seek must be a time, ISO-8601"),
    "a wrong place": ({"streaming-etl.replay-from": "rides"}, "streaming-etl.replay-from must match"),
    "a typo": ({"streaming-etl.sink": "s3"}, "did you mean sinks?"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_its_reason(case: str) -> None:
    context, message = REFUSED[case]
    with pytest.raises(InvalidArgumentError) as refused:
        make({"scenario": "streaming-etl", **context})
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
