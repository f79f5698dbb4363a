"""The pipeline: read once, separate good trips from bad ones, write each sink from the same rows."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.table import StatementSet, TableEnvironment

from flink_apps.common import dead_letters
from flink_apps.common.environment import insert, prepare
from flink_apps.common.tables import Connector
from flink_apps.streaming_etl import queries, schema
from flink_apps.streaming_etl.settings import Settings

#: The names under which ``sources`` and ``sinks`` hold their tables.
TRIPS = "trips"
KINESIS, KAFKA, S3, SEARCH, DEAD_LETTERS = "kinesis", "kafka", "s3", "search", "dead_letters"

_CHECKED = "checked_trips"


def build(
    table_env: TableEnvironment,
    settings: Settings,
    sources: Mapping[str, Connector],
    sinks: Mapping[str, Connector],
) -> StatementSet:
    """Declare the pipeline from ``sources["trips"]`` to every one of ``sinks``; nothing runs before ``execute()``."""
    prepare(table_env)

    trips = sources[TRIPS]
    record = (*schema.TRIP, dead_letters.RAW, dead_letters.ERROR, dead_letters.ERROR_CODE)
    table_env.execute_sql(trips.create_table(record))
    table_env.execute_sql(f"CREATE TEMPORARY VIEW {_CHECKED} AS {queries.checked(trips.table, settings)}")

    outputs = {
        KINESIS: queries.trips_in_stream(),
        KAFKA: queries.trips_in_topic(settings),
        S3: queries.trips_in_folders(settings),
        SEARCH: queries.documents(),
        DEAD_LETTERS: queries.refused(settings),
    }
    chosen = {}
    for name, sink in sinks.items():
        table_env.execute_sql(sink.create_table(outputs[name].columns))
        chosen[sink.table] = queries.select(outputs[name], trips=_CHECKED, good=name != DEAD_LETTERS)
    return insert(table_env, chosen, connectors=[trips, *sinks.values()])
