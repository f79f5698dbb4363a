"""Dead letters: bad records, kept with the reason. Standard library only."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from flink_apps.common.ends.kafka import LARGEST_MESSAGE_BYTES, TOPIC, KafkaTopic
from flink_apps.common.ends.kinesis import NAME, KinesisOptions, KinesisStream, StreamArn
from flink_apps.common.ends.s3 import BUCKET, PREFIX, BucketOptions, BucketPrefix
from flink_apps.common.options import Group, Option
from flink_apps.common.properties import PropertyGroups, SettingsError
from flink_apps.common.sql import beginning, literal
from flink_apps.common.tables import JSON_LINES, SOURCE_PARTITION, SOURCE_POSITION, Column, Connector, Output

#: The metric, in the group that the service publishes to CloudWatch: dead letters per subtask since the start.
DEAD_LETTER_COUNT = "deadLetterCount"

#: A record's bytes.
RAW = Column("raw", "BYTES")
#: What the format found wrong with them; NULL if nothing.
ERROR = Column("error", "STRING")
#: The code of that error, which stays the same when its wording changes.
ERROR_CODE = Column("error_code", "STRING")
#: The bytes, the reason, the time of the refusal, and the record's position in the source.
DEAD_LETTER = (
    RAW,
    Column("reason", "STRING"),
    Column("time", "TIMESTAMP_LTZ(3)"),
    Column("source", "STRING"),
    Column("partition", "STRING"),
    Column("position", "STRING"),
)
#: The most bytes of a record that a dead letter in a stream or topic keeps: as Base64 they are a third longer.
LARGEST_BYTES = 740_000
#: The folder of a dead letter in S3: the day of the refusal, UTC.
DAY = Column("day", "STRING")

DeadLetterEnd = BucketPrefix | KinesisStream | KafkaTopic


def largest_bytes(end: DeadLetterEnd) -> int:
    """The same for this end: a topic whose producer sends less than by default keeps less in proportion."""
    if isinstance(end, KafkaTopic):
        return min(LARGEST_BYTES, LARGEST_BYTES * end.max_request_size // LARGEST_MESSAGE_BYTES)
    return LARGEST_BYTES


@dataclass(frozen=True, kw_only=True)
class DeadLetterOptions:
    """The keys that name the end for dead letters; exactly one end has to be named."""

    bucket: BucketOptions
    stream: KinesisOptions
    topic: Option[str] | None = None

    @classmethod
    def in_group(
        cls, group: str, *, region: Option[str], default_bucket: Option[str] | None = None, with_topic: bool = False
    ) -> DeadLetterOptions:
        """Declare the options of a group.

        Args:
            group: The property group.
            region: The option with the stream's region.
            default_bucket: The option whose bucket is used if no end is named. Default: an end has to be named.
            with_topic: Whether a Kafka topic can be the end.

        """
        option = Group(group)
        otherwise = f"; by default {default_bucket.key}" if default_bucket else ""
        return cls(
            bucket=BucketOptions(
                bucket=option("DeadLetterBucket", BUCKET, f"dead letters: name of an S3 bucket{otherwise}"),
                prefix=option("DeadLetterPrefix", PREFIX, "prefix of the dead letters in the bucket", "dead-letters"),
            ),
            stream=KinesisOptions(
                stream=option(
                    "DeadLetterKinesisStream", NAME, "dead letters: name of a Kinesis stream instead of a bucket"
                ),
                region=region,
            ),
            topic=option(
                "DeadLetterKafkaTopic",
                TOPIC,
                "dead letters: name of a Kafka topic instead of a bucket, on the sink's brokers or else the source's",
            )
            if with_topic
            else None,
        )

    def all(self) -> tuple[Option[str] | Option[StreamArn], ...]:
        """Every option, in the order of a table."""
        return (*self.bucket.all(), *self.stream.all(), *((self.topic,) if self.topic else ()))

    def read(
        self,
        groups: PropertyGroups,
        *,
        default_bucket: str | None = None,
        cluster: KafkaTopic | None = None,
        transactional_id_prefix: str | None = None,
    ) -> DeadLetterEnd:
        """Read the end for dead letters.

        Args:
            groups: The property groups.
            default_bucket: The bucket that is used if no end is named.
            cluster: A topic on the brokers that a dead-letter topic is on.
            transactional_id_prefix: The job's prefix, from which the dead letters' own is derived.

        Raises:
            SettingsError: No end is named, or more than one, or a topic without brokers.

        """
        ends = (self.bucket.bucket, self.stream.stream, *((self.topic,) if self.topic else ()))
        named = [option.key for option in ends if option.is_set(groups)]
        if len(named) > 1 or not (named or default_bucket):
            rule = f"name one place for the dead letters: {', '.join(option.key for option in ends)}"
            fix = f"keep one of {', '.join(named)}" if named else "add one"
            raise SettingsError(self.bucket.bucket.group, rule, named, fix)
        if self.topic and self.topic.is_set(groups):
            topic = self.topic.read(groups)
            if cluster is None:
                fix = f"use {self.bucket.bucket.key}"
                raise self.topic.error("go with a Kafka source or sink", topic, fix)
            prefix = f"{transactional_id_prefix}-dead-letters" if transactional_id_prefix else None
            return dataclasses.replace(cluster, topic=topic, group=None, transactional_id_prefix=prefix)
        return self.stream.find(groups) or self.bucket.read(groups, default_bucket=default_bucket)


def output(*, source: str, end: DeadLetterEnd) -> Output:
    """The dead letters of refused rows.

    Args:
        source: The name of the stream or topic that the rows came from.
        end: Where the dead letters go.

    """
    values = (
        f"counted(reason, {literal(DEAD_LETTER_COUNT)})",
        "CURRENT_TIMESTAMP",
        literal(source),
        f"CAST({SOURCE_PARTITION} AS STRING)",
        f"CAST({SOURCE_POSITION} AS STRING)",
    )
    if isinstance(end, BucketPrefix):
        day = "DATE_FORMAT(CURRENT_TIMESTAMP, 'yyyy-MM-dd')"
        return Output((*DEAD_LETTER, DAY), (f"`{RAW.name}`", *values, day))
    return Output(DEAD_LETTER, (beginning(f"`{RAW.name}`", largest_bytes(end)), *values))


def sink(table: str, end: DeadLetterEnd) -> Connector:
    """The table of the dead letters: JSON lines in S3 with one folder per day, or a stream, or a topic."""
    if isinstance(end, BucketPrefix):
        return end.sink(table, partitioned_by=(DAY.name,), record_format=JSON_LINES)
    return end.sink(table, key=None)
