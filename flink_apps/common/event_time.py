"""Tables in event time: watermarks that wait for the slowest partition of the source, with any connector."""

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
    """The table with one more column, ``rowtime``: the time attribute for windows.

    Args:
        table_env: The environment of the table.
        table: The table.
        partition: The STRING column with the shard or partition that a row came from.
        time: The BIGINT column with the event time, in milliseconds since 1970. A row with NULL does not advance the
            watermark, and its ``rowtime`` is arbitrary.
        out_of_order_millis: Bounded out-of-orderness: how far the watermark is behind the slowest partition.
        idle_millis: Idleness timeout: the watermark does not wait for a partition without rows for this long.

    """
    stream = event_time().partitioned(
        table_env._j_tenv, table._j_table, partition, time, out_of_order_millis, idle_millis
    )
    return Table(stream, table_env)
