"""Load profiles: the rate over time, and the exact number of records. Without Flink.

Every profile consists of straight lines in integer arithmetic: times in milliseconds, rates in thousandths of a record
per second. So its integral is exact, slices add up however the time line is cut, and a slice that is generated again
has as many records as before.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: The unit of rates, as a part of a record per second: rates are integers.
THOUSANDTHS = 1000
#: More than any cluster can do, in records per second; the limit catches typing errors.
MAX_RECORDS_PER_SECOND = 1_000_000_000
#: Straight lines in a period of a sine. Half of it, and all of it, divide each whole second: no period has a remainder.
SINE_LINES = 500

#: A thousandth of a record per second, for half a millisecond: what the area below a straight line is a multiple of.
_UNITS_PER_RECORD = 2 * THOUSANDTHS * 1000


class ProfileError(ValueError):
    """An invalid profile; the message states the rule, where it is broken, and the fix."""

    def __init__(self, rule: str, value: object, fix: str) -> None:
        super().__init__(f"{rule}, not {value!r}: {fix}")
        self.rule, self.value, self.fix = rule, value, fix


class Profile(ABC):
    """A rate over time, from millisecond 0 on. After the end, if there is one, it is 0."""

    @property
    @abstractmethod
    def millis(self) -> int | None:
        """The duration in milliseconds; ``None`` if the profile never ends."""

    @property
    @abstractmethod
    def peak(self) -> int:
        """The highest rate, in thousandths."""

    @abstractmethod
    def units(self, millis: int) -> int:
        """The integral from 0 to ``millis``, rounded down to whole units."""

    @property
    def peak_records_per_second(self) -> int:
        """The highest rate, rounded up to whole records per second."""
        return -(-self.peak // THOUSANDTHS)

    def records_due(self, *, start_millis: int, end_millis: int) -> int:
        """How many records are due in the slice ``[start_millis, end_millis)``.

        The integral is rounded down twice, to units and to records. The result is the same as rounding down once.
        """
        return self.units(end_millis) // _UNITS_PER_RECORD - self.units(start_millis) // _UNITS_PER_RECORD


@dataclass(frozen=True)
class _Line(Profile):
    """A straight line from one rate to another. Only a constant line may be endless."""

    start: int
    end: int
    length: int | None

    @property
    def millis(self) -> int | None:
        return self.length

    @property
    def peak(self) -> int:
        return max(self.start, self.end)

    def units(self, millis: int) -> int:
        if self.length is None:
            return 2 * self.start * millis
        at = min(millis, self.length)
        return 2 * self.start * at + (self.end - self.start) * at * at // self.length


@dataclass(frozen=True)
class _Sequence(Profile):
    """Parts one after the other; only the last may be endless."""

    parts: tuple[Profile, ...]

    @property
    def millis(self) -> int | None:
        last = self.parts[-1].millis
        return None if last is None else self._starts[-1] + last

    @property
    def peak(self) -> int:
        return max(part.peak for part in self.parts)

    def units(self, millis: int) -> int:
        index = bisect.bisect_right(self._starts, millis) - 1
        return self._units_before[index] + self.parts[index].units(millis - self._starts[index])

    @functools.cached_property
    def _starts(self) -> list[int]:
        return list(itertools.accumulate((_length(part) for part in self.parts[:-1]), initial=0))

    @functools.cached_property
    def _units_before(self) -> list[int]:
        """The units before a part. Lines end at whole units; only a sine that is cut off in a line has a remainder."""
        return list(itertools.accumulate((part.units(_length(part)) for part in self.parts[:-1]), initial=0))


@dataclass(frozen=True)
class _Repeat(Profile):
    """A profile again and again, for ever, or cut off after ``limit`` milliseconds."""

    part: Profile
    limit: int | None

    @property
    def millis(self) -> int | None:
        return self.limit

    @property
    def peak(self) -> int:
        return self.part.peak

    def units(self, millis: int) -> int:
        at = millis if self.limit is None else min(millis, self.limit)
        length = _length(self.part)
        whole, rest = divmod(at, length)
        return whole * self.part.units(length) + self.part.units(rest)


def _length(part: Profile) -> int:
    if part.millis is None:
        rule = "have an end in each part that is repeated or followed"
        raise ProfileError(rule, "a part without one", "give it a length, as over=60s")
    return part.millis


def constant(*, rate: int, over: int | None = None) -> Profile:
    """A constant rate."""
    return _Line(rate, rate, over)


def ramp(*, start: int, end: int, over: int) -> Profile:
    """From one rate to another, in a straight line."""
    return _Line(start, end, over)


def steps(*, runs: Sequence[tuple[int, int]], every: int) -> Profile:
    """One rate after the other, each with its number of steps; a step lasts ``every``."""
    return sequence(_Line(rate, rate, count * every) for rate, count in runs)


def sine(*, mean: int, amplitude: int, period: int, over: int | None = None) -> Profile:
    """Up and down around a mean, upwards first.

    Each period is a polygon whose corners are on the sine, rounded to thousandths. It deviates from the sine by at most
    0.002 % of the amplitude. Its integral over a period is exactly that of the mean.
    """
    if amplitude > mean:
        fix = "a higher mean or a lower amplitude keeps the rate at 0 and above"
        raise ProfileError("have no negative rate: an amplitude of the mean at the most", amplitude / THOUSANDTHS, fix)
    if period % 1000:
        raise ProfileError("have a period of whole seconds", f"{period}ms", "write for example period=60s")
    half = [round(amplitude * math.sin(2 * math.pi * corner / SINE_LINES)) for corner in range(SINE_LINES // 2)]
    # The second half mirrors the first, so that both cancel out exactly.
    corners = [*half, *(-height for height in half), 0]
    wave = sequence(
        _Line(mean + left, mean + right, period // SINE_LINES) for left, right in itertools.pairwise(corners)
    )
    return _Repeat(wave, over)


def spike(*, base: int, peak: int, at: int, length: int, over: int | None = None) -> Profile:
    """A constant rate, with another rate for a while."""
    rest = None if over is None else over - at - length
    if rest is not None and rest < 0:
        raise ProfileError("take as long as its spike", f"over={over}ms", "over is at least the sum of at and for")
    parts = [(base, at), (peak, length), (base, rest)]
    return sequence(_Line(rate, rate, millis) for rate, millis in parts if millis != 0)


def sequence(parts: Iterable[Profile]) -> Profile:
    """Profiles one after the other; each except the last must end."""
    flat = tuple(parts)
    for part in flat[:-1]:
        _length(part)
    return flat[0] if len(flat) == 1 else _Sequence(flat)


def repeat(part: Profile, *, times: int | None = None) -> Profile:
    """A profile again and again, for ever or ``times`` times."""
    length = _length(part)
    return _Repeat(part, None if times is None else length * times)


def checked(profile: Profile) -> Profile:
    """The profile, if it emits something, and its peak is within the limit.

    Raises:
        ProfileError: Its integral never reaches one record, or its peak is too high.

    """
    if profile.peak > MAX_RECORDS_PER_SECOND * THOUSANDTHS:
        rule = f"have a rate of at most {MAX_RECORDS_PER_SECOND} records/s"
        raise ProfileError(rule, profile.peak_records_per_second, "lower the highest rate")
    if profile.peak == 0 or (profile.millis is not None and profile.units(profile.millis) < _UNITS_PER_RECORD):
        raise ProfileError("emit a record at some time", "a profile that never emits", "raise a rate, or its length")
    return profile
