"""What the generator has to know of a type of record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flink_apps.common.tables import Column

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class RecordType:
    """A type of record: what it looks like, how numpy draws it, how SQL takes a draw apart.

    Python makes an array or two of whole numbers a tick; what happens once a record is SQL, and runs in the JVM.
    """

    name: str
    #: The columns of the sinks' tables, in the order of ``select``.
    columns: tuple[Column, ...]
    #: The column by which the sinks are partitioned.
    partition_key: str
    #: Bytes of a record as JSON, at the most, with its key.
    record_bytes: int
    #: The Kafka topic where the context names none.
    topic: str
    #: Draws a tick with so many records: for each of ``drawn`` an array with an element a record.
    draw: Callable[[Generator, int], tuple[NDArray[Any], ...]]
    #: The one number, or the two, that a record is drawn as: INT or BIGINT. Two travel as keys and values of a map: the
    #: first is never the same twice in a tick.
    drawn: tuple[Column] | tuple[Column, Column]
    #: The SQL select list that makes a record of ``drawn`` and of what is known of its tick: ``start_millis``, where it
    #: starts on the generator's time line; ``now_millis``, when it came, since 1970; ``event_time``, the same as
    #: ISO-8601 text, UTC without a zone.
    select: str
