"""The service's time: this machine's, which may pass faster, or one that stands still."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the service reads the time from."""

    def now(self) -> datetime:
        """The time, in UTC."""


@dataclass(frozen=True)
class RunningClock:
    """This machine's time from now on, which passes ``speed`` times as fast."""

    speed: float = 1.0
    _begun: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)
    _monotonic: float = field(default_factory=time.monotonic, init=False)

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._begun + timedelta(seconds=(time.monotonic() - self._monotonic) * self.speed)


@dataclass
class StandingClock:
    """A time that only passes when it is told to."""

    time: datetime

    def now(self) -> datetime:
        """The time, in UTC."""
        return self.time

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.time += by
