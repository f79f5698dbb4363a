"""Players who make up the load of the lottery: they buy, click, and err now and then, the same way each time."""

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

#: A lottery that never takes place.
NEVER_HELD = 999_999
#: Beyond the time that the settings name, how long a window takes at most to be drawn.
_SLACK_MILLIS = 3_000


class Due(NamedTuple):
    """An event, and when it is to be sent, in milliseconds since 1970."""

    time: int
    event: Event


class Held(NamedTuple):
    """A lottery that is being held since ``started``."""

    lottery_id: int
    started: int


@dataclass(frozen=True, kw_only=True)
class Players:
    """How many there are, numbered from 1, and what they do; a ``seed`` leads to the same events each time."""

    window_millis: int
    #: After this time since its end a window has been drawn.
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

    def game(self, began: int) -> Iterator[Due]:
        """All that happens from ``began`` on, in order of time, without an end."""
        drawn = random.Random(self.seed)  # noqa: S311 - the same each time
        held: Held | None = None
        coupons: Counter[int] = Counter()
        reasons = itertools.cycle(REASONS)
        for number in itertools.count():
            now = began + number * 1000 // self.clicks_per_second
            current = self._held_at(now, began)
            if current != held:
                yield from (Due(now, event) for event in _succession(held, current))
                held = current
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

    def mistakes(self, now: int, player: int, held: Held) -> dict[str, Event]:
        """Events with one mistake each, by the reason for which they are refused.

        The player must have a coupon. The late click is missing as long as no window of the lottery has been drawn.
        """
        mistakes = {
            MalformedEventError.reason: Event(False, str(player), click(player, held.lottery_id, now).value[:-1]),
            LotteryAlreadyStartedError.reason: start(held.lottery_id, now),
            LotteryNotStartedError.reason: stop(NEVER_HELD, now),
            TooFewCouponsError.reason: buy(player, 0),
            TooManyCouponsError.reason: buy(player, MOST_COUPONS),
            InactiveLotteryError.reason: click(player, NEVER_HELD, now),
            NoCouponError.reason: click(self.number + 1, held.lottery_id, now),
        }
        long_ago = window_start(now - self.drawn_after_millis, self.window_millis) - 1
        if long_ago >= held.started:
            mistakes[LateClickError.reason] = click(player, held.lottery_id, long_ago)
        return mistakes

    def _held_at(self, now: int, began: int) -> Held:
        """One lottery after the other, numbered from 1."""
        before, since = divmod(now - began, self.lottery_millis)
        return Held(before + 1, now - since)


def _succession(last: Held | None, following: Held) -> Iterator[Event]:
    if last is not None:
        yield stop(last.lottery_id, following.started)
    yield start(following.lottery_id, following.started)


class Stage:
    """Where a game takes place: each step sends what is due by the clock, which counts from the first step."""

    def __init__(
        self, game: Callable[[int], Iterator[Due]], send: Callable[[list[Event]], object], now: Callable[[], int]
    ) -> None:
        """Prepare the game; ``now`` is the clock, in milliseconds since 1970."""
        self._game = game
        self._send = send
        self._now = now
        self._coming: Iterator[Due] = iter(())
        self._next: Due | None = None

    def step(self) -> None:
        """Send what has become due since the last step."""
        now = self._now()
        if self._next is None:
            self._coming = self._game(now)
            self._next = next(self._coming)
        due = []
        while self._next.time <= now:
            due.append(self._next.event)
            self._next = next(self._coming)
        self._send(due)


def millis() -> int:
    """The time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
