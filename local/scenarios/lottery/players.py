"""Players who are the load of the lottery: they buy, click and make mistakes, the same way each time."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from flink_apps.lottery.logic import (
    MOST_COUPONS,
    REASONS,
    InactiveLotteryError,
    LateClickError,
    LotteryAlreadyStartedError,
    LotteryNotStartedError,
    MalformedEventError,
    NoCouponError,
    TooFewCouponsError,
    TooManyCouponsError,
    window_start,
)
from flink_apps.lottery.settings import Settings
from local.scenarios.lottery.events import Event, buy, click, start, stop

#: The id of a lottery that never starts.
UNKNOWN_LOTTERY = 999_999
#: How much longer than the settings say a draw may take.
_SLACK_MILLIS = 3_000


class Due(NamedTuple):
    """An event, and when it is to be sent, in milliseconds since 1970."""

    time: int
    event: Event


class OpenLottery(NamedTuple):
    """A lottery that has been open since ``started``."""

    lottery_id: int
    started: int


@dataclass(frozen=True, kw_only=True)
class Players:
    """How many there are, numbered from 1, and what they do. The same ``seed`` gives the same events."""

    window_millis: int
    #: How long after its end a window has been drawn.
    drawn_after_millis: int
    number: int = 500
    clicks_per_second: int = 200
    #: What a player buys when none is left.
    coupons: int = 20
    #: One in so many clicks comes with a mistake.
    clicks_per_mistake: int = 100
    seed: int = 5

    @classmethod
    def of(cls, settings: Settings) -> Players:
        """Players for a job with these settings."""
        drawn_after = settings.grace_millis + settings.idle_millis + _SLACK_MILLIS
        return cls(window_millis=settings.window_millis, drawn_after_millis=drawn_after)

    @property
    def lottery_millis(self) -> int:
        """How long a lottery lasts before the next one follows: long enough for clicks that are late for it."""
        return self.drawn_after_millis + 2 * self.window_millis

    def events(self, began: int) -> Iterator[Due]:
        """All events from ``began`` on, in order of time, without an end."""
        drawn = random.Random(self.seed)  # noqa: S311 - the same each time
        current: OpenLottery | None = None
        coupons: Counter[int] = Counter()
        reasons = itertools.cycle(REASONS)
        for number in itertools.count():
            now = began + number * 1000 // self.clicks_per_second
            last, current = current, self._lottery_at(now, began)
            if current != last:
                yield from (Due(now, event) for event in _succession(last, current))
            player = drawn.randint(1, self.number)
            if coupons[player] == 0:
                coupons[player] = self.coupons
                yield Due(now, buy(player, self.coupons))
            if number % self.clicks_per_mistake == self.clicks_per_mistake - 1:
                mistake = self.mistakes(now, player, current).get(next(reasons))
                if mistake is not None:
                    yield Due(now, mistake)
            coupons[player] -= 1
            yield Due(now, click(player, current.lottery_id, now))

    def mistakes(self, now: int, player: int, lottery: OpenLottery) -> dict[str, Event]:
        """Events with one mistake each, by the reason for which they are refused.

        The player must have a coupon. The late click is missing as long as no window of the lottery has been drawn.
        """
        mistakes = {
            MalformedEventError.reason: Event(False, str(player), click(player, lottery.lottery_id, now).value[:-1]),
            LotteryAlreadyStartedError.reason: start(lottery.lottery_id, now),
            LotteryNotStartedError.reason: stop(UNKNOWN_LOTTERY, now),
            TooFewCouponsError.reason: buy(player, 0),
            TooManyCouponsError.reason: buy(player, MOST_COUPONS),
            InactiveLotteryError.reason: click(player, UNKNOWN_LOTTERY, now),
            NoCouponError.reason: click(self.number + 1, lottery.lottery_id, now),
        }
        long_ago = window_start(now - self.drawn_after_millis, self.window_millis) - 1
        if long_ago >= lottery.started:
            mistakes[LateClickError.reason] = click(player, lottery.lottery_id, long_ago)
        return mistakes

    def _lottery_at(self, now: int, began: int) -> OpenLottery:
        """One lottery after the other, numbered from 1."""
        before, since = divmod(now - began, self.lottery_millis)
        return OpenLottery(before + 1, now - since)


def _succession(last: OpenLottery | None, following: OpenLottery) -> Iterator[Event]:
    if last is not None:
        yield stop(last.lottery_id, following.started)
    yield start(following.lottery_id, following.started)


class Sender:
    """Sends events when they are due: each step those up to now, on a clock that begins with the first step."""

    def __init__(
        self, events: Callable[[int], Iterator[Due]], send: Callable[[list[Event]], object], now: Callable[[], int]
    ) -> None:
        """Take ``events`` from a time on; ``now`` is the clock, in milliseconds since 1970."""
        self._events = events
        self._send = send
        self._now = now
        self._coming: Iterator[Due] = iter(())
        self._next: Due | None = None

    def step(self) -> None:
        """Send what has become due since the last step."""
        now = self._now()
        if self._next is None:
            self._coming = self._events(now)
            self._next = next(self._coming)
        due = []
        while self._next.time <= now:
            due.append(self._next.event)
            self._next = next(self._coming)
        self._send(due)


def now_millis() -> int:
    """The time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
