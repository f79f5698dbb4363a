"""What makes a trip impossible, and what its partitions are: as SQL, for the JVM evaluates it. No Flink in here."""

from __future__ import annotations

from flink_apps.common import taxi_trip
from flink_apps.common.rules import Rule
from flink_apps.common.tables import literal
from flink_apps.common.taxi_zones import BOROUGHS, FIRST_ZONE, LAST_ZONE

RULES = (
    *(
        Rule(f"{zone} must be {FIRST_ZONE} to {LAST_ZONE}", f"{zone} NOT BETWEEN {FIRST_ZONE} AND {LAST_ZONE}")
        for zone in ("pickup_location_id", "dropoff_location_id")
    ),
    *taxi_trip.TIME_RULES,
    *(
        Rule(f"{number} must not be negative", f"{number} < 0")
        # Amounts of money may be: a refund is a trip with negative ones.
        for number in ("passenger_count", "trip_distance")
    ),
)
#: Where OpenSearch is a sink, the type names the index; an empty one would have the whole bulk request refused.
INDEX_RULES = (Rule("type must not be empty", "type = ''"),)


def partitions(*, by_hour: bool) -> tuple[str, ...]:
    """The SQL expressions of the partition columns of a good trip, in their order."""
    time = "TO_TIMESTAMP_LTZ(pickup_datetime, 3)"
    boroughs = ", ".join(map(literal, BOROUGHS))
    columns = [
        f"ARRAY[{boroughs}][pickup_location_id]",
        "pickup_location_id",
        f"CAST(EXTRACT(YEAR FROM {time}) AS STRING)",
        _two_digits(f"EXTRACT(MONTH FROM {time})"),
    ]
    if by_hour:
        columns.append(_two_digits(f"EXTRACT(HOUR FROM {time})"))
    return tuple(columns)


def _two_digits(number: str) -> str:
    return f"LPAD(CAST({number} AS STRING), 2, '0')"
