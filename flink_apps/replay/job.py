"""The pipeline: read rows of files, release each when it is due, write it as an event."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.table import StatementSet, TableEnvironment

from flink_apps.common import taxi_trip
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.environment import configure, insert, parallelism
from flink_apps.common.tables import Connector
from flink_apps.replay import logic, queries, schema
from flink_apps.replay.settings import JSON, PARQUET, Settings

#: The names under which ``sources`` and ``sinks`` hold their tables.
TRIPS, EVENTS = "trips", "events"


def files(settings: Settings) -> Connector:
    """The source: see flink_apps/connectors/replaysource."""
    options = {
        "connector": "replay",
        "path": settings.source_path,
        "format": settings.source_format,
        "time-attribute": settings.time_attribute,
        "time-zone": settings.time_zone,
        "speedup": repr(settings.speedup),
        "gap-limit": f"{settings.gap_limit_seconds} s",
        "buffer": str(settings.buffer_records),
        "statistics-interval": f"{settings.statistics_interval_seconds} s",
        "at-end": "wait" if settings.waits_at_end else "stop",
    }
    if settings.seek:
        options["seek"] = settings.seek.isoformat()
    if settings.source_format != JSON:
        names = ((name, field) for field, names in schema.OTHER_NAMES.items() for name in names)
        options["other-names"] = ",".join(f"{name}:{field}" for name, field in names)
        options["needed-columns"] = ";".join(schema.needed())
    metadata = [schema.NUMBER] if settings.source_format == PARQUET else [schema.LINE, schema.NUMBER]
    if settings.sends_watermarks:
        keys_of = logic.kinesis_keys if isinstance(settings.sink, KinesisStream) else logic.kafka_keys
        options["watermark-interval"] = f"{settings.watermark_interval_seconds} s"
        options["watermark-keys"] = ";".join(keys_of(settings.watermark_shards))
        metadata += [schema.WATERMARK, schema.WATERMARK_KEY]
    return Connector(table=TRIPS, options=options, metadata=tuple(metadata))


def build(
    table_env: TableEnvironment,
    settings: Settings,
    sources: Mapping[str, Connector],
    sinks: Mapping[str, Connector],
) -> StatementSet:
    """Declare the pipeline from ``sources["trips"]`` to ``sinks["events"]``; nothing runs before ``execute()``."""
    configure(table_env)
    if settings.sends_watermarks and parallelism(table_env) != 1:
        # Parallel tasks would not keep the order: a watermark event could overtake trips. Deployed, it has one task,
        # and this is not set: from Flink 2.2 on, the managed service refuses it in code.
        table_env.get_config().set("parallelism.default", "1")
    for name, java_class in queries.FUNCTIONS.items():
        table_env.create_java_temporary_function(name, java_class)

    trips, sink = sources[TRIPS], sinks[EVENTS]
    layout = {
        "source_format": settings.source_format,
        "time_attribute": settings.time_attribute,
        "partition_key": settings.partition_key,
    }
    table_env.execute_sql(trips.create_table(queries.columns(**layout)))
    table_env.execute_sql(sink.create_table(taxi_trip.KEYED))
    events = queries.events(trips.table, **layout, time_zone=settings.time_zone, watermarks=settings.sends_watermarks)
    return insert(table_env, {sink.table: events}, connectors=[trips, sink])
