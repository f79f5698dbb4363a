"""The pipeline: read once, sort the good trips from the bad, write each sink from the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pyflink.table import StatementSet, TableEnvironment

from flink_apps.common import taxi_trip
from flink_apps.common.environment import prepare
from flink_apps.common.rules import reason
from flink_apps.common.tables import SOURCE_PARTITION, SOURCE_POSITION, Column, Connector, beginning, literal
from flink_apps.streaming_etl import logic, schema
from flink_apps.streaming_etl.metrics import DEAD_LETTER_COUNT, WATERMARK_EVENTS
from flink_apps.streaming_etl.settings import BucketPrefix, KafkaSource, Settings

#: The names under which ``sources`` and ``sinks`` hold their tables.
TRIPS = "trips"
KINESIS, KAFKA, S3, SEARCH, DEAD_LETTERS = "kinesis", "kafka", "s3", "search", "dead_letters"


class Output(NamedTuple):
    """What a table of a sink has in it: its columns, and the SQL expression of each."""

    columns: tuple[Column, ...]
    values: tuple[str, ...]


def build(
    table_env: TableEnvironment,
    settings: Settings,
    sources: Mapping[str, Connector],
    sinks: Mapping[str, Connector],
) -> StatementSet:
    """Declare the pipeline from ``sources["trips"]`` to every one of ``sinks``; nothing runs before ``execute()``."""
    prepare(table_env)

    trips = sources[TRIPS]
    table_env.execute_sql(trips.create_table((*taxi_trip.TRIP, taxi_trip.RAW, schema.ERROR)))
    rules = (*logic.RULES, *logic.INDEX_RULES) if settings.search else logic.RULES
    table_env.execute_sql(f"""
        CREATE TEMPORARY VIEW checked_trips AS
        SELECT *, {reason(*rules, error=schema.ERROR.name)} AS reason FROM `{trips.table}`
    """)

    statements = table_env.create_statement_set()
    for name, sink in sinks.items():
        output = _dead_letter(settings) if name == DEAD_LETTERS else _good_trip(name, settings)
        table_env.execute_sql(sink.create_table(output.columns))
        wanted = _refused() if name == DEAD_LETTERS else "reason IS NULL"
        statements.add_insert_sql(
            f"INSERT INTO `{sink.table}` SELECT {', '.join(output.values)} FROM checked_trips WHERE {wanted}"
        )
    return statements


def partition_columns(settings: Settings) -> tuple[Column, ...]:
    """The columns by whose values trips are put into folders in S3."""
    by_hour = settings.s3 is not None and settings.s3.by_hour
    return (*schema.PARTITIONS, schema.HOUR) if by_hour else schema.PARTITIONS


def _good_trip(sink: str, settings: Settings) -> Output:
    if sink == S3:
        folders = partition_columns(settings)
        values = (*_names(taxi_trip.TRIP), *logic.partitions(by_hour=schema.HOUR in folders))
        return Output((*taxi_trip.TRIP, *folders), values)
    if sink == SEARCH:
        return Output(schema.DOCUMENT, _names(schema.DOCUMENT))
    return Output(taxi_trip.KEYED, ("CAST(trip_id AS STRING)", *_names((taxi_trip.RAW,))))


def _refused() -> str:
    """Whether a record is a dead letter: not good, nor a watermark event, which is counted and left out."""
    (raw,) = _names((taxi_trip.RAW,))
    time = logic.watermark(raw=raw, error=schema.ERROR.name)
    return f"reason IS NOT NULL AND counted({time}, {literal(WATERMARK_EVENTS)}) IS NULL"


def _dead_letter(settings: Settings) -> Output:
    source = settings.source.topic if isinstance(settings.source, KafkaSource) else settings.source.name
    (raw,) = _names((taxi_trip.RAW,))
    values = (
        f"counted(reason, {literal(DEAD_LETTER_COUNT)})",
        "CURRENT_TIMESTAMP",
        literal(source),
        f"CAST({SOURCE_PARTITION} AS STRING)",
        f"CAST({SOURCE_POSITION} AS STRING)",
    )
    if isinstance(settings.dead_letters, BucketPrefix):
        day = "DATE_FORMAT(CURRENT_TIMESTAMP, 'yyyy-MM-dd')"
        return Output((*schema.DEAD_LETTER, schema.DEAD_LETTER_DAY), (raw, *values, day))
    return Output(schema.DEAD_LETTER, (beginning(raw, schema.LARGEST_DEAD_LETTER_BYTES), *values))


def _names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(f"`{column.name}`" for column in columns)
