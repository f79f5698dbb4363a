"""What a trip of the taxi analytics is, and what its documents hold."""

from __future__ import annotations

from flink_apps.common.tables import Column

#: The event, as JSON: every field has to be there; places are degrees (WGS 84), times milliseconds since 1970, UTC.
TRIP = (
    Column("trip_id", "BIGINT"),
    Column("pickup_latitude", "DOUBLE"),
    Column("pickup_longitude", "DOUBLE"),
    Column("dropoff_latitude", "DOUBLE"),
    Column("dropoff_longitude", "DOUBLE"),
    Column("total_amount", "DOUBLE"),
    Column("pickup_datetime", "BIGINT"),
    Column("dropoff_datetime", "BIGINT"),
)

#: The id of a document, which is no part of it: the same cell and hour have the same one.
ID = Column("id", "STRING")
#: The begin of a document's hour, UTC.
TIMESTAMP = Column("timestamp", "TIMESTAMP_LTZ(3)")

#: Trips by the cell of their pickup and the hour of their dropoff.
PICKUP_COUNT = "pickup_count"
PICKUP_COUNT_DOCUMENT = (
    ID,
    Column("location", "STRING"),
    Column("pickup_count", "BIGINT"),
    TIMESTAMP,
)
#: Rides to an airport by the cell of their pickup and the hour of their dropoff; durations are minutes.
TRIP_DURATION = "trip_duration"
TRIP_DURATION_DOCUMENT = (
    ID,
    Column("location", "STRING"),
    Column("airport_code", "STRING"),
    Column("sum_trip_duration", "DOUBLE"),
    Column("avg_trip_duration", "DOUBLE"),
    TIMESTAMP,
)
