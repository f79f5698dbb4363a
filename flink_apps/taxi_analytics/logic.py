"""Where trips begin and end, and which are impossible: as SQL, for the JVM evaluates it. No Flink in here."""

from __future__ import annotations

from dataclasses import dataclass

from flink_apps.common.rules import Rule
from flink_apps.common.tables import ARRIVAL, interval
from flink_apps.common.taxi_trip import TIME_RULES


@dataclass(frozen=True)
class Box:
    """A box of degrees, its borders included."""

    north: float
    west: float
    south: float
    east: float

    def holds(self, latitude: str, longitude: str) -> str:
        """The SQL condition that a place lies in it."""
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


def _places(end: str) -> tuple[Rule, ...]:
    latitude, longitude = f"{end}_latitude", f"{end}_longitude"
    return (
        Rule(f"{latitude} and {longitude} must not be 0", f"{latitude} = 0 AND {longitude} = 0"),
        Rule(f"{latitude} and {longitude} must not be swapped", NEW_YORK.holds(longitude, latitude)),
        # Also where it is no number.
        Rule(f"{latitude} must be -90 to 90", f"NOT COALESCE({latitude} BETWEEN -90 AND 90, FALSE)"),
        Rule(f"{longitude} must be -180 to 180", f"NOT COALESCE({longitude} BETWEEN -180 AND 180, FALSE)"),
    )


def rules(*, clock_skew_millis: int) -> tuple[Rule, ...]:
    """What makes a trip impossible."""
    arrival = f"`{ARRIVAL.name}` + INTERVAL {interval(clock_skew_millis)}"
    return (
        *(rule for end in ENDS for rule in _places(end)),
        *TIME_RULES,
        # One such trip would move event time, and make all others late.
        Rule(
            f"dropoff_datetime must not be more than {clock_skew_millis // 1000} s ahead of the arrival",
            f"TO_TIMESTAMP_LTZ(dropoff_datetime, 3) > {arrival}",
        ),
    )
