"""The rules of the lottery, and its draw."""

from __future__ import annotations

import hashlib
from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flink_apps.lottery import logic
from flink_apps.lottery.logic import (
    ALWAYS,
    MOST_COUPONS,
    NEVER,
    InactiveLotteryError,
    LateClickError,
    LotteryAlreadyStartedError,
    LotteryNotStartedError,
    NoCouponError,
    Run,
    TooFewCouponsError,
    TooManyCouponsError,
)


def run(starts: int = ALWAYS, ends: int = NEVER) -> Run:
    return Run(starts=starts, ends=ends, secret="s")  # noqa: S106 - of a lottery


def started(*runs: Run, timestamp: int | None = None, ends: int = NEVER) -> tuple[Run, ...]:
    return logic.start(runs, 1, timestamp=timestamp, ends=ends, secret="s")  # noqa: S106 - of a lottery


class TestStart:
    @pytest.mark.parametrize(
        ("before", "timestamp", "ends", "after"),
        [
            ((), None, NEVER, run()),
            ((), 5_000, NEVER, run(5_000)),
            ((), 5_000, 20_000, run(5_000, 20_000)),
            ((run(0, 1_000),), None, NEVER, run(1_000)),
            ((run(0, 1_000),), 1_000, NEVER, run(1_000)),
            ((run(0, 1_000),), None, 500, run(1_000, 1_000)),
        ],
    )
    def test_adds_a_run(self, before: tuple[Run, ...], timestamp: int | None, ends: int, after: Run) -> None:
        assert started(*before, timestamp=timestamp, ends=ends) == (*before, after)

    @pytest.mark.parametrize(
        ("before", "timestamp"), [((run(),), None), ((run(),), 5_000), ((run(0, 9_000),), 8_999), ((run(7_000),), 5)]
    )
    def test_of_a_started_lottery_is_an_error(self, before: tuple[Run, ...], timestamp: int | None) -> None:
        with pytest.raises(LotteryAlreadyStartedError, match=r"Cannot start a lottery that has been started.*: 1"):
            started(*before, timestamp=timestamp)


class TestStop:
    @pytest.mark.parametrize(
        ("before", "timestamp", "after"),
        [
            ((run(),), None, ()),
            ((run(0, 10), run(20)), None, ()),
            ((run(),), 5_000, (run(ALWAYS, 5_000),)),
            ((run(0, 9_000),), 5_000, (run(0, 5_000),)),
            ((run(0, 10), run(20)), 5, (run(0, 5), run(20))),
        ],
    )
    def test_ends_the_run_of_its_time(
        self, before: tuple[Run, ...], timestamp: int | None, after: tuple[Run, ...]
    ) -> None:
        assert logic.stop(before, 1, timestamp=timestamp) == after

    @pytest.mark.parametrize(
        ("before", "timestamp"), [((), None), ((), 5), ((run(7),), 5), ((run(0, 5),), 5), ((run(0, 5), run(9)), 7)]
    )
    def test_of_a_lottery_that_is_not_started_is_an_error(self, before: tuple[Run, ...], timestamp: int | None) -> None:
        with pytest.raises(LotteryNotStartedError, match=r"Cannot stop a lottery that has not been started.*: 1"):
            logic.stop(before, 1, timestamp=timestamp)


class TestBuy:
    def test_adds_coupons(self) -> None:
        assert logic.buy(0, 1) == 1
        assert logic.buy(3, 100) == 103
        assert logic.buy(MOST_COUPONS - 1, 1) == MOST_COUPONS

    @pytest.mark.parametrize("purchased", [0, -1, -100])
    def test_of_fewer_than_one_is_an_error(self, purchased: int) -> None:
        with pytest.raises(TooFewCouponsError, match=f"fewer coupons than 1, purchasedCoupons: {purchased}"):
            logic.buy(5, purchased)

    def test_of_more_than_can_be_counted_is_an_error(self) -> None:
        with pytest.raises(TooManyCouponsError, match="more coupons than 9223372036854775807, purchasedCoupons: 2"):
            logic.buy(MOST_COUPONS - 1, 2)


class TestClick:
    def click(self, *runs: Run, coupons: int = 1, timestamp: int = 5_000) -> tuple[Run, int]:
        return logic.click(runs, coupons, lottery_id=1, user_id=7, timestamp=timestamp)

    def test_takes_one_coupon(self) -> None:
        assert self.click(run(), coupons=100) == (run(), 99)

    @pytest.mark.parametrize(("timestamp", "expected"), [(0, 0), (9, 0), (20, 1), (99, 1)])
    def test_counts_for_the_run_of_its_time(self, timestamp: int, expected: int) -> None:
        runs = (run(0, 10), run(20))
        assert self.click(*runs, timestamp=timestamp)[0] == runs[expected]

    @pytest.mark.parametrize("runs", [(), (run(5_001),), (run(0, 5_000),), (run(0, 1), run(9_000))])
    def test_on_an_inactive_lottery_is_an_error_with_the_known_message(self, runs: tuple[Run, ...]) -> None:
        with pytest.raises(InactiveLotteryError, match=r"^Cannot click on inactive lottery, lotteryId: 1$"):
            self.click(*runs)

    def test_without_a_coupon_is_an_error(self) -> None:
        with pytest.raises(NoCouponError, match=r"^Cannot click without a coupon, userId: 7$"):
            self.click(run(), coupons=0)


class TestWindows:
    @pytest.mark.parametrize(
        ("timestamp", "start"), [(0, 0), (9_999, 0), (10_000, 10_000), (1_706_659_213_000, 1_706_659_210_000)]
    )
    def test_are_aligned_to_1970(self, timestamp: int, start: int) -> None:
        assert logic.window_start(timestamp, 10_000) == start

    @pytest.mark.parametrize("watermark", [9_999, 10_000, 50_000])
    def test_that_have_been_drawn_take_no_click(self, watermark: int) -> None:
        with pytest.raises(LateClickError, match=r"Cannot click late: the window before 10000 has been drawn"):
            logic.refuse_late(5_000, window_millis=10_000, watermark=watermark, lottery_id=1)

    @pytest.mark.parametrize("watermark", [ALWAYS, 0, 9_998])
    def test_that_are_open_take_clicks(self, watermark: int) -> None:
        logic.refuse_late(5_000, window_millis=10_000, watermark=watermark, lottery_id=1)

    @pytest.mark.parametrize(
        ("started", "prizes", "end"), [(0, 1, 10_000), (9_999, 1, 10_000), (10_000, 3, 40_000), (5, 0, NEVER)]
    )
    def test_are_what_prizes_are_counted_in(self, started: int, prizes: int, end: int) -> None:
        assert logic.prizes_end(started, prizes=prizes, window_millis=10_000) == end

    def test_of_very_many_prizes_end_never(self) -> None:
        assert logic.prizes_end(0, prizes=2**62, window_millis=10_000) == NEVER


class TestDraw:
    CLICKS = ((1, 1_000), (2, 5_000), (3, 7_000), (1, 9_000))

    def test_is_the_same_for_everybody_who_does_it_again(self) -> None:
        seed = logic.seed("secret", 1, 0)
        assert seed == hashlib.sha256(b"secret:1:0").hexdigest()
        tickets = {hashlib.sha256(f"{seed}:{user}:{at}".encode()).hexdigest(): user for user, at in self.CLICKS}
        assert logic.winner(seed, self.CLICKS) == tickets[min(tickets)]

    @given(st.permutations(CLICKS))
    def test_does_not_depend_on_the_order_of_clicks(self, clicks: list[tuple[int, int]]) -> None:
        assert logic.winner("seed", clicks) == logic.winner("seed", self.CLICKS)

    def test_gives_every_click_the_same_chance(self) -> None:
        drawn = Counter(logic.winner(logic.seed("secret", 1, window), self.CLICKS) for window in range(4_000))
        # Player 1 has two clicks of four. Five standard deviations, and the same result each time.
        assert drawn[1] == pytest.approx(2_000, abs=5 * 32)
        assert drawn[2] == pytest.approx(1_000, abs=5 * 28)

    def test_of_each_window_and_lottery_has_a_seed_of_its_own(self) -> None:
        assert (
            len({logic.seed("s", lottery, window) for lottery in range(9) for window in range(0, 90_000, 10_000)}) == 81
        )


class Game(RuleBasedStateMachine):
    """Any order of events: what must hold of coupons and clicks, beside a model that knows no runs."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[int, tuple[Run, ...]] = {}
        self.coupons: Counter[int] = Counter()
        self.bought: Counter[int] = Counter()
        self.counted: Counter[int] = Counter()
        self.active: set[int] = set()
        self.now = 0

    lottery = st.integers(1, 3)
    player = st.integers(1, 3)

    @rule(lottery=lottery)
    def start(self, lottery: int) -> None:
        try:
            self.runs[lottery] = logic.start(self.runs.get(lottery, ()), lottery, timestamp=self.now, secret="s")  # noqa: S106
        except LotteryAlreadyStartedError:
            assert lottery in self.active
        else:
            assert lottery not in self.active
            self.active.add(lottery)

    @rule(lottery=lottery, timed=st.booleans())
    def stop(self, lottery: int, timed: bool) -> None:
        try:
            self.runs[lottery] = logic.stop(self.runs.get(lottery, ()), lottery, timestamp=self.now if timed else None)
        except LotteryNotStartedError:
            assert lottery not in self.active
        else:
            assert lottery in self.active or not timed
            self.active.discard(lottery)

    @rule(player=player, purchased=st.integers(-2, 5))
    def buy(self, player: int, purchased: int) -> None:
        try:
            self.coupons[player] = logic.buy(self.coupons[player], purchased)
        except TooFewCouponsError:
            assert purchased < 1
        else:
            self.bought[player] += purchased

    @rule(player=player, lottery=lottery)
    def click(self, player: int, lottery: int) -> None:
        try:
            _, self.coupons[player] = logic.click(
                self.runs.get(lottery, ()),
                self.coupons[player],
                lottery_id=lottery,
                user_id=player,
                timestamp=self.now,
            )
        except InactiveLotteryError:
            assert lottery not in self.active
        except NoCouponError:
            assert self.coupons[player] == 0
        else:
            assert lottery in self.active
            self.counted[player] += 1

    @rule(millis=st.integers(1, 20_000))
    def time_passes(self, millis: int) -> None:
        self.now += millis
        for lottery, runs in self.runs.items():
            self.runs[lottery] = logic.not_ended(runs, self.now - 1)

    @invariant()
    def every_coupon_is_held_or_was_taken_by_one_click(self) -> None:
        for player in range(1, 4):
            assert self.coupons[player] >= 0
            assert self.coupons[player] == self.bought[player] - self.counted[player]


TestGame = Game.TestCase
TestGame.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
