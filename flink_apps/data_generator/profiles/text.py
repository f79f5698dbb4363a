"""The text form of a load profile, which properties and context have.

``ramp(from=0, to=500, over=60s) then repeat(spike(base=100, peak=900, at=50s, for=10s, over=60s), times=3)``: parts
with named arguments, one after the other. ``over`` is always the whole length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from flink_apps.common.properties import nearest
from flink_apps.data_generator import profiles
from flink_apps.data_generator.profiles import THOUSANDTHS, Profile, ProfileError
from flink_apps.data_generator.profiles.csv_file import RATE, steps_of

EXAMPLE = "ramp(from=0, to=500, over=60s) then constant(rate=500)"
#: A rate, and how often it comes.
_RUN = rf"{RATE}(?:\*[1-9][0-9]{{0,8}})?"
_MILLIS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def _rate(text: str) -> int:
    """Thousandths of a record per second."""
    if not re.fullmatch(RATE, text):
        raise ProfileError("have rates of 0 and more records/s", text, "write for example 500, or 0.125")
    return int(Decimal(text) * THOUSANDTHS)


def _duration(text: str) -> int:
    """Milliseconds."""
    length = re.fullmatch(r"([0-9]{1,12})(ms|s|m|h|d)", text)
    if length is None:
        raise ProfileError("have times as integers with ms, s, m, h or d", text, "write for example 60s")
    return int(length[1]) * _MILLIS[length[2]]


def _length(text: str) -> int:
    """Milliseconds, more than 0."""
    millis = _duration(text)
    if millis == 0:
        raise ProfileError("have lengths above 0", text, "write for example 60s")
    return millis


def _runs(text: str) -> tuple[tuple[int, int], ...]:
    """Rates, each with how often it comes."""
    if not re.fullmatch(rf"{_RUN}(/{_RUN})*", text):
        raise ProfileError("have rates of 0 and more, with / between them", text, "write for example 100/500/0*3")
    runs = [step.partition("*") for step in text.split("/")]
    return tuple((_rate(rate), int(times or 1)) for rate, _, times in runs)


def _times(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise ProfileError("have times as an integer above 0", text, "write for example 3, or leave it out")
    return int(text)


@dataclass(frozen=True)
class _Kind:
    """How a part is made of its arguments, each with its parameter and what reads it."""

    make: Callable[..., Profile]
    required: Mapping[str, tuple[str, Callable[[str], Any]]]
    optional: Mapping[str, tuple[str, Callable[[str], Any]]] = field(default_factory=dict)


_OVER = {"over": ("over", _length)}
_KINDS = {
    "constant": _Kind(profiles.constant, {"rate": ("rate", _rate)}, _OVER),
    "ramp": _Kind(profiles.ramp, {"from": ("start", _rate), "to": ("end", _rate), **_OVER}),
    "steps": _Kind(profiles.steps, {"rates": ("runs", _runs), "every": ("every", _length)}),
    "sine": _Kind(
        profiles.sine,
        {"mean": ("mean", _rate), "amplitude": ("amplitude", _rate), "period": ("period", _length)},
        _OVER,
    ),
    "spike": _Kind(
        profiles.spike,
        {"base": ("base", _rate), "peak": ("peak", _rate), "at": ("at", _duration), "for": ("length", _length)},
        _OVER,
    ),
}
_REPEAT, _CSV = "repeat", "csv"
#: The names that a part can have.
NAMES = (*_KINDS, _CSV, _REPEAT)


@dataclass(frozen=True)
class _Part:
    """A part as it is written; ``inner`` is what a repeat holds."""

    name: str
    arguments: Mapping[str, str]
    inner: tuple[_Part, ...] = ()

    def __str__(self) -> str:
        given = [f"{name}={value}" for name, value in self.arguments.items()]
        return f"{self.name}({', '.join([_written(self.inner), *given] if self.inner else given)})"

    def profile(self) -> Profile:
        """What the part stands for."""
        if self.name == _CSV:
            fix = "the stack reads the file and writes them; write steps(rates=100/500, every=60s) by hand"
            raise ProfileError("have steps in the place of a file", str(self), fix)
        if self.name == _REPEAT:
            self._check(required=(), optional=("times",))
            times = self.arguments.get("times")
            return profiles.repeat(_profile(self.inner), times=None if times is None else _times(times))
        kind = _KINDS[self.name]
        self._check(required=tuple(kind.required), optional=tuple(kind.optional))
        known = {**kind.required, **kind.optional}
        read = {known[name][0]: known[name][1](value) for name, value in self.arguments.items()}
        return kind.make(**read)

    def with_files_read(self, folder: Path) -> _Part:
        """The part with what the file holds where it is a CSV, or holds one."""
        if self.name == _CSV:
            self._check(required=("file",))
            return _Part("steps", steps_of(self.arguments["file"], folder))
        return replace(self, inner=tuple(part.with_files_read(folder) for part in self.inner))

    def _check(self, *, required: Sequence[str], optional: Sequence[str] = ()) -> None:
        for name in self.arguments:
            if name not in (*required, *optional):
                known = nearest(name, (*required, *optional))
                raise ProfileError(f"have known arguments in {self.name}", name, known)
        for name in required:
            if name not in self.arguments:
                raise ProfileError(f"have {name} in {self.name}", str(self), f"add {name}=…")


def _written(parts: Sequence[_Part]) -> str:
    return " then ".join(str(part) for part in parts)


def _profile(parts: Sequence[_Part]) -> Profile:
    return profiles.sequence(part.profile() for part in parts)


class _Reader:
    """Reads a text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(re.finditer(r"[(),=]|[^\s(),=]+", text))

    def whole(self) -> tuple[_Part, ...]:
        parts = self._sequence()
        if self._tokens:
            raise self._error("'then' or the end")
        return parts

    def _sequence(self) -> tuple[_Part, ...]:
        parts = [self._part()]
        while self._next_is("then"):
            self._take("then")
            parts.append(self._part())
        return tuple(parts)

    def _part(self) -> _Part:
        name = self._word("the name of a part")
        if name not in NAMES:
            raise ProfileError("be made of known parts", name, nearest(name, NAMES))
        self._take("(")
        inner: tuple[_Part, ...] = ()
        if name == _REPEAT:
            inner = self._sequence()
            if self._next_is(","):
                self._take(",")
        part = _Part(name, self._arguments(), inner)
        self._take(")")
        return part

    def _arguments(self) -> dict[str, str]:
        given: dict[str, str] = {}
        while not self._next_is(")"):
            name = self._word("an argument")
            self._take("=")
            value = self._word("a value")
            if name in given:
                raise ProfileError("have each argument once", f"{name}={value}", f"it is {name}={given[name]} already")
            given[name] = value
            if not self._next_is(")"):
                self._take(",")
        return given

    def _next_is(self, token: str) -> bool:
        return bool(self._tokens) and self._tokens[0][0] == token

    def _take(self, token: str) -> None:
        if not self._next_is(token):
            raise self._error(f"'{token}'")
        self._tokens.pop(0)

    def _word(self, what: str) -> str:
        if not self._tokens or self._tokens[0][0] in "(),=":
            raise self._error(what)
        return self._tokens.pop(0)[0]

    def _error(self, wanted: str) -> ProfileError:
        rest = self._text[self._tokens[0].start() :] if self._tokens else ""
        place = f"before {rest[:40]!r}" if rest else "at the end"
        return ProfileError(f"have {wanted} {place}", self._text[:80], f"write for example {EXAMPLE}")


def parse(text: str) -> Profile:
    """The profile that a text stands for.

    Raises:
        ProfileError: it stands for none, or for one that never emits.

    """
    return profiles.checked(_profile(_Reader(text).whole()))


def with_files_read(text: str, folder: Path) -> str:
    """The same profile without files: each ``csv(file=…)``, a path from ``folder`` on, is replaced by its steps.

    Raises:
        ProfileError: a file cannot be read, or the text stands for no profile.

    """
    parts = tuple(part.with_files_read(folder) for part in _Reader(text).whole())
    profiles.checked(_profile(parts))
    return _written(parts)
