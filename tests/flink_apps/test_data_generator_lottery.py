"""Lotteries, players and samples: what is drawn for them."""

from collections import Counter
from typing import Any

import numpy
from numpy.typing import NDArray

from flink_apps.data_generator.records import Slice
from flink_apps.data_generator.records.drawing import PackedNumbers
from flink_apps.data_generator.records.lottery import (
    COUPONS,
    EVENT,
    LOTTERY_EVENT,
    LOTTERY_USER_EVENT,
    PLAYERS,
    PRIZES,
    SLOT_MILLIS,
    SLOTS_BEFORE,
    USER_EVENT,
)
from flink_apps.data_generator.records.metric_sample import INSTANCES, METRIC_SAMPLE, MILLIONTHS, SAMPLE
from flink_apps.lottery import schema
from tests.flink_apps.slices import a_slice


def numbers(word: PackedNumbers, drawn: tuple[NDArray[Any], ...]) -> dict[str, NDArray[Any]]:
    [packed] = drawn
    return {name: packed // word.unit(name) % size for name, size in word.sizes.items()}


def user_events(tick: Slice) -> dict[str, NDArray[Any]]:
    return numbers(USER_EVENT, LOTTERY_USER_EVENT.draw(tick))


def test_the_events_have_the_fields_that_the_lottery_reads() -> None:
    assert LOTTERY_EVENT.columns == schema.LOTTERY_EVENT
    assert LOTTERY_USER_EVENT.columns == schema.USER_EVENT


def test_a_lottery_for_all_players_starts_with_the_slice_that_ends_its_slot() -> None:
    opens = [
        numbers(EVENT, LOTTERY_EVENT.draw(a_slice(5, start=start)))["opens"].tolist()
        for start in range(0, SLOT_MILLIS, 20)
    ]
    assert opens[-1] == [1, 0, 0, 0, 0]
    assert not any(map(any, opens[:-1]))


def test_a_lottery_lasts_until_the_last_click_that_is_drawn_for_it() -> None:
    assert (SLOTS_BEFORE[-1] + 1) * SLOT_MILLIS <= PRIZES * SLOT_MILLIS


def test_a_player_buys_as_many_coupons_as_clicks_follow_at_any_batching() -> None:
    turns = []
    for start, first in ((0, 0), (20, 7), (40, 8), (60, 30)):
        size = {0: 7, 7: 1, 8: 22, 30: 30}[first]
        events = user_events(a_slice(size, start=start, first=first))
        turns += list(zip(events["user"].tolist(), events["turn"].tolist(), strict=True))
    for begin in range(0, 60, COUPONS + 1):
        of_one = turns[begin : begin + COUPONS + 1]
        assert [turn for _, turn in of_one] == list(range(COUPONS + 1))
        assert len({user for user, _ in of_one}) == 1


def test_every_player_has_a_turn_before_one_has_a_second() -> None:
    users = user_events(a_slice(PLAYERS * (COUPONS + 1)))["user"]
    assert set(Counter(users.tolist()).values()) == {COUPONS + 1}


def test_clicks_are_on_lotteries_that_are_held() -> None:
    assert set(user_events(a_slice(10_000))["slots_before"]) == set(SLOTS_BEFORE)


def test_samples_go_round_the_series_over_the_slices() -> None:
    series: list[tuple[int, int]] = []
    for start, first in ((0, 0), (20, 50), (40, 100)):
        drawn = numbers(SAMPLE, METRIC_SAMPLE.draw(a_slice(50, start=start, first=first)))
        series += zip(drawn["name"].tolist(), drawn["instance"].tolist(), strict=True)
    assert len(set(series[: 2 * INSTANCES])) == 2 * INSTANCES
    assert series[2 * INSTANCES :] == series[:30]


def test_the_value_of_a_sample_is_anything_from_0_up_to_1() -> None:
    values = numbers(SAMPLE, METRIC_SAMPLE.draw(a_slice(50_000)))["value"] / MILLIONTHS
    assert 0 <= values.min() < 0.001
    assert 0.999 < values.max() < 1
    assert abs(numpy.mean(values) - 0.5) < 0.01
