"""The lottery's operators in a harness: what they give, and that nothing stays behind."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyflink.common import Row

from flink_apps.common.packed import Layout, pack_numbers
from flink_apps.lottery import logic, schema
from flink_apps.lottery.functions import REJECTED, Click, Coupons, HeldClicks, Lotteries, Players
from flink_apps.lottery.logic import NEVER, Run
from tests.flink_apps.keyed_harness import END, NO_WATERMARK, Harness

SECRET = "secret"  # noqa: S105 - of a lottery
HOUR = 3_600_000
#: What a click that counts has of numbers.
ACCEPTED = Layout(numbers=3, texts=0)


def start(lottery_id: int, *, timestamp: int | None = None, prizes: int | None = None, arrival: int = 0) -> Row:
    return Row(schema.START, lottery_id, timestamp, prizes, arrival, None, b"start")


def stop(lottery_id: int, *, timestamp: int | None = None) -> Row:
    return Row(schema.STOP, lottery_id, timestamp, None, 0, None, b"stop")


@dataclass(frozen=True)
class UserEvent:
    """An event of a player, as it is before it is packed."""

    numbers: tuple[int, ...]
    event: bytes
    problem: bytes = b""


def buy(user_id: int, coupons: int) -> UserEvent:
    return UserEvent((schema.PURCHASED, user_id, 0, 0, coupons), b"buy")


def click(user_id: int, timestamp: int, lottery_id: int = 1) -> UserEvent:
    return UserEvent((schema.CLICKED, user_id, lottery_id, timestamp, 0), f"click at {timestamp}".encode())


def malformed(problem: str) -> UserEvent:
    return UserEvent((schema.MALFORMED, 0, 0, 0, 0), b"{}", problem.encode())


def packed(events: Sequence[UserEvent], time: int) -> Row:
    numbers: list[int] = []
    texts = b""
    for each in events:
        problem_end = len(texts) + len(each.problem)
        texts += each.problem + each.event
        numbers += (*each.numbers, problem_end, len(texts))
    return Row(pack_numbers(numbers), texts, time)


def put(harness: Harness, *events: UserEvent, bucket: int = 0, time: int = logic.ALWAYS) -> None:
    """``time`` is the event time before the events, as far as the harness has no later watermark."""
    harness.put1(bucket, packed(events, time))


def runs(*each: tuple[int, int], lottery_id: int = 1) -> Row:
    return Row(0, lottery_id, tuple(Run(starts=starts, ends=ends, secret=SECRET) for starts, ends in each))


ALWAYS = runs((logic.ALWAYS, NEVER))


def lotteries(*, prizes: int = 0) -> Harness:
    return Harness(Lotteries(buckets=2, window_millis=10_000, prizes=prizes))


def players() -> Harness:
    harness: Harness
    function = Players(window_millis=10_000, player_expiry=timedelta(hours=1), now=lambda: harness.clock / 1000)
    harness = Harness(function)
    return harness


def rejections(harness: Harness) -> list[tuple[bytes, str]]:
    return [(row[0], row[1]) for row in harness.side[REJECTED.tag_id]]


def counted(harness: Harness) -> list[tuple[int, int, int, str]]:
    """The clicks that count, each with its lottery, player, timestamp, and the secret of the lottery's run."""
    return [
        (lottery_id, user_id, timestamp, secret)
        for numbers, secret in harness.results
        for lottery_id, user_id, timestamp in ACCEPTED.unpack(numbers)
    ]


def accepted(harness: Harness) -> list[tuple[int, int]]:
    return [(user_id, timestamp) for _, user_id, timestamp, _ in counted(harness)]


class Watched:
    """A state that is watched: the bytes of each value that is written from now on, and how many are read."""

    def __init__(self, state: Any) -> None:
        self.written: list[int] = []
        self.read = 0
        put, get = state._put, state._get

        def watched_put(name: object, value: object) -> None:
            self.written.append(len(pickle.dumps(value)))
            put(name, value)

        def watched_get(name: object) -> Any:
            self.read += 1
            return get(name)

        state._put, state._get = watched_put, watched_get


#: What can happen, each with its numbers: a watermark, a lottery's only run, a purchase, a click.
STEPS = st.one_of(
    st.tuples(st.just("advance"), st.tuples(st.integers(0, 6))),
    st.tuples(st.just("run"), st.tuples(st.integers(1, 2), st.integers(0, 20), st.integers(0, 20))),
    st.tuples(st.just("buy"), st.tuples(st.integers(0, 2), st.integers(1, 3))),
    st.tuples(st.just("click"), st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 2))),
    st.tuples(st.just("restart"), st.just(())),
)


class Tried:
    """The rule in its plainest form: whatever happens, all held clicks are tried, the earliest first."""

    def __init__(self) -> None:
        self.accepted: list[tuple[int, int]] = []
        self.refused: list[tuple[bytes, str]] = []
        self._watermark = NO_WATERMARK
        self._coupons: Counter[int] = Counter()
        self._runs: dict[int, range] = {}
        self._held: list[tuple[int, int, int]] = []

    def advance(self, watermark: int) -> None:
        for click in [click for click in self._held if click[0] <= watermark]:
            timestamp, _, lottery_id = click
            self._held.remove(click)
            self._refuse(timestamp, lottery_id)
        self._watermark = watermark
        self._runs = {lottery_id: run for lottery_id, run in self._runs.items() if run.stop > watermark + 1}

    def run(self, lottery_id: int, starts: int, ends: int) -> None:
        self._runs.pop(lottery_id, None)
        if ends > self._watermark + 1:
            self._runs[lottery_id] = range(starts, ends)
        self._try()

    def buy(self, user_id: int, coupons: int) -> None:
        self._coupons[user_id] += coupons
        self._try()

    def click(self, user_id: int, timestamp: int, lottery_id: int) -> None:
        # The first window is open as long as these times last.
        if self._counts(timestamp, user_id, lottery_id):
            self._accept(timestamp, user_id)
        elif timestamp > self._watermark:
            self._held.append((timestamp, user_id, lottery_id))
        else:
            self._refuse(timestamp, lottery_id)

    def _try(self) -> None:
        for click in sorted(self._held, key=lambda click: click[0]):
            if self._counts(*click):
                self._held.remove(click)
                self._accept(*click[:2])

    def _counts(self, timestamp: int, user_id: int, lottery_id: int) -> bool:
        return timestamp in self._runs.get(lottery_id, range(0)) and self._coupons[user_id] > 0

    def _accept(self, timestamp: int, user_id: int) -> None:
        self._coupons[user_id] -= 1
        self.accepted.append((user_id, timestamp))

    def _refuse(self, timestamp: int, lottery_id: int) -> None:
        active = timestamp in self._runs.get(lottery_id, range(0))
        self.refused.append((b"click at %d" % timestamp, "no-coupon" if active else "inactive-lottery"))


class TestLotteries:
    def test_every_bucket_is_told_of_a_start(self) -> None:
        harness = lotteries()
        harness.put(1, start(1))
        assert [row[0] for row in harness.results] == [0, 1]
        (first, second) = [row[1] for row in harness.results]
        assert (first[0], first[1]) == (0, 1)
        assert (second[0], second[1]) == (1, 1)
        assert first[2] == second[2]
        assert [(run.starts, run.ends) for run in first[2]] == [(logic.ALWAYS, NEVER)]

    def test_each_run_has_a_secret_of_its_own(self) -> None:
        harness = lotteries()
        for _ in range(3):
            harness.put(1, start(1))
            harness.put(1, stop(1))
        secrets = {run.secret for row in harness.results for run in row[1][2]}
        assert len(secrets) == 3
        assert all(len(secret) == 32 for secret in secrets)

    def test_a_mistake_is_refused_once_and_no_bucket_hears_of_it(self) -> None:
        harness = lotteries()
        harness.put(1, start(1))
        harness.results.clear()
        harness.put(1, start(1))
        harness.put(2, stop(2))
        harness.put(0, Row(None, None, None, None, 0, "not JSON", b"{"))
        assert rejections(harness) == [(b"start", "already-started"), (b"stop", "not-started"), (b"{", "malformed")]
        assert harness.results == []

    def test_a_lottery_ends_after_its_prizes(self) -> None:
        harness = lotteries()
        harness.put(1, start(1, timestamp=12_000, prizes=3))
        (run,) = harness.results[0][1][2]
        assert (run.starts, run.ends) == (12_000, 40_000)
        harness.advance(39_999)
        assert harness.state_size() == 0

    def test_prizes_count_from_the_arrival_of_a_start_without_a_timestamp(self) -> None:
        harness = lotteries(prizes=2)
        harness.put(1, start(1, arrival=15_000))
        (run,) = harness.results[0][1][2]
        assert (run.starts, run.ends) == (logic.ALWAYS, 30_000)

    def test_a_lottery_that_has_ended_can_be_started_again(self) -> None:
        harness = lotteries()
        harness.put(1, start(1, timestamp=0, prizes=1))
        harness.advance(10_000)
        harness.put(1, start(1, timestamp=11_000))
        assert rejections(harness) == []

    def test_nothing_stays_of_what_has_been_stopped(self) -> None:
        harness = lotteries()
        harness.put(1, start(1))
        harness.put(1, stop(1))
        harness.put(2, start(2, timestamp=0))
        harness.put(2, stop(2, timestamp=20_000))
        assert harness.state_size() == 1
        harness.advance(20_000)
        assert harness.state_size() == 0
        assert harness.timers == set()


class TestPlayers:
    def test_the_known_example(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        for user_id, timestamp in ((1, 1_000), (2, 5_000), (3, 11_000)):
            put(harness, buy(user_id, 100))
            put(harness, click(user_id, timestamp))
        assert counted(harness) == [
            (1, 1, 1_000, SECRET),
            (1, 2, 5_000, SECRET),
            (1, 3, 11_000, SECRET),
        ]

    def test_events_that_come_together_are_taken_in_their_order(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        harness.advance(5_000)
        put(
            harness,
            click(1, 1_000),
            malformed("missing field: userId"),
            buy(1, 1),
            click(1, 2_000),
            click(1, 3_000),
            buy(1, 0),
            buy(2, 1),
            click(2, 4_000),
        )
        assert accepted(harness) == [(1, 2_000), (2, 4_000)]
        assert [tuple(row) for row in harness.side[REJECTED.tag_id]] == [
            (b"click at 1000", "no-coupon", "Cannot click without a coupon, userId: 1"),
            (b"{}", "malformed", "missing field: userId"),
            (b"click at 3000", "no-coupon", "Cannot click without a coupon, userId: 1"),
            (b"buy", "too-few-coupons", "Cannot buy fewer coupons than 1, purchasedCoupons: 0"),
        ]

    def test_a_click_that_is_held_gets_the_coupon_that_a_later_one_came_with(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        put(harness, click(1, 1_000), buy(1, 1), click(1, 2_000))
        harness.advance(2_000)
        assert accepted(harness) == [(1, 1_000)]
        assert rejections(harness) == [(b"click at 2000", "no-coupon")]

    def test_the_clicks_of_two_lotteries_have_their_own_secrets(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        harness.put2(0, Row(0, 2, (Run(starts=logic.ALWAYS, ends=NEVER, secret="another"),)))  # noqa: S106 - of a lottery
        put(harness, buy(1, 3), click(1, 1_000), click(1, 2_000, lottery_id=2), click(1, 3_000))
        assert counted(harness) == [(1, 1, 1_000, SECRET), (1, 1, 3_000, SECRET), (2, 1, 2_000, "another")]

    def test_a_click_takes_a_coupon(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        put(harness, buy(1, 2))
        harness.advance(5_000)
        for timestamp in (1_000, 2_000, 3_000):
            put(harness, click(1, timestamp))
        assert accepted(harness) == [(1, 1_000), (1, 2_000)]
        assert rejections(harness) == [(b"click at 3000", "no-coupon")]

    def test_a_click_before_the_start_is_held_and_counts_then(self) -> None:
        harness = players()
        put(harness, buy(1, 2))
        put(harness, click(1, 2_000))
        put(harness, click(1, 1_000))
        assert accepted(harness) == []
        harness.put2(0, ALWAYS)
        assert accepted(harness) == [(1, 1_000), (1, 2_000)]

    def test_a_click_before_the_purchase_is_held_and_counts_then(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        put(harness, click(1, 1_000))
        put(harness, click(2, 1_000))
        put(harness, buy(1, 1))
        assert accepted(harness) == [(1, 1_000)]
        harness.advance(1_000)
        assert rejections(harness) == [(b"click at 1000", "no-coupon")]

    def test_a_held_click_is_refused_once_event_time_reaches_it(self) -> None:
        harness = players()
        put(harness, buy(1, 1))
        put(harness, click(1, 2_000))
        harness.advance(1_999)
        assert rejections(harness) == []
        harness.advance(2_000)
        assert rejections(harness) == [(b"click at 2000", "inactive-lottery")]
        harness.put2(0, ALWAYS)
        assert accepted(harness) == []

    def test_a_click_that_event_time_has_passed_is_not_held(self) -> None:
        harness = players()
        harness.advance(2_000)
        put(harness, click(1, 2_000))
        assert rejections(harness) == [(b"click at 2000", "inactive-lottery")]
        assert harness.timers == set()

    def test_a_click_counts_as_long_as_its_window_is_open(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        put(harness, buy(1, 2))
        harness.advance(9_998)
        put(harness, click(1, 1_000))
        harness.advance(9_999)
        put(harness, click(1, 1_000))
        assert accepted(harness) == [(1, 1_000)]
        assert rejections(harness) == [(b"click at 1000", "late")]

    def test_a_late_click_takes_no_coupon(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        put(harness, buy(1, 1))
        harness.advance(10_000)
        put(harness, click(1, 1_000))
        put(harness, click(1, 11_000))
        assert accepted(harness) == [(1, 11_000)]

    def test_after_a_restart_a_late_click_is_refused_before_any_watermark_has_come(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        put(harness, buy(1, 1), time=10_000)
        put(harness, click(1, 9_999), click(2, 10_000), time=10_000)
        put(harness, click(1, 10_000), time=10_000)
        assert accepted(harness) == [(1, 10_000)]
        assert rejections(harness) == [(b"click at 9999", "late"), (b"click at 10000", "no-coupon")]

    def test_a_lottery_counts_from_its_start_to_its_end_whatever_comes_first(self) -> None:
        harness = players()
        put(harness, buy(1, 9))
        harness.put2(0, runs((2_000, 5_000)))
        harness.advance(500)
        for timestamp in (1_999, 2_000, 4_999, 5_000):
            put(harness, click(1, timestamp))
        harness.advance(6_000)
        assert accepted(harness) == [(1, 2_000), (1, 4_999)]
        assert [event for event, _ in rejections(harness)] == [b"click at 1999", b"click at 5000"]

    def test_buckets_know_nothing_of_each_other(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        put(harness, buy(1, 1))
        put(harness, click(513, 1_000), bucket=1)
        harness.advance(1_000)
        assert rejections(harness) == [(b"click at 1000", "inactive-lottery")]

    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            (buy(1, 0), "too-few-coupons"),
            (buy(1, -5), "too-few-coupons"),
            (malformed("missing field: userId"), "malformed"),
        ],
    )
    def test_a_bad_event_is_refused_and_nothing_more(self, event: UserEvent, reason: str) -> None:
        harness = players()
        put(harness, event)
        assert rejections(harness) == [(event.event, reason)]
        assert harness.state_size() == 0

    def test_more_coupons_than_can_be_counted_are_refused(self) -> None:
        harness = players()
        put(harness, buy(1, 2**63 - 1))
        put(harness, buy(1, 1))
        assert rejections(harness) == [(b"buy", "too-many-coupons")]

    def test_an_idle_player_expires_with_all_coupons(self) -> None:
        harness = players()
        harness.put2(0, ALWAYS)
        put(harness, buy(1, 5))
        harness.clock = HOUR // 2
        put(harness, click(1, 1_000))
        harness.clock = HOUR + 1
        put(harness, click(1, 2_000))
        assert accepted(harness) == [(1, 1_000), (1, 2_000)]
        harness.clock += HOUR
        harness.advance(2_500)
        put(harness, click(1, 2_500))
        assert rejections(harness) == [(b"click at 2500", "no-coupon")]

    def test_what_counts_is_in_state_and_survives_a_restart(self) -> None:
        harness = players()
        harness.put2(0, runs((0, 20_000)))
        put(harness, buy(1, 3))
        put(harness, click(1, 1_000))
        put(harness, click(2, 1_500))
        harness.restart(Players(window_millis=10_000, player_expiry=timedelta(hours=1)))
        put(harness, click(1, 2_000))
        put(harness, buy(2, 1))
        put(harness, click(1, 3_000))
        harness.advance(5_000)
        put(harness, click(1, 4_000))
        assert accepted(harness) == [(1, 1_000), (1, 2_000), (2, 1_500), (1, 3_000)]
        assert rejections(harness) == [(b"click at 4000", "no-coupon")]

    def test_the_coupon_of_a_click_that_was_held_stays_taken_after_a_restart(self) -> None:
        harness = players()
        put(harness, buy(1, 1), click(1, 1_000))
        harness.put2(0, runs((0, 20_000)))
        harness.restart(Players(window_millis=10_000, player_expiry=timedelta(hours=1)))
        harness.advance(2_000)
        put(harness, click(1, 2_000))
        assert accepted(harness) == [(1, 1_000)]
        assert rejections(harness) == [(b"click at 2000", "no-coupon")]

    def test_more_players_than_are_remembered_keep_their_coupons(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Coupons, "MOST_REMEMBERED", 2)
        harness = players()
        harness.put2(0, ALWAYS)
        for user_id in range(5):
            put(harness, buy(user_id, 2))
        for timestamp in (1_000, 2_000):
            for user_id in range(5):
                put(harness, click(user_id, timestamp))
        assert accepted(harness) == [(user_id, timestamp) for timestamp in (1_000, 2_000) for user_id in range(5)]

    def test_clicks_on_two_lotteries_get_their_coupons_in_the_order_of_their_times(self) -> None:
        harness = players()
        put(harness, click(1, 3_000), click(1, 2_000, lottery_id=2), click(1, 1_000), click(1, 500, lottery_id=3))
        harness.put2(0, ALWAYS)
        harness.put2(0, runs((logic.ALWAYS, NEVER), lottery_id=2))
        put(harness, buy(1, 2))
        assert accepted(harness) == [(1, 1_000), (1, 2_000)]
        put(harness, buy(1, 1))
        assert accepted(harness)[2:] == [(1, 3_000)]

    def test_a_click_outside_of_the_run_stays_held_behind_one_inside(self) -> None:
        harness = players()
        harness.put2(0, runs((2_000, 5_000)))
        put(harness, click(1, 1_000), click(1, 2_000), buy(1, 5))
        assert accepted(harness) == [(1, 2_000)]
        harness.put2(0, ALWAYS)
        assert accepted(harness)[1:] == [(1, 1_000)]

    def test_a_held_click_is_written_once_and_no_other_with_it(self) -> None:
        harness = players()
        put(harness, click(1, 50_000))
        held = Watched(harness.states["held"])
        for _ in range(1_000):
            put(harness, click(1, 50_000))
        assert len(held.written) == 1_000
        assert max(held.written) < 200
        assert held.read == 0

    def test_a_purchase_and_a_start_read_none_of_the_clicks_that_they_are_not_about(self) -> None:
        harness = players()
        put(harness, *(click(user_id, 50_000 + user_id) for user_id in range(100)))
        held = Watched(harness.states["held"])
        harness.put2(0, runs((0, NEVER), lottery_id=2))
        put(harness, *(buy(user_id, 1) for user_id in range(100)))
        assert held.read == 0
        harness.advance(50_009)
        assert held.read == 10

    @pytest.mark.parametrize("remembered", [0, 300_000])
    def test_held_clicks_survive_a_restart_and_a_full_memory(
        self, remembered: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(HeldClicks, "MOST_REMEMBERED", remembered)
        harness = players()
        for number in range(3):
            for bucket in range(3):
                put(harness, click(bucket, 1_000 + number), bucket=bucket)
        harness.restart(Players(window_millis=10_000, player_expiry=timedelta(hours=1)))
        for bucket in range(3):
            put(harness, click(bucket, 999), bucket=bucket)
            harness.put2(bucket, ALWAYS)
            put(harness, buy(bucket, 2), bucket=bucket)
        assert accepted(harness) == [(bucket, at) for bucket in range(3) for at in (999, 1_000)]
        harness.advance(5_000)
        assert sorted(rejections(harness)) == [
            (b"click at %d" % at, "no-coupon") for at in (1_001, 1_002) for _ in range(3)
        ]
        assert harness.states["held"].size() == 0

    def test_clicks_that_an_earlier_version_holds_count(self) -> None:
        harness = players()
        harness.key = 0
        harness.states["held"]._put(1_000, [Click(1, 1, 1_000, b"first"), Click(1, 2, 1_000, b"second")])
        harness.register_event_time_timer(1_000)
        harness.put2(0, ALWAYS)
        put(harness, buy(2, 1))
        assert accepted(harness) == [(2, 1_000)]
        harness.advance(1_000)
        assert rejections(harness) == [(b"first", "no-coupon")]
        assert harness.states["held"].size() == 0

    @given(st.lists(STEPS, max_size=40))
    def test_every_click_counts_or_is_refused_as_if_all_held_ones_were_tried_each_time(
        self, steps: list[tuple[str, tuple[int, ...]]]
    ) -> None:
        harness, model = players(), Tried()
        for step, values in steps:
            match step:
                case "restart":
                    harness.restart(Players(window_millis=10_000, player_expiry=timedelta(hours=1)))
                case "advance":
                    harness.advance(harness.watermark + values[0] if harness.watermark > NO_WATERMARK else values[0])
                    model.advance(harness.watermark)
                case "run":
                    lottery_id, starts, length = values
                    harness.put2(0, runs((starts, starts + length), lottery_id=lottery_id))
                    model.run(lottery_id, starts, starts + length)
                case "buy":
                    put(harness, buy(*values))
                    model.buy(*values)
                case _:
                    user_id, timestamp, lottery_id = values
                    put(harness, click(user_id, timestamp, lottery_id))
                    model.click(user_id, timestamp, lottery_id)
        harness.advance(END)
        model.advance(END)
        assert sorted(accepted(harness)) == sorted(model.accepted)
        assert sorted(rejections(harness)) == sorted(model.refused)
        assert harness.states["held"].size() == 0

    def test_nothing_stays_when_all_coupons_are_taken_and_all_lotteries_have_ended(self) -> None:
        harness = players()
        harness.put2(0, runs((0, 20_000)))
        harness.put2(0, runs((0, NEVER), lottery_id=2))
        put(harness, buy(1, 1))
        put(harness, click(1, 1_000))
        put(harness, click(2, 1_500))
        harness.put2(0, Row(0, 2, ()))
        harness.advance(END)
        assert harness.state_size() == 0
        assert harness.timers == set()


@pytest.mark.parametrize(
    "function",
    [
        Lotteries(buckets=2, window_millis=10_000, prizes=0),
        Players(window_millis=10_000, player_expiry=timedelta(hours=1)),
    ],
)
def test_a_function_can_be_sent_to_a_worker(function: object) -> None:
    assert type(pickle.loads(pickle.dumps(function))) is type(function)  # noqa: S301 - what was pickled just now
