"""The trips that the job reads, and the documents that it writes."""

from __future__ import annotations

from dataclasses import dataclass

from flink_apps.common.tables import Column


@dataclass(frozen=True)
class Box:
    """A box of coordinates, in degrees, including its borders."""

    north: float
    west: float
    south: float
    east: float

    def contains(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies in the box."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    def holds(self, latitude: str, longitude: str) -> str:
        """The SQL condition that a point lies in the box."""
        return (
            f"{latitude} BETWEEN CAST({self.south} AS DOUBLE) AND CAST({self.north} AS DOUBLE)"
            f" AND {longitude} BETWEEN CAST({self.west} AS DOUBLE) AND CAST({self.east} AS DOUBLE)"
        )


NEW_YORK = Box(north=40.878, west=-74.054, south=40.560, east=-73.722)
AIRPORTS = {
    "JFK": Box(north=40.654, west=-73.800, south=40.632, east=-73.761),
    "LGA": Box(north=40.778, west=-73.881, south=40.766, east=-73.859),
}
#: Characters of the geohashes: a cell of 7 is about 150 m wide, one of 6 about 1.2 km by 600 m.
DEMAND_CELL, AIRPORT_CELL = 7, 6
ENDS = ("pickup", "dropoff")

#: The event, as JSON. Every field is required. Coordinates are degrees (WGS 84), times milliseconds since 1970, UTC.
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

#: The id of a document, which is not part of it. It depends only on cell and hour.
ID = Column("id", "STRING")
#: The start of a document's hour, UTC.
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
