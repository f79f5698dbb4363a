"""Load profiles: the integral, and what the kinds of profile are."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flink_apps.data_generator import profiles
from flink_apps.data_generator.profiles import THOUSANDTHS, Profile, ProfileError

SECOND = 1000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

rates = st.integers(min_value=0, max_value=10**12)
lengths = st.integers(min_value=1, max_value=DAY)
moments = st.integers(min_value=0, max_value=10 * DAY)
cuts = st.lists(moments, min_size=2, max_size=20, unique=True).map(sorted)
ramps = st.builds(profiles.ramp, start=rates, end=rates, over=lengths)
levels = st.builds(profiles.constant, rate=rates, over=lengths)
staircases = st.builds(
    profiles.steps, runs=st.lists(st.tuples(rates, st.integers(1, 100)), min_size=1, max_size=5), every=lengths
)
spikes = st.builds(
    lambda base, peak, at, length, rest: profiles.spike(
        base=base, peak=peak, at=at, length=length, over=at + length + rest
    ),
    *(rates, rates, lengths, lengths, lengths),
)
waves = st.builds(
    lambda mean, share, seconds, over: profiles.sine(
        mean=mean, amplitude=mean * share // 100, period=seconds * SECOND, over=over
    ),
    *(rates, st.integers(0, 100), st.integers(1, 600), lengths),
)
#: Everything that ends, within each other a few times.
ending = st.recursive(
    ramps | levels | staircases | spikes | waves,
    lambda inner: (
        st.builds(profiles.sequence, st.lists(inner, min_size=1, max_size=4))
        | st.builds(profiles.repeat, inner, times=st.integers(1, 5))
    ),
    max_leaves=6,
)
any_profile = ending | st.builds(profiles.repeat, ending) | st.builds(profiles.constant, rate=rates)


def due(profile: Profile, end: int, start: int = 0) -> int:
    return profile.records_due(start_millis=start, end_millis=end)


def length(profile: Profile) -> int:
    assert profile.millis is not None
    return profile.millis


# The integral of every profile.


@given(profile=any_profile, cuts=cuts)
def test_slices_add_up_to_the_records_due_however_the_time_is_cut(profile: Profile, cuts: list[int]) -> None:
    assert sum(due(profile, end, start) for start, end in pairwise(cuts)) == due(profile, cuts[-1], cuts[0])


@given(profile=any_profile, cuts=cuts)
def test_no_slice_has_a_negative_number_of_records_or_more_than_the_peak_makes(
    profile: Profile, cuts: list[int]
) -> None:
    for start, end in pairwise(cuts):
        assert 0 <= due(profile, end, start) <= Fraction(profile.peak * (end - start), 10**6) + 1


@given(profile=ending, later=lengths)
def test_after_its_end_a_profile_emits_nothing(profile: Profile, later: int) -> None:
    assert due(profile, length(profile) + later, length(profile)) == 0


@given(parts=st.lists(ramps | levels | staircases, min_size=1, max_size=5), moment=moments)
def test_a_sequence_has_the_integrals_of_its_parts_one_after_the_other(parts: list[Profile], moment: int) -> None:
    units, rest = 0, moment
    for part in parts:
        units += part.units(max(0, rest))
        rest -= length(part)
    assert profiles.sequence(parts).units(moment) == units


@given(part=ending, times=st.integers(1, 10))
def test_a_repeat_has_its_parts_integral_so_often(part: Profile, times: int) -> None:
    repeated = profiles.repeat(part, times=times)
    assert length(repeated) == times * length(part)
    assert repeated.units(length(repeated)) == times * part.units(length(part))
    assert profiles.repeat(part).units(times * length(part)) == times * part.units(length(part))


@given(part=ending, moment=moments)
def test_a_repeat_starts_anew_each_time(part: Profile, moment: int) -> None:
    again = profiles.repeat(part)
    begun, whole = length(part), part.units(length(part))
    assert again.units(begun + moment) == whole + again.units(moment)


# The kinds.


@given(rate=st.integers(1, 10**9), end=moments)
def test_a_constant_has_rate_times_time_to_within_one_record(rate: int, end: int) -> None:
    assert due(profiles.constant(rate=rate * THOUSANDTHS), end) == rate * end // 1000


@given(start=rates, end=rates, over=lengths, share=st.fractions(0, 1))
def test_a_ramp_has_the_area_under_its_line_exactly(start: int, end: int, over: int, share: Fraction) -> None:
    moment = math.floor(share * over)
    rate_then = start + Fraction((end - start) * moment, over)
    assert due(profiles.ramp(start=start, end=end, over=over), moment) == (start + rate_then) * moment // (2 * 10**6)


def test_a_ramp_emits_little_at_first_and_much_at_last() -> None:
    ramp = profiles.ramp(start=0, end=5000 * THOUSANDTHS, over=MINUTE)
    assert (due(ramp, SECOND), due(ramp, MINUTE, MINUTE - SECOND), due(ramp, MINUTE)) == (41, 4959, 150_000)


def test_steps_have_each_rate_as_often_as_it_is_given() -> None:
    stairs = profiles.steps(runs=[(100_000, 1), (500_000, 2), (0, 1)], every=10 * SECOND)
    assert [due(stairs, end, end - 10 * SECOND) for end in range(10 * SECOND, 60 * SECOND, 10 * SECOND)] == [
        *(1000, 5000, 5000, 0),
        0,
    ]


@given(mean=rates, share=st.integers(0, 100), seconds=st.integers(1, 3600), periods=st.integers(1, 100))
def test_a_sine_has_exactly_its_mean_over_whole_periods(mean: int, share: int, seconds: int, periods: int) -> None:
    wave = profiles.sine(mean=mean, amplitude=mean * share // 100, period=seconds * SECOND)
    assert due(wave, periods * seconds * SECOND) == mean * periods * seconds // THOUSANDTHS


@given(amplitude=st.integers(0, 10**9), seconds=st.integers(1, 3600), share=st.floats(0, 1))
def test_a_sine_is_as_near_to_the_true_one_as_its_documentation_says(
    amplitude: int, seconds: int, share: float
) -> None:
    period = seconds * SECOND
    moment = int(share * period)
    wave = profiles.sine(mean=amplitude, amplitude=amplitude, period=period)
    angle = 2 * math.pi * moment / period
    true = (amplitude * moment + amplitude * period / (2 * math.pi) * (1 - math.cos(angle))) / 10**6
    assert due(wave, moment) == pytest.approx(true, abs=1 + (2e-5 * amplitude + 0.5) * moment / 10**6)


def test_a_sine_rises_first() -> None:
    wave = profiles.sine(mean=10**6, amplitude=10**6, period=MINUTE)
    assert due(wave, MINUTE // 2) > 4 * due(wave, MINUTE, MINUTE // 2)


def test_a_spike_is_its_base_before_and_after() -> None:
    spike = profiles.spike(base=100_000, peak=900_000, at=50 * SECOND, length=10 * SECOND)
    assert spike.millis is None
    assert (due(spike, 50 * SECOND), due(spike, 60 * SECOND, 50 * SECOND)) == (5000, 9000)
    assert due(spike, 2 * MINUTE, MINUTE) == 6000


def test_a_spike_can_come_at_once_and_end_the_profile() -> None:
    spike = profiles.spike(base=1, peak=7000, at=0, length=SECOND, over=SECOND)
    assert (due(spike, SECOND), spike.millis) == (7, SECOND)


@pytest.mark.parametrize(
    ("profile", "peak"),
    [
        (profiles.ramp(start=9, end=4000, over=MINUTE), 4),
        (profiles.ramp(start=4001, end=9, over=MINUTE), 5),
        (profiles.sine(mean=4000, amplitude=2000, period=MINUTE), 6),
        (profiles.spike(base=9000, peak=1000, at=MINUTE, length=MINUTE), 9),
        (profiles.repeat(profiles.constant(rate=7000, over=MINUTE), times=2), 7),
    ],
)
def test_the_peak_is_the_highest_rate_in_whole_records(profile: Profile, peak: int) -> None:
    assert profile.peak_records_per_second == peak


# What is refused.


def test_nothing_can_follow_what_never_ends() -> None:
    with pytest.raises(ProfileError, match="have an end in each part that is repeated or followed"):
        profiles.sequence([profiles.constant(rate=1), profiles.constant(rate=1)])


def test_what_never_ends_cannot_be_repeated() -> None:
    with pytest.raises(ProfileError, match="have an end in each part"):
        profiles.repeat(profiles.constant(rate=1))


@pytest.mark.parametrize(
    "profile",
    [
        profiles.constant(rate=0),
        profiles.ramp(start=0, end=0, over=MINUTE),
        profiles.repeat(profiles.constant(rate=0, over=MINUTE)),
        profiles.constant(rate=999, over=SECOND),
    ],
)
def test_a_profile_that_never_emits_is_refused(profile: Profile) -> None:
    with pytest.raises(ProfileError, match="a profile that never emits"):
        profiles.checked(profile)


def test_a_profile_that_emits_a_single_record_is_one() -> None:
    profile = profiles.constant(rate=1000, over=SECOND)
    assert profiles.checked(profile) is profile


def test_a_rate_beyond_all_sense_is_refused() -> None:
    with pytest.raises(ProfileError, match="at most 1000000000 records/s, not 1000000001"):
        profiles.checked(profiles.constant(rate=10**12 + 1))
