"""Records that are wrong on purpose: which ones, and the SQL that makes them so. Without Flink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flink_apps.common.options import Group, Option, number
from flink_apps.common.properties import PropertyGroups, SettingsError
from flink_apps.common.tables import Column
from flink_apps.data_generator.records import Field, RecordType

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

#: How late a late record is: later than any consumer waits for.
LATENESS_MILLIS = 2 * 60 * 60 * 1000


GROUP = "DataGen"


def _share(fault: str, meaning: str) -> Option[float]:
    return Group(GROUP)(f"faults.{fault}", number(0, 1, example="0.01"), f"share of the records {meaning}", 0.0)


LATE = _share("late", "whose event time is two hours in the past")
DUPLICATE = _share("duplicate", "that are sent twice; the copies do not count towards the rate")
MALFORMED = _share("malformed", "that are cut off in the middle; only with format json")
OUT_OF_RANGE = _share("out.of.range", "with values that no consumer should accept")
OPTIONS = (LATE, DUPLICATE, MALFORMED, OUT_OF_RANGE)
#: A record has at most one of these faults. Their codes follow this order, from 1 on; 0 is none.
_EXCLUSIVE = (LATE, MALFORMED, OUT_OF_RANGE)


def code(fault: Option[float]) -> int:
    """The code of a fault in SQL."""
    return 1 + _EXCLUSIVE.index(fault)


@dataclass(frozen=True, kw_only=True)
class Faults:
    """The shares of the records that are wrong in one way or another."""

    late: float = 0
    duplicate: float = 0
    malformed: float = 0
    out_of_range: float = 0

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Faults:
        """Read and check the shares.

        Raises:
            SettingsError: A property is invalid.

        """
        shares = {option: option.read(groups) for option in OPTIONS}
        together = sum(shares[option] for option in _EXCLUSIVE)
        if together > 1:
            names = " + ".join(option.name for option in _EXCLUSIVE)
            raise SettingsError(names, "be at most 1", together, "a record has one of these faults at the most")
        return cls(
            late=shares[LATE],
            duplicate=shares[DUPLICATE],
            malformed=shares[MALFORMED],
            out_of_range=shares[OUT_OF_RANGE],
        )

    def __bool__(self) -> bool:
        """Whether there are any at all."""
        return any((self.late, self.duplicate, self.malformed, self.out_of_range))

    def draw(self, random: Generator, size: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """The faults of ``size`` records, by their numbers; and the positions, from 1 on, of all records that leave.

        Both are int32; a position that is there twice is a duplicate.
        """
        import numpy

        limits = numpy.cumsum([self.late, self.malformed, self.out_of_range])
        # Numbers from the last limit on are no fault: they come to stand behind it.
        kinds = (numpy.searchsorted(limits, random.random(size), side="right") + 1) % (len(limits) + 1)
        times = 1 + (random.random(size) < self.duplicate)
        return kinds.astype("int32"), numpy.repeat(numpy.arange(1, size + 1, dtype="int32"), times)


def count(kinds: NDArray[Any], positions: NDArray[Any]) -> dict[Option[float], int]:
    """How many of the records that leave have each fault."""
    import numpy

    counts = numpy.bincount(kinds[positions - 1], minlength=1 + len(_EXCLUSIVE))
    return {DUPLICATE: len(positions) - len(kinds), **{fault: int(counts[code(fault)]) for fault in _EXCLUSIVE}}


def select_list(record_type: RecordType, *, fault: str) -> str:
    """The SQL select list of records, those out of range among them; ``fault`` is the column with the number."""
    return ", ".join(f"{_value(field, fault)} AS `{field.name}`" for field in record_type.fields)


def _value(field: Field, fault: str) -> str:
    if field.out_of_range is None:
        return field.sql
    return f"CASE {fault} WHEN {code(OUT_OF_RANGE)} THEN {field.out_of_range} ELSE {field.sql} END"


def as_row(columns: tuple[Column, ...]) -> str:
    """The SQL expression of a row with all the columns, under their names."""
    names = ", ".join(f"`{column.name}`" for column in columns)
    types = ", ".join(f"`{column.name}` {column.type}" for column in columns)
    return f"CAST(ROW({names}) AS ROW<{types}>)"


def json_bytes(row: str, *, fault: str) -> str:
    """The SQL expression of a row's JSON, as bytes, of which a malformed one has the first half."""
    text = f"JSON_STRING({row})"
    half = f"SUBSTRING({text} FROM 1 FOR CHAR_LENGTH({text}) / 2)"
    return f"ENCODE(CASE {fault} WHEN {code(MALFORMED)} THEN {half} ELSE {text} END, 'UTF-8')"
