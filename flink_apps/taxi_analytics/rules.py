"""What makes a trip bad, as SQL, which the JVM evaluates. Without Flink."""

from __future__ import annotations

from flink_apps.common.rules import Rule
from flink_apps.common.sql import interval
from flink_apps.common.taxi_trip import TIME_RULES
from flink_apps.taxi_analytics.schema import ENDS, NEW_YORK

LATE = "too late: the hour of the dropoff was over"
#: The SQL condition that a good trip is too late for its hour's documents, by the same rule as the windows'.
IS_LATE = (
    "event_time IS NOT NULL AND COALESCE("
    "FLOOR(rowtime TO HOUR) + INTERVAL '1' HOUR - INTERVAL '0.001' SECOND <= CURRENT_WATERMARK(rowtime), FALSE)"
)


def _coordinate_rules(end: str) -> tuple[Rule, ...]:
    latitude, longitude = f"{end}_latitude", f"{end}_longitude"
    return (
        Rule(f"{latitude} and {longitude} must not be 0", f"{latitude} = 0 AND {longitude} = 0"),
        Rule(f"{latitude} and {longitude} must not be swapped", NEW_YORK.holds(longitude, latitude)),
        # COALESCE also refuses what is not a number.
        Rule(f"{latitude} must be -90 to 90", f"NOT COALESCE({latitude} BETWEEN -90 AND 90, FALSE)"),
        Rule(f"{longitude} must be -180 to 180", f"NOT COALESCE({longitude} BETWEEN -180 AND 180, FALSE)"),
    )


def rules(*, clock_skew_millis: int, arrival: str) -> tuple[Rule, ...]:
    """The rules for a trip; ``arrival`` is the SQL expression of the time at which it arrived."""
    return (
        *(rule for end in ENDS for rule in _coordinate_rules(end)),
        *TIME_RULES,
        # One such trip would advance event time, and make all others late.
        Rule(
            f"dropoff_datetime must not be more than {clock_skew_millis // 1000} s ahead of the arrival",
            f"TO_TIMESTAMP_LTZ(dropoff_datetime, 3) > {arrival} + INTERVAL {interval(clock_skew_millis)}",
        ),
    )
