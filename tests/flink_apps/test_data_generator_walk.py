"""Prices that walk: exact, without state."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flink_apps.data_generator.records import stock_walk
from flink_apps.data_generator.records.stock_price import TICKERS
from flink_apps.data_generator.records.stock_walk import PERIOD_MILLIS, STOCK_WALK, VOLATILITY, walk
from tests.flink_apps.slices import a_slice


def prices(size: int, *, start: int = 0, millis: int = 20, seed: int = 1) -> list[tuple[int, float]]:
    """Ticker and price in dollars of each record of a slice."""
    (draws,) = STOCK_WALK.draw(a_slice(size, start=start, millis=millis, seed=seed))
    return [(draw % len(TICKERS), draw // len(TICKERS) / 100) for draw in draws.tolist()]


@given(millis=st.integers(min_value=0, max_value=2**40))
def test_the_walk_is_where_it_was_when_a_job_asks_for_it_anew(millis: int) -> None:
    before = walk(1, millis)
    stock_walk._normal.cache_clear()
    numpy.testing.assert_array_equal(walk(1, millis), before)


def test_another_seed_is_another_walk() -> None:
    assert set(walk(1, 12_345)).isdisjoint(walk(2, 12_345))


@pytest.mark.parametrize("millis", [20, 1_000, 60_000])
def test_the_steps_of_a_walk_grow_with_the_root_of_the_time(millis: int) -> None:
    begins = range(0, 400 * 70_000, 70_000)
    steps = numpy.concatenate([walk(3, begin + millis) - walk(3, begin) for begin in begins])
    assert steps.std() == pytest.approx(VOLATILITY * (millis / 60_000) ** 0.5, rel=0.05)
    assert abs(steps.mean()) < 4 * steps.std() / len(steps) ** 0.5


def test_a_walk_goes_on_over_the_end_of_a_period() -> None:
    steps = walk(1, PERIOD_MILLIS + 10) - walk(1, PERIOD_MILLIS - 10)
    assert abs(steps).max() < 5 * VOLATILITY * (20 / 60_000) ** 0.5


def test_the_last_round_of_a_slice_is_where_the_walk_is() -> None:
    ends = numpy.exp(walk(1, 7_020))
    drawn = prices(400, start=7_000)
    last_round = max(place for place, (ticker, _) in enumerate(drawn) if ticker == 0)
    for ticker, price in drawn[last_round:]:
        assert price == pytest.approx(5 * (ticker + 1) * ends[ticker], abs=0.0051)


def test_a_price_goes_on_from_the_last_one() -> None:
    at_once = dict(prices(2000, start=0, millis=60_000)[-20:])
    later = dict(prices(20, start=60_000)[:20])
    for ticker, price in later.items():
        assert price == pytest.approx(at_once[ticker], rel=0.01, abs=0.011)


def test_the_records_of_a_slice_go_round_all_tickers() -> None:
    tickers = [ticker for ticker, _ in prices(60)]
    assert sorted(tickers) == sorted(3 * list(range(20)))


def test_one_record_a_slice_is_of_any_ticker() -> None:
    assert {prices(1, start=start)[0][0] for start in range(0, 20 * 400, 20)} == set(range(20))


def test_prices_stay_near_their_start_for_days() -> None:
    hours = numpy.array([walk(1, hour * 3_600_000) for hour in range(240)])
    assert abs(hours).max() < stock_walk.MOST
