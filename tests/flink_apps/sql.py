"""SQL expressions evaluated by Flink itself, for tests of what the jobs declare.

In a process of its own: what PyFlink leaves open, and what its libraries warn of, is not these tests' business.
"""

from __future__ import annotations

import atexit
import functools
import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_apps.common.tables import Column

if TYPE_CHECKING:
    from pyflink.table import TableEnvironment


@dataclass(frozen=True, kw_only=True)
class Library:
    """A connector jar, and the classes in it that SQL has as functions, by their names there."""

    jar: Path
    functions: Mapping[str, str] = field(hash=False)


@functools.cache
def _environment(library: Library | None) -> TableEnvironment:
    from pyflink.table import EnvironmentSettings, TableEnvironment

    table_env = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    table_env.get_config().set("table.local-time-zone", "UTC")
    table_env.get_config().set("parallelism.default", "1")
    if library:
        table_env.get_config().set("pipeline.jars", library.jar.resolve().as_uri())
        for name, java_class in library.functions.items():
            table_env.create_java_temporary_function(name, java_class)
    return table_env


@functools.cache
def _process() -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))
    atexit.register(pool.shutdown)
    return pool


def evaluate(
    expressions: Sequence[str],
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    *,
    library: Library | None = None,
) -> list[list[Any]]:
    """The values of the SQL ``expressions`` for each of ``rows``, which have ``columns``; rows keep their order.

    The expressions may use the functions of the ``library``, and no others than Flink's own without one.
    """
    return _process().submit(_evaluate, expressions, columns, rows, library).result(timeout=120)


def _evaluate(
    expressions: Sequence[str], columns: Sequence[Column], rows: Sequence[Sequence[Any]], library: Library | None
) -> list[list[Any]]:
    from pyflink.table import DataTypes

    table_env = _environment(library)
    schema = DataTypes.ROW([DataTypes.FIELD(column.name, getattr(DataTypes, column.type)()) for column in columns])
    table = table_env.from_elements([tuple(row) for row in rows], schema)
    selected = table_env.sql_query(f"SELECT {', '.join(expressions)} FROM {table}")  # noqa: S608 - the tests' own
    with selected.execute().collect() as results:
        return [list(result) for result in results]
