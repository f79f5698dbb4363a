"""Records that are wrong on purpose: how many, and what the settings refuse."""

import re

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flink_apps.common.properties import SettingsError
from flink_apps.data_generator import faults
from flink_apps.data_generator.faults import DUPLICATE, LATE, MALFORMED, OUT_OF_RANGE, Faults
from flink_apps.data_generator.settings import Settings

SINK = {"KafkaSink": {"bootstrap.servers": "b-1:9098", "topic": "records"}}
SOME = Faults(late=0.1, duplicate=0.2, malformed=0.3, out_of_range=0.4)


def read(**generator: str) -> Settings:
    return Settings.from_property_groups(
        {"DataGen": {f"faults.{key}": share for key, share in generator.items()}, **SINK}
    )


def test_there_are_no_faults_unless_they_are_asked_for() -> None:
    assert not Settings.from_property_groups(SINK).faults
    assert read(late="0.1").faults == Faults(late=0.1)


def test_each_fault_comes_as_often_as_its_share_says() -> None:
    counts = faults.count(*SOME.draw(numpy.random.default_rng(1), 100_000))
    # A duplicate has the fault of the first, too.
    expected = {LATE: 12_000, MALFORMED: 36_000, OUT_OF_RANGE: 48_000, DUPLICATE: 20_000}
    assert counts == pytest.approx(expected, rel=0.03)


@given(size=st.integers(min_value=0, max_value=500))
def test_every_record_leaves_once_or_twice_in_its_order(size: int) -> None:
    kinds, positions = SOME.draw(numpy.random.default_rng(1), size)
    assert len(kinds) == size
    assert set(positions) == set(range(1, size + 1))
    assert (numpy.diff(positions) >= 0).all()
    assert size == 0 or numpy.bincount(positions).max() <= 2


@pytest.mark.parametrize("share", [0, 1])
def test_a_share_may_be_nothing_or_all(share: int) -> None:
    kinds, positions = Faults(late=share, duplicate=share).draw(numpy.random.default_rng(1), 100)
    assert set(kinds) == {share * faults.code(LATE)}
    assert len(positions) == 100 * (1 + share)


@pytest.mark.parametrize("share", ["-0.1", "1.1", "much", "1e-3", "nan"])
def test_a_share_that_is_none_is_refused(share: str) -> None:
    rule = f"DataGen/faults.late must be a number from 0 to 1 (got '{share}'); write for example 0.01"
    with pytest.raises(SettingsError, match=re.escape(rule)):
        read(late=share)


def test_more_faults_than_records_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"faults\.out\.of\.range must be at most 1 \(got 1\.5\)"):
        read(**{"late": "0.5", "out.of.range": "1"})


def test_malformed_records_are_refused_in_a_format_that_has_none() -> None:
    groups = {"DataGen": {"faults.malformed": "0.1", "format": "csv"}, **SINK}
    with pytest.raises(SettingsError, match=r"DataGen/faults\.malformed must be 0 where DataGen/format is not json"):
        Settings.from_property_groups(groups)
