"""Streams of rows by their keys, made from tables without a call of Python for each row.

PyFlink's own ``key_by`` calls Python for every row, to put its key in front of it. Here the query has put it there,
and the JVM takes it from there. Functions in Python want PyFlink's own shape: rows of a key and a value.
"""

from __future__ import annotations

from typing import Any

from pyflink.common import TypeInformation, Types
from pyflink.datastream import DataStream, KeyedStream
from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment, Table

from flink_apps.common.event_time import event_time


def table_by(table_env: StreamTableEnvironment, table: Table, column: str) -> Table:
    """The same table, whose rows with the same value of an INT column come to the same task, in their order."""
    return Table(_streams().keyBy(table_env._j_tenv, table._j_table, column), table_env)


def rows(table: DataStream, row_type: TypeInformation) -> DataStream:
    """A table's stream as rows of ``row_type``, which operators in Python take."""
    return DataStream(_streams().rows(table._j_data_stream, row_type.get_java_type_info()))


def rows_in_event_time(
    table: DataStream, row_type: TypeInformation, *, out_of_order_millis: int, idle_millis: int
) -> DataStream:
    """Rows of a key, a value, the partition and the event time, as rows of the first two, in that event time.

    The watermark is ``out_of_order_millis`` behind the slowest partition that has had a row for ``idle_millis``. A time
    is milliseconds since 1970, a BIGINT; NULL does not move the watermark.
    """
    stream = event_time().partitioned(
        table._j_data_stream, row_type.get_java_type_info(), out_of_order_millis, idle_millis
    )
    return DataStream(stream)


def keyed_rows(stream: DataStream, key_type: TypeInformation) -> KeyedStream:
    """Rows of a key and a value by their keys: what the function gets are the values."""
    jvm = get_gateway().jvm
    by_first_field = stream._j_data_stream.keyBy(jvm.KeyByKeySelector(), Types.ROW([key_type]).get_java_type_info())
    return KeyedStream(by_first_field, None, stream)


def timed_by(events: DataStream, timed: DataStream, row_type: TypeInformation) -> DataStream:
    """A few ``events`` without a time of their own, in the event time of ``timed``.

    Where ``timed`` falls silent, event time goes on with the clock: see flink_apps/connectors/eventtime.
    """
    stream = event_time().timedBy(events._j_data_stream, timed._j_data_stream, row_type.get_java_type_info())
    return DataStream(stream)


def _streams() -> Any:  # noqa: ANN401 - a class of the JVM
    """See flink_apps/connectors/streams."""
    return get_gateway().jvm.flinkscenarios.streams.Streams
