"""Tables in event time: watermarks that wait for the slowest partition of the source, whichever connector it has."""

from __future__ import annotations

from typing import Any

from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment, Table


def event_time() -> Any:  # noqa: ANN401 - a class of the JVM
    """The class that makes them: see flink_apps/connectors/eventtime."""
    return get_gateway().jvm.flinkscenarios.eventtime.EventTime


def table_in_event_time(
    table_env: StreamTableEnvironment,
    table: Table,
    *,
    partition: str,
    time: str,
    out_of_order_millis: int,
    idle_millis: int,
) -> Table:
    """The table with a column more: ``rowtime``, the time attribute that windows want.

    ``partition`` is the column that says which part of the source a row came from, a STRING; ``time`` has milliseconds
    since 1970, a BIGINT, NULL for a row that does not move the watermark, whose ``rowtime`` is any time. The
    watermark is ``out_of_order_millis`` behind the slowest partition that has had a row for ``idle_millis``.
    """
    stream = event_time().partitioned(
        table_env._j_tenv, table._j_table, partition, time, out_of_order_millis, idle_millis
    )
    return Table(stream, table_env)
