"""SQL expressions evaluated by Flink itself, for tests of what the jobs declare.

In a process of its own: what PyFlink leaves open, and what its libraries warn of, is not these tests' business.
"""

from __future__ import annotations

import atexit
import functools
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from flink_apps.common.tables import Column

if TYPE_CHECKING:
    from pyflink.table import TableEnvironment


@functools.cache
def _environment() -> TableEnvironment:
    from pyflink.table import EnvironmentSettings, TableEnvironment

    table_env = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    table_env.get_config().set("table.local-time-zone", "UTC")
    table_env.get_config().set("parallelism.default", "1")
    return table_env


@functools.cache
def _process() -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))
    atexit.register(pool.shutdown)
    return pool


def evaluate(expressions: Sequence[str], columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The values of the SQL ``expressions`` for each of ``rows``, which have ``columns``; rows keep their order."""
    return _process().submit(_evaluate, expressions, columns, rows).result(timeout=120)


def _evaluate(expressions: Sequence[str], columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    from pyflink.table import DataTypes

    schema = DataTypes.ROW([DataTypes.FIELD(column.name, getattr(DataTypes, column.type)()) for column in columns])
    table = _environment().from_elements([tuple(row) for row in rows], schema)
    selected = _environment().sql_query(f"SELECT {', '.join(expressions)} FROM {table}")  # noqa: S608 - the tests' own
    with selected.execute().collect() as results:
        return [list(result) for result in results]
