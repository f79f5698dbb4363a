from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flink_apps.data_generator.logic import RateMeter, records_due

rates = st.integers(min_value=1, max_value=1_000_000_000)
cuts = st.lists(st.integers(min_value=0, max_value=10**9), min_size=2, max_size=20, unique=True).map(sorted)


@given(rate=rates, cuts=cuts)
def test_slices_add_up_to_the_records_due_however_the_time_is_cut(rate: int, cuts: list[int]) -> None:
    parts = [records_due(records_per_second=rate, start_millis=a, end_millis=b) for a, b in pairwise(cuts)]
    assert sum(parts) == records_due(records_per_second=rate, start_millis=cuts[0], end_millis=cuts[-1])
    assert all(part >= 0 for part in parts)


@given(rate=rates, seconds=st.integers(min_value=0, max_value=10**6))
def test_whole_seconds_have_exactly_the_rate(rate: int, seconds: int) -> None:
    assert records_due(records_per_second=rate, start_millis=0, end_millis=seconds * 1000) == rate * seconds


@given(rate=rates, end=st.integers(min_value=0, max_value=10**9))
def test_the_records_due_are_never_more_than_one_away_from_rate_times_time(rate: int, end: int) -> None:
    assert 0 <= rate * end / 1000 - records_due(records_per_second=rate, start_millis=0, end_millis=end) < 1.001


def test_a_meter_gives_the_rate_of_its_last_whole_window() -> None:
    meter = RateMeter(window_seconds=5)
    assert meter.records_per_second == 0
    for tick in range(51):
        meter.mark(20, now=100 + tick * 0.1)
    assert meter.records_per_second == round(51 * 20 / 5)


def test_a_meter_follows_the_rate_when_it_changes() -> None:
    meter = RateMeter(window_seconds=1)
    for second in range(10):
        meter.mark(100, now=float(second))
    assert meter.records_per_second == 100
    for second in range(10, 20):
        meter.mark(7, now=float(second))
    assert meter.records_per_second == 7
