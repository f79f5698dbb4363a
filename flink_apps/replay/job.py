"""The pipeline: rows of files, each when its time is due, as events into the sink."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.table import StatementSet, TableEnvironment

from flink_apps.common import taxi_trip
from flink_apps.common.tables import Connector
from flink_apps.replay import logic, schema
from flink_apps.replay.settings import Settings

#: The job's name for its source.
TRIPS = "trips"


def files(settings: Settings) -> Connector:
    """The source: see flink_apps/connectors/replay."""
    options = {
        "connector": "replay",
        "path": settings.source_path,
        "format": settings.source_format,
        "time-attribute": settings.time_attribute,
        "speedup": repr(settings.speedup),
        "buffer": str(settings.buffer_records),
        "statistics-interval": f"{settings.statistics_interval_seconds} s",
        "at-end": "wait" if settings.waits_at_end else "stop",
    }
    if settings.seek:
        options["seek"] = settings.seek.isoformat()
    with_line = settings.source_format != "parquet"
    return Connector(
        table=TRIPS, options=options, metadata=(schema.LINE, schema.NUMBER) if with_line else (schema.NUMBER,)
    )


def build(
    table_env: TableEnvironment, settings: Settings, sources: Mapping[str, Connector], sink: Connector
) -> StatementSet:
    """Declare the pipeline from ``sources["trips"]`` to ``sink``; nothing runs before ``execute()``."""
    config = table_env.get_config()
    config.set("table.local-time-zone", "UTC")
    config.set("pipeline.object-reuse", "true")
    table_env.create_java_temporary_function(logic.TYPED_JSON, "flinkscenarios.replay.TypedJson")

    trips = sources[TRIPS]
    layout = {
        "source_format": settings.source_format,
        "time_attribute": settings.time_attribute,
        "partition_key": settings.partition_key,
    }
    table_env.execute_sql(trips.create_table(logic.columns(**layout)))
    table_env.execute_sql(sink.create_table(taxi_trip.KEYED))
    statements = table_env.create_statement_set()
    statements.add_insert_sql(f"INSERT INTO `{sink.table}` {logic.events(trips.table, **layout)}")
    return statements
