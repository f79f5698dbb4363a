"""What the sinks keep of a trip event."""

from __future__ import annotations

from flink_apps.common.tables import Column
from flink_apps.common.taxi_trip import RAW

#: A record of a stream has at most a mebibyte with its key, a message of a topic with all that goes with it.
LARGEST_STREAM_RECORD_BYTES = 1_000_000

#: What the format found wrong with the bytes of an event.
ERROR = Column("error", "STRING")

#: Levels of the folders in S3.
PARTITIONS = (
    Column("pickup_borough", "STRING"),
    Column("pickup_zone", "INT"),
    Column("year", "STRING"),
    Column("month", "STRING"),
)
HOUR = Column("hour", "STRING")

#: A document's index and id, and its bytes.
INDEX, ID = "type", "trip_id"
DOCUMENT = (Column(INDEX, "STRING"), Column(ID, "BIGINT"), RAW)

#: A record that could not be used: what came, why it was refused, when, and where it stands in the source.
DEAD_LETTER = (
    RAW,
    Column("reason", "STRING"),
    Column("time", "TIMESTAMP_LTZ(3)"),
    Column("source", "STRING"),
    Column("partition", "STRING"),
    Column("position", "STRING"),
)
#: What a dead letter in a stream or a topic keeps of the bytes: in JSON they are text, a third longer.
LARGEST_DEAD_LETTER_BYTES = 740_000
#: Folders of the dead letters in S3: the day on which they were refused, UTC.
DEAD_LETTER_DAY = Column("day", "STRING")
