"""The SQL of the job: the checked trips, the documents, the dead letters. Without Flink."""

from __future__ import annotations

from flink_apps.common import watermark_event
from flink_apps.common.dead_letters import ERROR, ERROR_CODE, RAW
from flink_apps.common.rules import Rule, reason
from flink_apps.common.sql import literal
from flink_apps.common.tables import SOURCE_PARTITION, SOURCE_POSITION
from flink_apps.taxi_analytics.metrics import LATE_TRIPS, OUTSIDE_NEW_YORK
from flink_apps.taxi_analytics.rules import IS_LATE, LATE
from flink_apps.taxi_analytics.schema import AIRPORT_CELL, AIRPORTS, DEMAND_CELL, ENDS, NEW_YORK

_MINUTES_AN_HOUR = 60
_HOUR = "INTERVAL '1' HOUR"
_BEGIN = "CAST(window_start AS TIMESTAMP_LTZ(3))"


def event_time(*rules: Rule) -> str:
    """The event time of a record: a good trip's dropoff, in milliseconds since 1970."""
    return f"CASE WHEN {reason(*rules, error=ERROR.name)} IS NULL THEN dropoff_datetime END"


def checked(trips: str, *rules: Rule) -> str:
    """Trips with the first reason to refuse them, their cell and airport, and, if they are good, their event time.

    Good trips outside New York are skipped, and counted.
    """
    inside = " AND ".join(NEW_YORK.holds(f"{end}_latitude", f"{end}_longitude") for end in ENDS)
    airports = " ".join(
        f"WHEN {box.holds('dropoff_latitude', 'dropoff_longitude')} THEN {literal(code)}"
        for code, box in AIRPORTS.items()
    )
    good = "reason IS NULL"
    return f"""
        SELECT
          `{RAW.name}`,
          {ERROR_CODE.name},
          reason,
          CAST({SOURCE_PARTITION} AS STRING) AS {SOURCE_PARTITION},
          CAST({SOURCE_POSITION} AS STRING) AS {SOURCE_POSITION},
          CASE WHEN {good} THEN geohash(pickup_latitude, pickup_longitude, {DEMAND_CELL}) END AS cell,
          CASE WHEN {good} THEN CASE {airports} END END AS airport,
          dropoff_datetime - pickup_datetime AS duration,
          CASE WHEN {good} THEN dropoff_datetime END AS event_time
        FROM (
          SELECT *, once({reason(*rules, error=ERROR.name)}) AS reason FROM `{trips}`
        )
        WHERE reason IS NOT NULL
          OR ({inside})
          OR counted(dropoff_datetime, {literal(OUTSIDE_NEW_YORK)}) IS NULL
    """


def good(trips: str) -> str:
    """The trips that count."""
    return f"SELECT cell, airport, duration, rowtime FROM `{trips}` WHERE event_time IS NOT NULL AND NOT ({IS_LATE})"


def refused(trips: str) -> str:
    """The bad and late trips, with the reason; late trips are counted."""
    no_watermark = watermark_event.is_none(raw=f"`{RAW.name}`", error_code=ERROR_CODE.name)
    return f"""
        SELECT
          `{RAW.name}`,
          CASE WHEN reason IS NULL THEN counted({literal(LATE)}, {literal(LATE_TRIPS)}) ELSE reason END AS reason,
          {SOURCE_PARTITION},
          {SOURCE_POSITION}
        FROM `{trips}`
        WHERE ({IS_LATE}) OR (reason IS NOT NULL AND {no_watermark})
    """


def _hours(trips: str, *, early_results_minutes: int) -> str:
    """Trips in the windows of their hours. A window ends at each step, and covers the hour so far."""
    if early_results_minutes >= _MINUTES_AN_HOUR:
        return f"TABLE(TUMBLE(TABLE `{trips}`, DESCRIPTOR(rowtime), {_HOUR}))"
    step = f"INTERVAL '{early_results_minutes}' MINUTE"
    return f"TABLE(CUMULATE(TABLE `{trips}`, DESCRIPTOR(rowtime), {step}, {_HOUR}))"


def _id(*parts: str) -> str:
    return f"CONCAT_WS('-', {', '.join(parts)}, DATE_FORMAT(window_start, 'yyyyMMddHH'))"


def pickup_count(trips: str, *, early_results_minutes: int) -> str:
    """The documents of the demand: see :data:`flink_apps.taxi_analytics.schema.PICKUP_COUNT_DOCUMENT`."""
    return f"""
        SELECT {_id("cell")}, cell, trips, {_BEGIN}
        FROM (
          SELECT cell, window_start, COUNT(*) AS trips
          FROM {_hours(trips, early_results_minutes=early_results_minutes)}
          GROUP BY window_start, window_end, cell
        )
    """


def trip_duration(trips: str, *, early_results_minutes: int) -> str:
    """The documents of the airports: see :data:`flink_apps.taxi_analytics.schema.TRIP_DURATION_DOCUMENT`."""
    return f"""
        SELECT {_id("cell", "airport")}, cell, airport, millis / 60000E0, millis / 60000E0 / trips, {_BEGIN}
        FROM (
          SELECT cell, airport, window_start, COUNT(*) AS trips, SUM(duration) AS millis
          FROM {_hours(trips, early_results_minutes=early_results_minutes)}
          GROUP BY window_start, window_end, cell, airport
          HAVING COUNT(*) > 1
        )
    """


def to_airports(trips: str) -> str:
    """The trips that end at an airport, with the larger cells."""
    return f"""
        SELECT SUBSTRING(cell FROM 1 FOR {AIRPORT_CELL}) AS cell, airport, duration, rowtime
        FROM `{trips}` WHERE airport IS NOT NULL
    """
