"""Event time that survives a restart."""

from __future__ import annotations

from typing import Any

from pyflink.common import TypeInformation
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


def clock(timed: DataStream) -> DataStream:
    """The event time of a stream, without its rows; while the stream is idle, it advances with the clock."""
    return DataStream(event_time().clock(timed._j_data_stream))


def timed_by(events: DataStream, time: DataStream, row_type: TypeInformation) -> DataStream:
    """Give ``events``, which have no times of their own and should be few, the event time of a :func:`clock`."""
    stream = event_time().timedBy(events._j_data_stream, time._j_data_stream, row_type.get_java_type_info())
    return DataStream(stream)


def stamped(stream: DataStream, time: DataStream, row_type: TypeInformation) -> DataStream:
    """Add the event time before it to each row of a key and a value, as the value's last field.

    Args:
        stream: The rows.
        time: The :func:`clock` of the same stream.
        row_type: The type of a key and a value with one more field, a LONG.

    """
    stamped_rows = event_time().stamped(stream._j_data_stream, time._j_data_stream, row_type.get_java_type_info())
    return DataStream(stamped_rows)


def event_time() -> Any:  # noqa: ANN401 - a class of the JVM
    """The class that makes them: see flink_apps/connectors/eventtime."""
    return get_gateway().jvm.flinkscenarios.eventtime.EventTime
