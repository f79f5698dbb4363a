"""The definition of a record type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flink_apps.common.tables import Column

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A slice of the generator's time line, on which the records of a tick may depend.

    If they depend on nothing else and the run has a seed, the same slice always has the same records.
    """

    random: Generator
    #: The run's seed; without one 0, for what has to stay the same after a restart all the same.
    seed: int
    #: Its begin and end on the time line: the end is not in it.
    start_millis: int
    end_millis: int
    #: The time of its records, since 1970.
    now_millis: int
    #: How many records came before it on the time line, and how many are in it.
    first: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a record: its SQL, and its meaning for the README."""

    name: str
    #: Its SQL type.
    type: str
    #: The SQL expression of its value, over the names that :class:`RecordType` lists.
    sql: str
    #: What it is, and how its values are distributed.
    meaning: str
    #: Some records do without it: the expression is NULL there.
    optional: bool = False
    #: The SQL expression of a value that no consumer should take.
    out_of_range: str | None = None

    @property
    def column(self) -> Column:
        """The field as a column of a sink's table."""
        return Column(self.name, self.type)


def select_list(fields: tuple[Field, ...]) -> str:
    """The SQL select list of the fields."""
    return ", ".join(f"{field.sql} AS `{field.name}`" for field in fields)


@dataclass(frozen=True, kw_only=True)
class RecordType:
    """A record type: its fields, how numpy draws a record, and how SQL takes a draw apart.

    Per tick, Python draws one or two arrays of integers. Everything per record is SQL, which runs in the JVM. The
    expressions of the fields can use the names in ``drawn``, and these: ``start_millis``, the start of the tick on the
    generator's time line; ``now_millis``, the time of the tick since 1970; ``event_time``, the same as ISO-8601 text,
    UTC without a zone.
    """

    name: str
    fields: tuple[Field, ...]
    #: The field by which the sinks are partitioned where the settings name none.
    partition_key: str
    #: Bytes of a record as JSON, at the most, with its key.
    record_bytes: int
    #: The Kafka topic where the context names none.
    topic: str
    #: For each of ``drawn`` an array with an element a record.
    draw: Callable[[Slice], tuple[NDArray[Any], ...]]
    #: The one number, or the two, that a record is drawn as: INT or BIGINT. Two travel as keys and values of a map: the
    #: first is never the same twice in a tick.
    drawn: tuple[Column] | tuple[Column, Column]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the sinks' tables."""
        return tuple(field.column for field in self.fields)

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that can be the partition key: those with a single value in every record."""
        return tuple(field.name for field in self.fields if not field.optional and not field.type.startswith("ROW"))

    @property
    def select(self) -> str:
        """The SQL select list of a record."""
        return select_list(self.fields)
