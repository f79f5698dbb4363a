"""The taxi trip event, which generator and replay write and the streaming ETL reads."""

from __future__ import annotations

from flink_apps.common.dead_letters import RAW
from flink_apps.common.rules import Rule
from flink_apps.common.sql import literal
from flink_apps.common.tables import Column

#: The event, as JSON. Every field is required, but for those named below. Times are milliseconds since 1970, UTC.
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

#: Types of the commission's for-hire trips.
FOR_HIRE = ("fhv-trip", "fhvhv-trip")
#: Fields that the commission leaves empty where a driver's device did not send them, or in its older files.
OPTIONAL = (
    *("passenger_count", "ratecode_id", "store_and_fwd_flag", "payment_type"),
    *("mta_tax", "improvement_surcharge"),
)
#: Fields that only its for-hire trips lack.
NOT_FOR_HIRE = ("vendor_id", "trip_distance", "fare_amount", "extra", "tip_amount", "tolls_amount", "total_amount")
#: Optional fields that were added later: in 2019, 2011 and 2025.
SURCHARGES = tuple(Column(name, "DOUBLE") for name in ("congestion_surcharge", "airport_fee", "cbd_congestion_fee"))

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
#: The rules for fields that not every type has.
FIELD_RULES = tuple(
    Rule(f"missing field: {name}", f"{name} IS NULL AND `type` NOT IN ({', '.join(map(literal, FOR_HIRE))})")
    for name in NOT_FOR_HIRE
)

#: A stream or topic gets the record's bytes, with the trip's key.
KEY = "trip_key"
KEYED = (Column(KEY, "STRING"), RAW)
