"""The pipeline: SQL derives series and samples from ticks, and writes them into Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.table import StatementSet, StreamTableEnvironment

from flink_apps.common.ends.tick import DUE, END, START
from flink_apps.common.environment import insert, parallelism, prepare
from flink_apps.common.keyed import table_by
from flink_apps.common.tables import Connector
from flink_apps.prometheus_metrics import queries, schema
from flink_apps.prometheus_metrics.settings import Settings

#: The names under which ``sources`` and ``sinks`` hold their tables.
TICKS, SAMPLES = "ticks", "samples"

_SERIES, _GENERATED = "generated_series", "generated_samples"


def build(
    table_env: StreamTableEnvironment,
    settings: Settings,
    sources: Mapping[str, Connector],
    sinks: Mapping[str, Connector],
) -> StatementSet:
    """Declare the pipeline from ``sources["ticks"]`` to ``sinks["samples"]``; nothing runs before ``execute()``."""
    prepare(table_env)
    ticks, sink, shares = sources[TICKS], sinks[SAMPLES], settings.at(parallelism(table_env))
    table_env.execute_sql(ticks.create_table((START, END, DUE)))
    table_env.execute_sql(sink.create_table(schema.SAMPLE))

    generated = table_env.sql_query(queries.series(ticks.table, settings, shares))
    if shares.generators > 1:
        # A series stays in one task: another task could send the series' next samples first.
        generated = table_by(table_env, generated, "instance")
    table_env.create_temporary_view(_SERIES, generated)
    table_env.execute_sql(f"CREATE TEMPORARY VIEW {_GENERATED} AS {queries.samples(_SERIES, settings)}")
    return insert(table_env, {sink.table: f"SELECT * FROM {_GENERATED}"}, connectors=[ticks, sink])
