"""Event time that survives a restart."""

from __future__ import annotations

from typing import Any

from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment, Table


def set_idleness_timeout(table_env: StreamTableEnvironment, millis: int) -> None:
    """Let watermarks not wait for a shard or partition without records for this long."""
    table_env.get_config().set("table.exec.source.idle-timeout", f"{millis} ms")


def kept_table(table_env: StreamTableEnvironment, table: Table, *, time: str) -> Table:
    """The table with one more column, ``rowtime``: the time attribute for windows.

    Its watermark is that of the table's source, and a restart goes on from that of the checkpoint.

    Args:
        table_env: The environment of the table.
        table: The table, without a time attribute.
        time: The BIGINT column with the event time, in milliseconds since 1970. NULL gives a ``rowtime`` that is NULL.

    """
    return Table(event_time().kept(table_env._j_tenv, table._j_table, time), table_env)


def kept_rows(stream: DataStream) -> DataStream:
    """The stream with the watermark of its source; a restart goes on from that of the checkpoint."""
    return DataStream(event_time().kept(stream._j_data_stream))


def event_time() -> Any:  # noqa: ANN401 - a class of the JVM
    """The class that makes them: see flink_apps/connectors/eventtime."""
    return get_gateway().jvm.flinkscenarios.eventtime.EventTime
