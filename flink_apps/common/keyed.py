"""Keyed streams of rows from tables, without a Python call per row.

PyFlink's own ``key_by`` calls Python for every row, to put the key in front of it. Here the query puts it there, and
the JVM reads it there. The rows have the shape that PyFlink's Python functions expect: a key and a value.
"""

from __future__ import annotations

from typing import Any

from pyflink.common import TypeInformation, Types
from pyflink.datastream import DataStream, KeyedStream
from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment, Table


def table_by(table_env: StreamTableEnvironment, table: Table, column: str) -> Table:
    """The same table, partitioned by an INT column: rows with the same value go to the same task, in order."""
    return Table(_streams().keyBy(table_env._j_tenv, table._j_table, column), table_env)


def rows(table: DataStream, row_type: TypeInformation) -> DataStream:
    """A table's stream as rows of ``row_type``, for operators in Python."""
    return DataStream(_streams().rows(table._j_data_stream, row_type.get_java_type_info()))


def keyed_rows(stream: DataStream, key_type: TypeInformation) -> KeyedStream:
    """Key rows of a key and a value by the key; the function gets the values."""
    jvm = get_gateway().jvm
    by_first_field = stream._j_data_stream.keyBy(jvm.KeyByKeySelector(), Types.ROW([key_type]).get_java_type_info())
    return KeyedStream(by_first_field, None, stream)


def _streams() -> Any:  # noqa: ANN401 - a class of the JVM
    """The class that makes them: see flink_apps/connectors/streams."""
    return get_gateway().jvm.flinkscenarios.streams.Streams
