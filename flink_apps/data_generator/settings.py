"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flink_apps.common.properties import (
    Property,
    PropertyGroups,
    SettingsError,
    StreamArn,
    nearest,
    other_keys,
    refuse_unknown_keys,
)
from flink_apps.data_generator.records import DEFAULT_RECORD_TYPE, RECORD_TYPES, RecordType

RECORDS_PER_SECOND = Property(
    group="DataGen",
    key="records.per.second",
    default="10",
    meaning="total rate over all subtasks, in records per second; a whole number above 0",
)
RECORD_TYPE = Property(
    group="DataGen",
    key="record.type",
    default=DEFAULT_RECORD_TYPE.name,
    meaning=f"what is generated: {' or '.join(RECORD_TYPES)}",
)
KINESIS_STREAM_ARN = Property(group="KinesisSink", key="stream.arn", meaning="the stream to write to; required")
KINESIS_REGION = Property(
    group="KinesisSink", key="aws.region", meaning="the stream's region; by default the one in its ARN"
)
KAFKA_BOOTSTRAP_SERVERS = Property(
    group="KafkaSink", key="bootstrap.servers", meaning="the brokers, as host:port,host:port; required"
)
KAFKA_TOPIC = Property(group="KafkaSink", key="topic", meaning="the topic to write to; required")

PROPERTIES = (
    RECORDS_PER_SECOND,
    RECORD_TYPE,
    KINESIS_STREAM_ARN,
    KINESIS_REGION,
    KAFKA_BOOTSTRAP_SERVERS,
    KAFKA_TOPIC,
)
#: Groups whose other keys are handed on, and to whom.
PASSED_ON = {
    KINESIS_STREAM_ARN.group: "the Kinesis sink connector",
    KAFKA_TOPIC.group: "the Kafka producer",
}
#: More than any cluster does; the limit catches a slip of the keyboard.
MAX_RECORDS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class KinesisSink:
    """Where to write in Kinesis; ``options`` go to the sink connector as they are."""

    stream: StreamArn
    region: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KafkaSink:
    """Where to write in Kafka; ``producer`` goes to the Kafka producer as it is."""

    bootstrap_servers: str
    topic: str
    producer: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run of the generator is asked to do. A sink is on when its property group is there."""

    records_per_second: int
    record_type: RecordType = DEFAULT_RECORD_TYPE
    kinesis: KinesisSink | None = None
    kafka: KafkaSink | None = None

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups, or raise :class:`SettingsError`."""
        refuse_unknown_keys(groups, (RECORDS_PER_SECOND, RECORD_TYPE))
        settings = cls(
            records_per_second=RECORDS_PER_SECOND.whole_number(groups, low=1, high=MAX_RECORDS_PER_SECOND),
            record_type=_record_type(groups),
            kinesis=_kinesis_sink(groups),
            kafka=_kafka_sink(groups),
        )
        if settings.kinesis is None and settings.kafka is None:
            names = f"{KINESIS_STREAM_ARN.group} or {KAFKA_TOPIC.group}"
            raise SettingsError("the property groups", f"hold {names}", sorted(groups), "add one of the two, or both")
        return settings


def _record_type(groups: PropertyGroups) -> RecordType:
    name = RECORD_TYPE.required(groups, fix="write the name of a record type")
    if name not in RECORD_TYPES:
        raise RECORD_TYPE.error("be a known record type", name, nearest(name, RECORD_TYPES))
    return RECORD_TYPES[name]


def _kinesis_sink(groups: PropertyGroups) -> KinesisSink | None:
    if KINESIS_STREAM_ARN.group not in groups:
        return None
    arn = KINESIS_STREAM_ARN.required(groups, fix="write the ARN of the stream to write to")
    stream = StreamArn.parse(KINESIS_STREAM_ARN, arn)
    return KinesisSink(
        stream=stream,
        region=KINESIS_REGION.text(groups) or stream.region,
        options=other_keys(groups, KINESIS_STREAM_ARN, KINESIS_REGION),
    )


def _kafka_sink(groups: PropertyGroups) -> KafkaSink | None:
    if KAFKA_TOPIC.group not in groups:
        return None
    return KafkaSink(
        bootstrap_servers=KAFKA_BOOTSTRAP_SERVERS.required(groups, fix="write the brokers as host:port,host:port"),
        topic=KAFKA_TOPIC.required(groups, fix="write the topic to write to"),
        producer=other_keys(groups, KAFKA_BOOTSTRAP_SERVERS, KAFKA_TOPIC),
    )
