"""Exactly how many records are due, and what the metrics say of it. No Flink in here."""

from __future__ import annotations

from dataclasses import dataclass, field


def records_due(*, records_per_second: int, start_millis: int, end_millis: int) -> int:
    """How many records belong to the slice ``[start_millis, end_millis)`` of the generator's time line.

    Whole-number arithmetic on the time line's own milliseconds: the slices of a line add up to the records due at its
    end, however it was cut, and a replayed slice gives what it gave before.
    """
    return records_per_second * end_millis // 1000 - records_per_second * start_millis // 1000


@dataclass
class RateMeter:
    """The rate of a subtask over its last whole window, in records per second."""

    window_seconds: float = 5.0
    _since: float | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)
    _rate: float = field(default=0.0, init=False)

    def mark(self, records: int, now: float) -> None:
        """Count records at ``now``, seconds of a monotonic clock."""
        if self._since is None:
            self._since = now
        self._count += records
        elapsed = now - self._since
        if elapsed >= self.window_seconds:
            self._rate, self._since, self._count = self._count / elapsed, now, 0

    @property
    def records_per_second(self) -> int:
        """The rate, as the whole number that a Python gauge can carry; 0 in the first window."""
        return round(self._rate)
