"""The pipeline: a row for each tick of the clock, into the stream."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.table import StatementSet, TableEnvironment

from flink_apps.common.ends.tick import DUE, END, START
from flink_apps.common.environment import insert, prepare
from flink_apps.common.tables import Connector
from flink_apps.pulse import queries, schema
from flink_apps.pulse.settings import Settings

#: The names under which ``sources`` and ``sinks`` hold their tables.
TICKS, BEATS = "ticks", "beats"


def build(
    table_env: TableEnvironment,
    settings: Settings,  # noqa: ARG001 - every job is built in the same way
    sources: Mapping[str, Connector],
    sinks: Mapping[str, Connector],
) -> StatementSet:
    """Declare the pipeline from ``sources["ticks"]`` to ``sinks["beats"]``; nothing runs before ``execute()``."""
    prepare(table_env)
    ticks, sink = sources[TICKS], sinks[BEATS]
    table_env.execute_sql(ticks.create_table((START, END, DUE)))
    table_env.execute_sql(sink.create_table(schema.BEAT))
    return insert(table_env, {sink.table: queries.beats(ticks.table)}, connectors=[ticks, sink])
