"""The taxi trip event, which generator and replay write and the streaming ETL reads."""

from __future__ import annotations

from flink_apps.common.dead_letters import RAW
from flink_apps.common.rules import Rule
from flink_apps.common.tables import Column

#: The event, as JSON. Every field is required. Times are milliseconds since 1970, UTC.
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

#: The last millisecond of the year 9999, the end of SQL's dates.
LAST_MILLISECOND = 253_402_300_799_999
#: The rules for the times of any trip.
TIME_RULES = (
    *(
        Rule(f"{time} must lie in the years 1970 to 9999", f"{time} NOT BETWEEN 0 AND {LAST_MILLISECOND}")
        for time in ("pickup_datetime", "dropoff_datetime")
    ),
    Rule("dropoff_datetime must not be before pickup_datetime", "dropoff_datetime < pickup_datetime"),
)

#: A stream or topic gets the record's bytes, with the trip's key.
KEY = "trip_key"
KEYED = (Column(KEY, "STRING"), RAW)
