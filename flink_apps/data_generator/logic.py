"""What the metrics say of the records. Without Flink."""

from __future__ import annotations

from dataclasses import dataclass, field


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
