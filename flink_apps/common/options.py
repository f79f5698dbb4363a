"""Options of a job: each declared once, with its key, type, bounds, default and meaning.

From the declaration come the job's parsing, the context key and the property that the stack writes, and the row in the
README. Standard library only: the stacks import it as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flink_apps.common.properties import PropertyGroups, SettingsError, nearest

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Type(Generic[T]):
    """What the values of an option are.

    ``values`` says it in words ("an integer from 1 to 60"); ``parse`` raises a ``ValueError`` for a text that is none;
    ``example`` is a valid text, which stands for a value that only a deployment knows when the stack checks the rules.
    """

    values: str
    example: str
    parse: Callable[[str], T]
    write: Callable[[T], str] = str
    #: What to do about a wrong value; by default the example is given.
    fix: Callable[[str], str] | None = None

    def how_to_mend(self, value: str) -> str:
        """The end of a message about ``value``."""
        return self.fix(value) if self.fix else f"write for example {self.example}"


def integer(low: int, high: int, *, example: int | None = None) -> Type[int]:
    """An integer from ``low`` to ``high``, both included."""

    def parse(text: str) -> int:
        # int() alone would take '1_000', and digits of other scripts.
        number = int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else None
        if number is None or not low <= number <= high:
            raise ValueError
        return number

    shown = min(max(low, 10), high) if example is None else example
    return Type(values=f"an integer from {low} to {high}", example=str(shown), parse=parse)


def number(low: float, high: float, *, example: str) -> Type[float]:
    """A number from ``low`` to ``high``, both included."""

    def parse(text: str) -> float:
        value = float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else -1.0
        if not low <= value <= high:
            raise ValueError
        return value

    return Type(values=f"a number from {low:g} to {high:g}", example=example, parse=parse, write=plain)


def number_above(low: float, *, example: str) -> Type[float]:
    """A number above ``low``."""

    def parse(text: str) -> float:
        value = float(text) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]+)?", text) else low
        if value <= low:
            raise ValueError
        return value

    return Type(values=f"a number above {low:g}", example=example, parse=parse, write=plain)


def plain(value: float) -> str:
    """A number as people write it: no exponent, no zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".")


def boolean() -> Type[bool]:
    """True or false, in any case."""

    def parse(text: str) -> bool:
        if text.lower() not in ("true", "false"):
            raise ValueError
        return text.lower() == "true"

    return Type(
        values="true or false",
        example="true",
        parse=parse,
        write=lambda value: str(value).lower(),
        fix=lambda _: "write one of the two",
    )


def choice(*values: str, fix: str | None = None) -> Type[str]:
    """One of ``values``; without a ``fix`` the nearest one is named."""

    def parse(text: str) -> str:
        if text not in values:
            raise ValueError
        return text

    return Type(
        values=" or ".join(values), example=values[0], parse=parse, fix=lambda value: fix or nearest(value, values)
    )


def matching(pattern: str, *, values: str, example: str, fix: str | None = None) -> Type[str]:
    """A text that ``pattern`` matches from end to end."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return Type(values=values, example=example, parse=parse, fix=(lambda _: fix) if fix else None)


def text(*, example: str) -> Type[str]:
    """Any text."""
    return Type(values="", example=example, parse=str)


@dataclass(frozen=True, kw_only=True)
class Option(Generic[T]):
    """One key of a property group; ``default`` is ``None`` where the key is required, or ``meaning`` says what stands.

    A prefix of keys ends with ``*``: see :class:`Group`.
    """

    group: str
    key: str
    type: Type[T]
    meaning: str
    default: T | None = None

    @property
    def name(self) -> str:
        """The name that error messages use."""
        return f"{self.group}/{self.key}"

    @property
    def default_text(self) -> str:
        """The default as it would be written; empty where there is none."""
        return "" if self.default is None else self.type.write(self.default)

    def error(self, rule: str, value: object, fix: str) -> SettingsError:
        """An error about this option."""
        return SettingsError(self.name, rule, value, fix)

    def is_set(self, groups: PropertyGroups) -> bool:
        """Whether the groups have a value; an empty one is none."""
        return bool(self._text(groups))

    def parse(self, value: str) -> T:
        """The value that a text stands for, or :class:`SettingsError`."""
        try:
            return self.type.parse(value)
        except SettingsError:
            raise
        except ValueError:
            raise self.error(f"be {self.type.values}", value, self.type.how_to_mend(value)) from None

    def find(self, groups: PropertyGroups) -> T | None:
        """The value, or the default, where there is one."""
        value = self._text(groups)
        return self.parse(value) if value else self.default

    def read(self, groups: PropertyGroups) -> T:
        """The value, or the default; :class:`SettingsError` where there is neither."""
        value = self.find(groups)
        if value is None:
            raise self.error("be set", None, self.type.how_to_mend(""))
        return value

    def _text(self, groups: PropertyGroups) -> str:
        return groups.get(self.group, {}).get(self.key, "").strip()


@dataclass(frozen=True)
class Group:
    """A property group, whose options are declared by calling it."""

    name: str

    def __call__(self, key: str, type: Type[T], meaning: str, default: T | None = None) -> Option[T]:  # noqa: A002 - as the option's own field
        """An option of this group."""
        return Option(group=self.name, key=key, type=type, meaning=meaning, default=default)


def both(groups: PropertyGroups, first: Option[Any], second: Option[Any]) -> bool:
    """Whether two options that go together are set; :class:`SettingsError` for one without the other."""
    for one, other in ((first, second), (second, first)):
        if other.is_set(groups) and not one.is_set(groups):
            raise one.error(f"be set where {other.key} is", None, "write both, or neither")
    return first.is_set(groups)


def other_keys(groups: PropertyGroups, *known: Option[Any]) -> dict[str, str]:
    """What the group of the ``known`` options has besides them: handed on as it is."""
    names = {option.key for option in known}
    return {key: value for key, value in groups.get(known[0].group, {}).items() if key not in names}


def refuse_unknown_keys(groups: PropertyGroups, options: Iterable[Option[Any]]) -> None:
    """Refuse a key that none of ``options`` has, in the groups that they are of, and name the nearest."""
    known: dict[str, list[str]] = {}
    for option in options:
        known.setdefault(option.group, []).append(option.key)
    for group, keys in known.items():
        for key in groups.get(group, {}):
            if key not in keys:
                raise SettingsError(f"{group}/{key}", "be a known key", key, nearest(key, keys))


def written(values: Iterable[tuple[Option[Any], Any]]) -> dict[str, dict[str, str]]:
    """Property groups with these values, each as its option writes it; a text is taken as it is."""
    groups: dict[str, dict[str, str]] = {}
    for option, value in values:
        groups.setdefault(option.group, {})[option.key] = value if isinstance(value, str) else option.type.write(value)
    return groups
