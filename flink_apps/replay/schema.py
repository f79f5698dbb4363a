"""The trip event, and where its fields are in files of other layouts."""

from __future__ import annotations

from flink_apps.common.tables import Column

#: The event, as JSON: times are milliseconds since 1970, UTC. JSON and Parquet files have just these fields.
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
TIMES = ("pickup_datetime", "dropoff_datetime")

#: Another name that a field has in the CSV files of the Taxi and Limousine Commission.
CSV_NAMES = {"ratecode_id": "rate_code_id"}
#: What stands for the fields that only events have: as SQL, the row's number and the colour.
DEFAULTS = {"trip_id": "number", "type": "'yellow-trip'"}

#: What the source adds to a row: see flink_apps/connectors/replay.
LINE = Column("line", "BYTES NOT NULL METADATA VIRTUAL")
NUMBER = Column("number", "BIGINT NOT NULL METADATA VIRTUAL")

#: What goes into the sink: the very bytes of the event, under its key.
KEY = "trip_key"
KEYED = (Column(KEY, "STRING"), Column("raw", "BYTES"))
