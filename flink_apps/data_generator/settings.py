"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flink_apps.common.properties import (
    Property,
    PropertyGroups,
    SettingsError,
    StreamArn,
    nearest,
    other_keys,
    refuse_unknown_keys,
)
from flink_apps.data_generator import faults, formats
from flink_apps.data_generator.faults import Faults
from flink_apps.data_generator.formats import Written
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
SEED = Property(
    group="DataGen",
    key="seed",
    meaning="a whole number, 0 to 4294967295: the same records for the same slice of the time line; by default other "
    "ones in each run",
)
START_TIME = Property(
    group="DataGen",
    key="start.time",
    default="2024-01-01T00:00:00Z",
    meaning="with a seed, the time of the time line's begin, from which the records' times count; without one they are "
    "the clock's",
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
    *formats.PROPERTIES,
    SEED,
    START_TIME,
    *faults.PROPERTIES,
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
#: One word of numpy's seeds: with the place on the time line beside it, no two seeds and places are the same.
MAX_SEED = 2**32 - 1


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
class Seed:
    """What makes a run reproducible: what its draws follow from, and the time of its begin, in ms since 1970."""

    number: int
    start_millis: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run of the generator is asked to do. A sink is on when its property group is there."""

    records_per_second: int
    record_type: RecordType = DEFAULT_RECORD_TYPE
    written: Written = field(default_factory=Written)
    key_field: str = DEFAULT_RECORD_TYPE.partition_key
    seed: Seed | None = None
    faults: Faults = field(default_factory=Faults)
    kinesis: KinesisSink | None = None
    kafka: KafkaSink | None = None

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups, or raise :class:`SettingsError`."""
        refuse_unknown_keys(groups, [prop for prop in PROPERTIES if prop.group not in PASSED_ON])
        record_type = _record_type(groups)
        settings = cls(
            records_per_second=RECORDS_PER_SECOND.whole_number(groups, low=1, high=MAX_RECORDS_PER_SECOND),
            record_type=record_type,
            written=Written.from_property_groups(groups),
            key_field=formats.key_field(groups, record_type),
            seed=_seed(groups),
            faults=Faults.from_property_groups(groups),
            kinesis=_kinesis_sink(groups),
            kafka=_kafka_sink(groups),
        )
        if settings.kinesis is None and settings.kafka is None:
            names = f"{KINESIS_STREAM_ARN.group} or {KAFKA_TOPIC.group}"
            raise SettingsError("the property groups", f"hold {names}", sorted(groups), "add one of the two, or both")
        if settings.faults.malformed and settings.written.format_name != formats.DEFAULT_FORMAT:
            share = settings.faults.malformed
            raise faults.MALFORMED.error(
                f"be 0 where {formats.FORMAT.name} is not json", share, "leave one of the two out"
            )
        return settings


def _record_type(groups: PropertyGroups) -> RecordType:
    name = RECORD_TYPE.required(groups, fix="write the name of a record type")
    if name not in RECORD_TYPES:
        raise RECORD_TYPE.error("be a known record type", name, nearest(name, RECORD_TYPES))
    return RECORD_TYPES[name]


def _seed(groups: PropertyGroups) -> Seed | None:
    begin = START_TIME.required(groups, fix="write a time")
    try:
        time = datetime.fromisoformat(begin)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or time.year < 1970:
        raise START_TIME.error(
            "be a time of ISO 8601 since 1970 with its zone", begin, "write for example 2024-01-01T00:00:00Z"
        )
    if SEED.text(groups) is None:
        return None
    return Seed(number=SEED.whole_number(groups, low=0, high=MAX_SEED), start_millis=round(time.timestamp() * 1000))


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
