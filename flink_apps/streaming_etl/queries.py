"""The SQL of the job: the checked trips, and the columns of each sink. Without Flink."""

from __future__ import annotations

from flink_apps.common import dead_letters, taxi_trip
from flink_apps.common.dead_letters import ERROR, RAW
from flink_apps.common.ends.kafka import HEADERS
from flink_apps.common.rules import reason
from flink_apps.common.sql import literal
from flink_apps.common.tables import ARRIVAL, Column, Output
from flink_apps.common.taxi_zones import BOROUGHS
from flink_apps.streaming_etl import rules, schema
from flink_apps.streaming_etl.settings import Settings


def checked(trips: str, settings: Settings) -> str:
    """Trips with the first reason to refuse them, or NULL."""
    return f"SELECT *, {reason(*rules.rules(settings), error=ERROR.name)} AS reason FROM `{trips}`"


def trips_in_stream() -> Output:
    """A good trip in a stream: its bytes, with the trip's key."""
    return Output(taxi_trip.KEYED, ("CAST(trip_id AS STRING)", *_names((RAW,))))


def trips_in_topic(settings: Settings) -> Output:
    """The same in a topic, with the timestamp of the source's record, and its headers if the source is a topic.

    A timestamp that a topic refuses by default, which would end the job, is left to the producer's clock.
    """
    columns, values = trips_in_stream()
    allowed = f"{ARRIVAL.name} BETWEEN TO_TIMESTAMP_LTZ(0, 3) AND CURRENT_TIMESTAMP + INTERVAL '1' HOUR"
    headers = HEADERS.name if settings.copies_headers else "CAST(NULL AS MAP<STRING, BYTES>)"
    return Output(columns, (*values, f"CASE WHEN {allowed} THEN {ARRIVAL.name} END", headers))


def trips_in_folders(settings: Settings) -> Output:
    """A good trip in S3: its fields and the partition columns."""
    folders = partition_columns(settings)
    values = partitions(by_hour=settings.partition_by_hour)
    return Output((*schema.TRIP, *folders), (*_names(schema.TRIP), *values))


def documents() -> Output:
    """A good trip as a document."""
    return Output(schema.DOCUMENT, _names(schema.DOCUMENT))


def refused(settings: Settings) -> Output:
    """The dead letter of a bad trip."""
    return dead_letters.output(source=settings.source.name, end=settings.dead_letters)


def select(output: Output, *, trips: str, good: bool) -> str:
    """Good trips, or dead letters, as a sink has them."""
    wanted = "reason IS NULL" if good else rules.is_dead_letter()
    return f"SELECT {', '.join(output.values)} FROM {trips} WHERE {wanted}"


def partition_columns(settings: Settings) -> tuple[Column, ...]:
    """The partition columns of trips in S3, which name the folders."""
    return (*schema.PARTITIONS, schema.HOUR) if settings.partition_by_hour else schema.PARTITIONS


def partitions(*, by_hour: bool) -> tuple[str, ...]:
    """The SQL expressions of the partition columns, in their order."""
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


def _names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(f"`{column.name}`" for column in columns)
