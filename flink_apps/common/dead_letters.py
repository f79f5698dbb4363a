"""Dead letters: records that could not be used, kept with the reason. Standard library only."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from flink_apps.common.ends.kafka import TOPIC, KafkaTopic
from flink_apps.common.ends.kinesis import NAME, KinesisOptions, KinesisStream, StreamArn
from flink_apps.common.ends.s3 import BUCKET, PREFIX, BucketOptions, BucketPrefix
from flink_apps.common.options import Group, Option
from flink_apps.common.properties import PropertyGroups, SettingsError
from flink_apps.common.sql import beginning, literal
from flink_apps.common.tables import JSON_LINES, SOURCE_PARTITION, SOURCE_POSITION, Column, Connector, Output

#: The metric, in the group that the service hands on to CloudWatch: records refused, per subtask, since the start.
DEAD_LETTER_COUNT = "deadLetterCount"

#: A record's bytes.
RAW = Column("raw", "BYTES")
#: What the format found wrong with them.
ERROR = Column("error", "STRING")
#: The code of that error, which does not change with the words.
ERROR_CODE = Column("error_code", "STRING")
#: What came, why it was refused, when, and where it stands in the source.
DEAD_LETTER = (
    RAW,
    Column("reason", "STRING"),
    Column("time", "TIMESTAMP_LTZ(3)"),
    Column("source", "STRING"),
    Column("partition", "STRING"),
    Column("position", "STRING"),
)
#: What a dead letter in a stream or a topic keeps of the bytes: in JSON they are text, a third longer.
LARGEST_BYTES = 740_000
#: Folders of the dead letters in S3: the day on which they were refused, UTC.
DAY = Column("day", "STRING")

DeadLetterEnd = BucketPrefix | KinesisStream | KafkaTopic


@dataclass(frozen=True, kw_only=True)
class DeadLetterOptions:
    """The keys under which a scenario says where its dead letters go: exactly one of them is named."""

    bucket: BucketOptions
    stream: KinesisOptions
    topic: Option[str] | None = None

    @classmethod
    def in_group(
        cls, group: str, *, region: Option[str], default_bucket: Option[str] | None = None, with_topic: bool = False
    ) -> DeadLetterOptions:
        """The options of a group; ``region`` is that of the stream, ``default_bucket`` stands for a bucket."""
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
                "dead letters: a Kafka topic instead, on the brokers of the sink, or of the source",
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
        """Where dead letters go: a topic is on the brokers of ``cluster``, with transactional ids of its own."""
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
    """What is kept of refused rows, whose column ``reason`` says why; ``source`` is the stream's or topic's name."""
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
    return Output(DEAD_LETTER, (beginning(f"`{RAW.name}`", LARGEST_BYTES), *values))


def sink(table: str, end: DeadLetterEnd) -> Connector:
    """Files of JSON lines below a prefix, a folder a day; or a stream, or a topic."""
    if isinstance(end, BucketPrefix):
        return end.sink(table, partitioned_by=(DAY.name,), record_format=JSON_LINES)
    return end.sink(table, key=None)
