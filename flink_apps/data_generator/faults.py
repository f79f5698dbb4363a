"""Records that are wrong on purpose: which ones, and what SQL makes of them. No Flink in here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flink_apps.common.properties import Property, PropertyGroups, SettingsError
from flink_apps.common.tables import Column
from flink_apps.data_generator.records import Field, RecordType

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

#: How far behind a late record's times are: more than any consumer waits for.
LATENESS_MILLIS = 2 * 60 * 60 * 1000


def _share(fault: str, meaning: str) -> Property:
    return Property(
        group="DataGen", key=f"faults.{fault}", default="0", meaning=f"share of the records, 0 to 1, {meaning}"
    )


LATE = _share("late", "whose times are two hours behind")
DUPLICATE = _share("duplicate", "that come twice; the second one is beyond the rate")
MALFORMED = _share("malformed", "that are cut in the middle; in JSON alone")
OUT_OF_RANGE = _share("out.of.range", "with values that no consumer should take")
PROPERTIES = (LATE, DUPLICATE, MALFORMED, OUT_OF_RANGE)
#: The faults of which a record has one at the most, in the order of their numbers: 0 is none.
_EXCLUSIVE = (LATE, MALFORMED, OUT_OF_RANGE)


def number(fault: Property) -> int:
    """The number that stands for a fault in SQL."""
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
        """Read and check the shares, or raise :class:`SettingsError`."""
        shares = {prop: _number(prop, groups) for prop in PROPERTIES}
        together = sum(shares[prop] for prop in _EXCLUSIVE)
        if together > 1:
            names = " + ".join(prop.name for prop in _EXCLUSIVE)
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
        """The faults of ``size`` records, by their numbers; and the places, from 1 on, of all records that leave.

        Both are int32; a place that is there twice is a duplicate.
        """
        import numpy

        limits = numpy.cumsum([self.late, self.malformed, self.out_of_range])
        # Numbers from the last limit on are no fault: they come to stand behind it.
        kinds = (numpy.searchsorted(limits, random.random(size), side="right") + 1) % (len(limits) + 1)
        times = 1 + (random.random(size) < self.duplicate)
        return kinds.astype("int32"), numpy.repeat(numpy.arange(1, size + 1, dtype="int32"), times)


def count(kinds: NDArray[Any], places: NDArray[Any]) -> dict[Property, int]:
    """How many of the records that leave have each fault."""
    import numpy

    counts = numpy.bincount(kinds[places - 1], minlength=1 + len(_EXCLUSIVE))
    return {DUPLICATE: len(places) - len(kinds), **{fault: int(counts[number(fault)]) for fault in _EXCLUSIVE}}


def select_list(record_type: RecordType, *, fault: str) -> str:
    """The SQL select list of records, those out of range among them; ``fault`` is the column with the number."""
    return ", ".join(f"{_value(field, fault)} AS `{field.name}`" for field in record_type.fields)


def _value(field: Field, fault: str) -> str:
    if field.out_of_range is None:
        return field.sql
    return f"CASE {fault} WHEN {number(OUT_OF_RANGE)} THEN {field.out_of_range} ELSE {field.sql} END"


def as_row(columns: tuple[Column, ...]) -> str:
    """The SQL expression of a row with all the columns, under their names."""
    names = ", ".join(f"`{column.name}`" for column in columns)
    types = ", ".join(f"`{column.name}` {column.type}" for column in columns)
    return f"CAST(ROW({names}) AS ROW<{types}>)"


def json_bytes(row: str, *, fault: str) -> str:
    """The SQL expression of a row's JSON, as bytes, of which a malformed one has the first half."""
    text = f"JSON_STRING({row})"
    half = f"SUBSTRING({text} FROM 1 FOR CHAR_LENGTH({text}) / 2)"
    return f"ENCODE(CASE {fault} WHEN {number(MALFORMED)} THEN {half} ELSE {text} END, 'UTF-8')"


def _number(prop: Property, groups: PropertyGroups) -> float:
    value = prop.required(groups, fix="write a number from 0 to 1")
    share = float(value) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) else None
    if share is None or share > 1:
        raise prop.error("be a number from 0 to 1", value, "write for example 0.01")
    return share
