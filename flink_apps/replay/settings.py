"""The application's property group: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flink_apps.common import taxi_trip
from flink_apps.common.aws import KINESIS_ENDPOINT
from flink_apps.common.ends import kafka, kinesis
from flink_apps.common.ends.kafka import KafkaOptions, KafkaTopic
from flink_apps.common.ends.kinesis import KinesisOptions, KinesisStream
from flink_apps.common.options import (
    Group,
    Option,
    Type,
    choice,
    integer,
    matching,
    number_above,
    refuse_unknown_keys,
    text,
)
from flink_apps.common.properties import PropertyGroups, SettingsError

GROUP = "ReplayProperties"
JSON, CSV, PARQUET = "json", "csv", "parquet"
STOP, WAIT = "stop", "wait"
#: The most shards or partitions that a watermark event can be sent to.
MAX_WATERMARK_SHARDS = 10_000
#: The longest limit of gaps: a century.
MAX_GAP_SECONDS = 3_155_760_000
_DAY_SECONDS = 86_400

_option = Group(GROUP)
_FIELD = matching("[A-Za-z_][A-Za-z0-9_]*", values="the name of a field", example="dropoff_datetime")
ZONE = matching(
    "[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", values="the name of a time zone", example="America/New_York"
)


def _time(value: str) -> datetime:
    time = datetime.fromisoformat(value)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


TIME: Type[datetime] = Type(
    values="a time, ISO-8601", example="2024-01-31T12:00:00Z", parse=_time, write=datetime.isoformat
)

SOURCE_PATH = _option(
    "source.path",
    text(example="s3://bucket/prefix"),
    "file or folder to replay, as s3://bucket/prefix; a folder's files are read in the order of their names; required",
)
SOURCE_FORMAT = _option(
    "source.format",
    choice(JSON, CSV, PARQUET),
    "format of the files; json (one object per line) and csv (with a header) may be plain, gzip or zstd",
    JSON,
)
SINK_STREAM = KinesisOptions(
    stream=_option("output.stream.arn", kinesis.ARN, "sink: the Kinesis stream to write to, in any AWS partition"),
)
SINK_TOPIC = KafkaOptions(
    servers=_option("output.bootstrap.servers", kafka.BROKERS, "sink: the brokers to write to, as host:port,host:port"),
    topic=_option("output.topic", kafka.TOPIC, "the topic to write to"),
)
SPEEDUP = _option("speedup", number_above(0, example="3600"), "how many times faster than real time to replay", 6480.0)
GAP_LIMIT = _option(
    "gap.limit.seconds",
    integer(0, MAX_GAP_SECONDS),
    "seconds of event time; where trips lie further apart, the gap is skipped, and counted; 0: no gap is",
    3_600,
)
TIME_ATTRIBUTE = _option("time.attribute", _FIELD, "field with the event time of a trip", "dropoff_datetime")
TIME_ZONE = _option("time.zone", ZONE, "time zone of times that do not say theirs; the commission's are local", "UTC")
SEEK = _option("seek", TIME, "time to start at, in UTC: earlier trips are skipped; by default the first trip's")
PARTITION_KEY = _option("partition.key", _FIELD, "field that the sink uses as partition key", "trip_id")
BUFFER = _option(
    "buffer.records", integer(1, 1_000_000), "how many records are read ahead and sorted by event time", 100_000
)
STATISTICS_INTERVAL = _option(
    "statistics.interval.seconds",
    integer(1, _DAY_SECONDS),
    "seconds between two lines of statistics in the log",
    20,
)
WATERMARK_INTERVAL = _option(
    "watermark.interval.seconds",
    integer(0, _DAY_SECONDS),
    "seconds between two watermark events in each shard or partition, by the clock; 0: no watermark events",
    0,
)
WATERMARK_SHARDS = _option(
    "watermark.shards",
    integer(1, MAX_WATERMARK_SHARDS),
    "number of shards or partitions of the sink; each gets its own copy of a watermark event",
    1,
)
AT_END = _option("at.end", choice(STOP, WAIT), "after the last trip: stop ends the job, wait leaves it running", STOP)

_OWN = (
    SOURCE_PATH,
    SOURCE_FORMAT,
    *SINK_STREAM.all(),
    *SINK_TOPIC.all(),
    SPEEDUP,
    GAP_LIMIT,
    TIME_ATTRIBUTE,
    TIME_ZONE,
    SEEK,
    PARTITION_KEY,
    BUFFER,
    STATISTICS_INTERVAL,
    WATERMARK_INTERVAL,
    WATERMARK_SHARDS,
    AT_END,
)
#: Prefixes; the rest of the key is up to the user.
KINESIS_OPTIONS = _option(
    "kinesis.*", text(example=""), "options of the Kinesis sink connector, passed on without the prefix"
)
KAFKA_OPTIONS = _option("kafka.*", text(example=""), "options of the Kafka producer, passed on without the prefix")
#: Every option of the job, in the order of the README's table.
OPTIONS = (*_OWN, KINESIS_OPTIONS, KAFKA_OPTIONS, KINESIS_ENDPOINT)
#: Groups whose other keys are passed on, and to whom.
PASSED_ON: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The checked settings of one replay: files, their time line, one sink."""

    source_path: str
    source_format: str
    time_attribute: str
    time_zone: str
    speedup: float
    gap_limit_seconds: int
    seek: datetime | None
    partition_key: str
    buffer_records: int
    statistics_interval_seconds: int
    watermark_interval_seconds: int
    watermark_shards: int
    waits_at_end: bool
    sink: KinesisStream | KafkaTopic

    @property
    def sends_watermarks(self) -> bool:
        """Whether there are watermark events among the trips."""
        return self.watermark_interval_seconds > 0

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property group.

        Raises:
            SettingsError: A property is invalid.

        """
        prefixes = tuple(prefix_of(option) for option in (KINESIS_OPTIONS, KAFKA_OPTIONS))
        own = {key: value for key, value in groups.get(GROUP, {}).items() if not key.startswith(prefixes)}
        refuse_unknown_keys({GROUP: own}, _OWN)
        source_format = SOURCE_FORMAT.read(groups)
        return cls(
            source_path=SOURCE_PATH.read(groups),
            source_format=source_format,
            time_attribute=TIME_ATTRIBUTE.read(groups),
            time_zone=TIME_ZONE.read(groups),
            speedup=SPEEDUP.read(groups),
            gap_limit_seconds=GAP_LIMIT.read(groups),
            seek=SEEK.find(groups),
            partition_key=_partition_key(groups, source_format),
            buffer_records=BUFFER.read(groups),
            statistics_interval_seconds=STATISTICS_INTERVAL.read(groups),
            watermark_interval_seconds=WATERMARK_INTERVAL.read(groups),
            watermark_shards=WATERMARK_SHARDS.read(groups),
            waits_at_end=AT_END.read(groups) == WAIT,
            sink=_sink(groups),
        )


def _partition_key(groups: PropertyGroups, source_format: str) -> str:
    name = PARTITION_KEY.read(groups)
    fields = [column.name for column in taxi_trip.TRIP]
    if source_format != JSON and name not in fields:
        raise PARTITION_KEY.error(f"be one of {', '.join(fields)}", name, f"write for example {PARTITION_KEY.default}")
    return name


def _sink(groups: PropertyGroups) -> KinesisStream | KafkaTopic:
    to_kinesis = SINK_STREAM.stream.is_set(groups)
    if to_kinesis == any(option.is_set(groups) for option in SINK_TOPIC.all()):
        raise SettingsError(
            GROUP,
            f"name one sink: {SINK_STREAM.stream.key}, or {SINK_TOPIC.servers.key} with {SINK_TOPIC.topic.key}",
            sorted(groups.get(GROUP, {})),
            "remove one of the two" if to_kinesis else "add one of the two",
        )
    if to_kinesis:
        return SINK_STREAM.read(groups, options=_passed_on(groups, KINESIS_OPTIONS, refused=KAFKA_OPTIONS))
    return SINK_TOPIC.read(groups, client=_passed_on(groups, KAFKA_OPTIONS, refused=KINESIS_OPTIONS))


def _passed_on(groups: PropertyGroups, wanted: Option[str], *, refused: Option[str]) -> dict[str, str]:
    keys = groups[GROUP]
    for key in keys:
        if key.startswith(prefix_of(refused)):
            raise SettingsError(
                f"{GROUP}/{key}", "be of the sink that is chosen", key, f"remove it, or use {wanted.key}"
            )
    prefix = prefix_of(wanted)
    return {key.removeprefix(prefix): value for key, value in keys.items() if key.startswith(prefix)}


def prefix_of(option: Option[str]) -> str:
    """The prefix of :data:`KINESIS_OPTIONS` or :data:`KAFKA_OPTIONS`, without the ``*``."""
    return option.key.removesuffix("*")
