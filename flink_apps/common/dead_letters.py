"""Records that could not be used, kept with the reason: as SQL. No Flink in here."""

from __future__ import annotations

from flink_apps.common.places import BucketPrefix, KinesisStream
from flink_apps.common.properties import PropertyGroups
from flink_apps.common.tables import (
    JSON_LINES,
    SOURCE_PARTITION,
    SOURCE_POSITION,
    Column,
    Connector,
    Output,
    beginning,
    kinesis_sink,
    literal,
    s3_sink,
)

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


def output(*, source: str, in_bucket: bool) -> Output:
    """What is kept of refused rows, whose column ``reason`` says why; ``source`` is the stream's or topic's name."""
    values = (
        f"counted(reason, {literal(DEAD_LETTER_COUNT)})",
        "CURRENT_TIMESTAMP",
        literal(source),
        f"CAST({SOURCE_PARTITION} AS STRING)",
        f"CAST({SOURCE_POSITION} AS STRING)",
    )
    if in_bucket:
        day = "DATE_FORMAT(CURRENT_TIMESTAMP, 'yyyy-MM-dd')"
        return Output((*DEAD_LETTER, DAY), (f"`{RAW.name}`", *values, day))
    return Output(DEAD_LETTER, (beginning(f"`{RAW.name}`", LARGEST_BYTES), *values))


def sink(table: str, place: BucketPrefix | KinesisStream, *, endpoints: PropertyGroups) -> Connector:
    """Files of JSON lines below a prefix, a folder a day; or a stream."""
    if isinstance(place, BucketPrefix):
        return s3_sink(
            table,
            bucket=place.bucket,
            prefix=place.prefix,
            partitioned_by=(DAY.name,),
            record_format=JSON_LINES,
        )
    return kinesis_sink(
        table, stream=place.name, region=place.region, partition_key=None, endpoints=endpoints, options={}
    )
