"""The columns of the sinks."""

from __future__ import annotations

from flink_apps.common import taxi_trip
from flink_apps.common.dead_letters import RAW
from flink_apps.common.tables import Column

#: The fields of a trip that the job reads.
TRIP = (*taxi_trip.TRIP, *taxi_trip.SURCHARGES)

#: Partition columns in S3, the levels of the folders.
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
