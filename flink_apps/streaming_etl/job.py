"""The pipeline: read once, sort the good trips from the bad, write each sink from the same rows."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.table import StatementSet, TableEnvironment

from flink_apps.common import dead_letters, taxi_trip, watermark_event
from flink_apps.common.environment import prepare
from flink_apps.common.places import BucketPrefix
from flink_apps.common.rules import reason
from flink_apps.common.tables import Column, Connector, Output
from flink_apps.streaming_etl import logic, schema
from flink_apps.streaming_etl.settings import KafkaSource, Settings

#: The names under which ``sources`` and ``sinks`` hold their tables.
TRIPS = "trips"
KINESIS, KAFKA, S3, SEARCH, DEAD_LETTERS = "kinesis", "kafka", "s3", "search", "dead_letters"


def build(
    table_env: TableEnvironment,
    settings: Settings,
    sources: Mapping[str, Connector],
    sinks: Mapping[str, Connector],
) -> StatementSet:
    """Declare the pipeline from ``sources["trips"]`` to every one of ``sinks``; nothing runs before ``execute()``."""
    prepare(table_env)

    trips = sources[TRIPS]
    record = (*taxi_trip.TRIP, dead_letters.RAW, dead_letters.ERROR, dead_letters.ERROR_CODE)
    table_env.execute_sql(trips.create_table(record))
    rules = (*logic.RULES, *logic.INDEX_RULES) if settings.search else logic.RULES
    table_env.execute_sql(f"""
        CREATE TEMPORARY VIEW checked_trips AS
        SELECT *, {reason(*rules, error=dead_letters.ERROR.name)} AS reason FROM `{trips.table}`
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
    return Output(taxi_trip.KEYED, ("CAST(trip_id AS STRING)", *_names((dead_letters.RAW,))))


def _refused() -> str:
    """Whether a record is a dead letter: not good, nor a watermark event, which is counted and left out."""
    no_watermark = watermark_event.is_none(raw=f"`{dead_letters.RAW.name}`", error_code=dead_letters.ERROR_CODE.name)
    return f"reason IS NOT NULL AND {no_watermark}"


def _dead_letter(settings: Settings) -> Output:
    source = settings.source.topic if isinstance(settings.source, KafkaSource) else settings.source.name
    return dead_letters.output(source=source, in_bucket=isinstance(settings.dead_letters, BucketPrefix))


def _names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(f"`{column.name}`" for column in columns)
