"""The trip event, and what the sinks keep of it."""

from __future__ import annotations

from flink_apps.common.tables import Column

#: The event, as JSON: every field has to be there; times are milliseconds since 1970, UTC.
TRIP = (
    Column("vendor_id", "INT"),
    Column("pickup_datetime", "BIGINT"),
    Column("dropoff_datetime", "BIGINT"),
    Column("passenger_count", "INT"),
    Column("trip_distance", "DOUBLE"),
    Column("ratecode_id", "INT"),
    Column("store_and_fwd_flag", "STRING"),
    Column("pickup_location_id", "INT"),
    Column("dropoff_location_id", "INT"),
    Column("payment_type", "INT"),
    Column("fare_amount", "DOUBLE"),
    Column("extra", "DOUBLE"),
    Column("mta_tax", "DOUBLE"),
    Column("tip_amount", "DOUBLE"),
    Column("tolls_amount", "DOUBLE"),
    Column("improvement_surcharge", "DOUBLE"),
    Column("total_amount", "DOUBLE"),
    Column("trip_id", "BIGINT"),
    Column("type", "STRING"),
)
#: A record of a stream has at most a mebibyte with its key, a message of a topic with all that goes with it.
LARGEST_STREAM_RECORD_BYTES = 1_000_000

#: The bytes that the event came as, and what the format found wrong with them.
RAW, ERROR = Column("raw", "BYTES"), Column("error", "STRING")

#: A stream or topic takes the very bytes that came, under the trip's id.
KEY = "trip_key"
KEYED = (Column(KEY, "STRING"), RAW)

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
