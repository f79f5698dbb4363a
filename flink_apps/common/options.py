"""Options of a job: each is declared once, with its key, type, bounds, default and meaning.

The job's parsing, the context key, the property that the stack writes and the row in the README follow from it.
Standard library only, as the stacks import it, too.
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
    """The type of an option's values.

    ``values`` describes them ("an integer from 1 to 60"). ``parse`` raises a ``ValueError`` for an invalid text.
    ``example`` is a valid text. At synthesis it replaces values that are only known after the deployment.
    """

    values: str
    example: str
    parse: Callable[[str], T]
    write: Callable[[T], str] = str
    #: The fix for an invalid value; by default the error suggests the example.
    fix: Callable[[str], str] | None = None

    def how_to_mend(self, value: str) -> str:
        """The fix that an error about ``value`` suggests."""
        return self.fix(value) if self.fix else f"write for example {self.example}"


def integer(low: int, high: int, *, example: int | None = None) -> Type[int]:
    """An integer from ``low`` to ``high``, both included."""

    def parse(text: str) -> int:
        # int() alone would accept '1_000' and digits of other scripts.
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
    """A number without an exponent and without trailing zeros."""
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
    """One of ``values``; by default, the fix suggests the most similar one."""

    def parse(text: str) -> str:
        if text not in values:
            raise ValueError
        return text

    return Type(
        values=" or ".join(values), example=values[0], parse=parse, fix=lambda value: fix or nearest(value, values)
    )


def matching(pattern: str, *, values: str, example: str, fix: str | None = None) -> Type[str]:
    """A text that matches all of ``pattern``."""

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
    """One key of a property group.

    ``default`` is ``None`` if the key is required, or if ``meaning`` says what an absent key stands for. A ``key``
    that ends with ``*`` is a prefix of keys: see :class:`Group`.
    """

    group: str
    key: str
    type: Type[T]
    meaning: str
    default: T | None = None

    @property
    def name(self) -> str:
        """The name in error messages, ``group/key``."""
        return f"{self.group}/{self.key}"

    @property
    def default_text(self) -> str:
        """The default as text; empty if there is none."""
        return "" if self.default is None else self.type.write(self.default)

    def error(self, rule: str, value: object, fix: str) -> SettingsError:
        """An error about this option."""
        return SettingsError(self.name, rule, value, fix)

    def is_set(self, groups: PropertyGroups) -> bool:
        """Whether the groups have a value that is not blank."""
        return bool(self._text(groups))

    def parse(self, value: str) -> T:
        """The value of a text.

        Raises:
            SettingsError: The text is invalid.

        """
        try:
            return self.type.parse(value)
        except SettingsError:
            raise
        except ValueError:
            raise self.error(f"be {self.type.values}", value, self.type.how_to_mend(value)) from None

    def find(self, groups: PropertyGroups) -> T | None:
        """The value, or else the default, or else ``None``."""
        value = self._text(groups)
        return self.parse(value) if value else self.default

    def read(self, groups: PropertyGroups) -> T:
        """The value, or else the default.

        Raises:
            SettingsError: There is neither.

        """
        value = self.find(groups)
        if value is None:
            raise self.error("be set", None, self.type.how_to_mend(""))
        return value

    def _text(self, groups: PropertyGroups) -> str:
        return groups.get(self.group, {}).get(self.key, "").strip()


@dataclass(frozen=True)
class Group:
    """A property group; calling it declares an option."""

    name: str

    def __call__(self, key: str, type: Type[T], meaning: str, default: T | None = None) -> Option[T]:  # noqa: A002 - as the option's own field
        """An option of this group."""
        return Option(group=self.name, key=key, type=type, meaning=meaning, default=default)


def both(groups: PropertyGroups, first: Option[Any], second: Option[Any]) -> bool:
    """Whether two options that belong together are set.

    Raises:
        SettingsError: Only one of them is set.

    """
    for one, other in ((first, second), (second, first)):
        if other.is_set(groups) and not one.is_set(groups):
            raise one.error(f"be set where {other.key} is", None, "write both, or neither")
    return first.is_set(groups)


def other_keys(groups: PropertyGroups, *known: Option[Any]) -> dict[str, str]:
    """The other keys in the group of the ``known`` options, which are passed on unchanged."""
    names = {option.key for option in known}
    return {key: value for key, value in groups.get(known[0].group, {}).items() if key not in names}


def refuse_unknown_keys(groups: PropertyGroups, options: Iterable[Option[Any]]) -> None:
    """Refuse unknown keys in the groups of ``options``, and suggest the most similar one.

    Raises:
        SettingsError: A key is unknown.

    """
    known: dict[str, list[str]] = {}
    for option in options:
        known.setdefault(option.group, []).append(option.key)
    for group, keys in known.items():
        for key in groups.get(group, {}):
            if key not in keys:
                raise SettingsError(f"{group}/{key}", "be a known key", key, nearest(key, keys))


def written(values: Iterable[tuple[Option[Any], Any]]) -> dict[str, dict[str, str]]:
    """Property groups with these values, each in the text form of its option; a text is used unchanged."""
    groups: dict[str, dict[str, str]] = {}
    for option, value in values:
        groups.setdefault(option.group, {})[option.key] = value if isinstance(value, str) else option.type.write(value)
    return groups
