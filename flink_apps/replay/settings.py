"""The application's property group: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flink_apps.common import taxi_trip
from flink_apps.common.properties import Property, PropertyGroups, SettingsError, StreamArn, refuse_unknown_keys
from flink_apps.replay import schema

GROUP = "ReplayProperties"


def _key(key: str, meaning: str, default: str | None = None) -> Property:
    return Property(group=GROUP, key=key, meaning=meaning, default=default)


SOURCE_PATH = _key(
    "source.path",
    "a file, or a folder whose files are replayed in the order of their names, as s3://bucket/prefix; required",
)
SOURCE_FORMAT = _key(
    "source.format", "json (an object a line) or csv (with a header), each plain, gzip or zstd; or parquet", "json"
)
OUTPUT_STREAM_ARN = _key("output.stream.arn", "sink: the Kinesis stream to write to, in any AWS partition")
OUTPUT_KAFKA_SERVERS = _key("output.bootstrap.servers", "sink: the brokers to write to, as host:port,host:port")
OUTPUT_KAFKA_TOPIC = _key("output.topic", "the topic to write to")
SPEEDUP = _key("speedup", "how many times as fast as it once passed the time passes; may be a fraction", "6480")
TIME_ATTRIBUTE = _key("time.attribute", "the field with the time at which a trip is due", "dropoff_datetime")
SEEK = _key("seek", "where to begin, ISO-8601, UTC: earlier trips are left out; by default at the first one")
PARTITION_KEY = _key("partition.key", "the field by which the sink is partitioned", "trip_id")
BUFFER = _key("buffer.records", "how many records are read ahead and sorted by their time", "100000")
STATISTICS_INTERVAL = _key(
    "statistics.interval.seconds", "seconds from one logged line of statistics to the next", "20"
)
WATERMARK_INTERVAL = _key(
    "watermark.interval.seconds",
    "seconds of real time from one watermark event to the next; 0: none are sent",
    "0",
)
WATERMARK_SHARDS = _key(
    "watermark.shards",
    "shards or partitions that each watermark event is sent to: as many as the stream or the topic has",
    "1",
)
AT_END = _key("at.end", "when all has been replayed: stop ends the job, wait leaves it running", "stop")

PROPERTIES = (
    SOURCE_PATH,
    SOURCE_FORMAT,
    OUTPUT_STREAM_ARN,
    OUTPUT_KAFKA_SERVERS,
    OUTPUT_KAFKA_TOPIC,
    SPEEDUP,
    TIME_ATTRIBUTE,
    SEEK,
    PARTITION_KEY,
    BUFFER,
    STATISTICS_INTERVAL,
    WATERMARK_INTERVAL,
    WATERMARK_SHARDS,
    AT_END,
)
#: Keys of which only the prefix is known.
KINESIS_OPTIONS = _key("kinesis.*", "any such key goes to the Kinesis sink connector, without the prefix")
KAFKA_OPTIONS = _key("kafka.*", "any such key goes to the Kafka producer, without the prefix")
PREFIXED = (KINESIS_OPTIONS, KAFKA_OPTIONS)

#: To so many shards or partitions a watermark event can be sent.
MAX_WATERMARK_SHARDS = 10_000
FORMATS = ("json", "csv", "parquet")
_FIELD = "[A-Za-z_][A-Za-z0-9_]*"


@dataclass(frozen=True, kw_only=True)
class KinesisSink:
    """The stream to write to; ``options`` go to the sink connector as they are."""

    stream: StreamArn
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KafkaSink:
    """The topic to write to; ``producer`` goes to the Kafka producer as it is."""

    bootstrap_servers: str
    topic: str
    producer: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run of the replay is asked to do: files, their time line, one sink."""

    source_path: str
    source_format: str
    time_attribute: str
    speedup: float
    seek: datetime | None
    partition_key: str
    buffer_records: int
    statistics_interval_seconds: int
    watermark_interval_seconds: int
    watermark_shards: int
    waits_at_end: bool
    sink: KinesisSink | KafkaSink

    @property
    def sends_watermarks(self) -> bool:
        """Whether there are watermark events among the trips."""
        return self.watermark_interval_seconds > 0

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property group, or raise :class:`SettingsError`."""
        prefixes = tuple(prefix_of(prop) for prop in PREFIXED)
        own = {key: value for key, value in groups.get(GROUP, {}).items() if not key.startswith(prefixes)}
        refuse_unknown_keys({GROUP: own}, PROPERTIES)
        source_format = _one_of(groups, SOURCE_FORMAT, FORMATS)
        return cls(
            source_path=SOURCE_PATH.required(groups, fix="write for example s3://bucket/prefix"),
            source_format=source_format,
            time_attribute=_time_attribute(groups, source_format),
            speedup=_speedup(groups),
            seek=_seek(groups),
            partition_key=_partition_key(groups, source_format),
            buffer_records=BUFFER.whole_number(groups, low=1, high=1_000_000),
            statistics_interval_seconds=STATISTICS_INTERVAL.whole_number(groups, low=1, high=86_400),
            watermark_interval_seconds=WATERMARK_INTERVAL.whole_number(groups, low=0, high=86_400),
            watermark_shards=WATERMARK_SHARDS.whole_number(groups, low=1, high=MAX_WATERMARK_SHARDS),
            waits_at_end=_one_of(groups, AT_END, ("stop", "wait")) == "wait",
            sink=_sink(groups),
        )


def _one_of(groups: PropertyGroups, prop: Property, choices: tuple[str, ...]) -> str:
    value = prop.matching(
        groups, pattern="|".join(choices), rule=f"be one of {', '.join(choices)}", fix=f"write for example {choices[0]}"
    )
    return value or choices[0]


def _field(groups: PropertyGroups, prop: Property) -> str:
    name = prop.matching(groups, pattern=_FIELD, rule="be the name of a field", fix=f"write for example {prop.default}")
    return name or ""


def _time_attribute(groups: PropertyGroups, source_format: str) -> str:
    name = _field(groups, TIME_ATTRIBUTE)
    if source_format == "parquet" and name not in schema.TIMES:
        raise TIME_ATTRIBUTE.error(f"be one of {', '.join(schema.TIMES)} in Parquet files", name, "name one of them")
    return name


def _partition_key(groups: PropertyGroups, source_format: str) -> str:
    name = _field(groups, PARTITION_KEY)
    fields = [column.name for column in taxi_trip.TRIP]
    if source_format != "json" and name not in fields:
        raise PARTITION_KEY.error(f"be one of {', '.join(fields)}", name, f"write for example {PARTITION_KEY.default}")
    return name


def _speedup(groups: PropertyGroups) -> float:
    value = SPEEDUP.required(groups, fix="write for example 3600")
    number = float(value) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]+)?", value) else 0.0
    if number <= 0:
        raise SPEEDUP.error("be a number above 0", value, "write for example 3600, an hour in a second")
    return number


def _seek(groups: PropertyGroups) -> datetime | None:
    value = SEEK.text(groups)
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise SEEK.error("be a time, ISO-8601", value, "write for example 2024-01-31T12:00:00Z") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _sink(groups: PropertyGroups) -> KinesisSink | KafkaSink:
    arn = OUTPUT_STREAM_ARN.text(groups)
    kafka = [prop for prop in (OUTPUT_KAFKA_SERVERS, OUTPUT_KAFKA_TOPIC) if prop.text(groups)]
    if bool(arn) == bool(kafka):
        raise SettingsError(
            GROUP,
            f"name one sink: {OUTPUT_STREAM_ARN.key}, or {OUTPUT_KAFKA_SERVERS.key} with {OUTPUT_KAFKA_TOPIC.key}",
            sorted(groups.get(GROUP, {})),
            "remove one of the two" if arn else "add one of the two",
        )
    if arn:
        return KinesisSink(
            stream=StreamArn.parse(OUTPUT_STREAM_ARN, arn),
            options=_passed_on(groups, KINESIS_OPTIONS, refused=KAFKA_OPTIONS),
        )
    return KafkaSink(
        bootstrap_servers=OUTPUT_KAFKA_SERVERS.required(groups, fix="write the brokers as host:port,host:port"),
        topic=OUTPUT_KAFKA_TOPIC.required(groups, fix="write the topic to write to"),
        producer=_passed_on(groups, KAFKA_OPTIONS, refused=KINESIS_OPTIONS),
    )


def _passed_on(groups: PropertyGroups, wanted: Property, *, refused: Property) -> dict[str, str]:
    keys = groups[GROUP]
    for key in keys:
        if key.startswith(prefix_of(refused)):
            raise SettingsError(
                f"{GROUP}/{key}", "be of the sink that is chosen", key, f"remove it, or use {wanted.key}"
            )
    prefix = prefix_of(wanted)
    return {key.removeprefix(prefix): value for key, value in keys.items() if key.startswith(prefix)}


def prefix_of(prop: Property) -> str:
    """The prefix that a key of :data:`PREFIXED` stands for."""
    return prop.key.removesuffix("*")
