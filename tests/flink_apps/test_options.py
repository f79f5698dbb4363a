"""Options: what is read of a property, and the one line about what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from flink_apps.common.aws import REGION, read_region
from flink_apps.common.options import (
    Group,
    Option,
    Type,
    boolean,
    both,
    choice,
    integer,
    matching,
    number,
    number_above,
    other_keys,
    plain,
    refuse_unknown_keys,
    text,
    written,
)
from flink_apps.common.properties import SettingsError
from flink_apps.replay.settings import SEEK

group = Group("DataGen")
RATE = group("records.per.second", integer(1, 100), "the rate", 10)


def with_value(option: Option[Any], value: str) -> dict[str, dict[str, str]]:
    return {option.group: {option.key: value}}


def test_an_absent_or_empty_key_has_its_default() -> None:
    assert RATE.read({}) == 10
    assert RATE.read(with_value(RATE, " ")) == 10
    assert not RATE.is_set(with_value(RATE, " "))


def test_a_value_is_read_without_the_white_space_around_it() -> None:
    assert RATE.read(with_value(RATE, " 42 ")) == 42


def test_a_key_without_a_default_is_required_by_whoever_reads_it_and_found_by_whoever_looks() -> None:
    path = group("path", text(example="s3://bucket"), "where")
    assert path.find({}) is None
    with pytest.raises(SettingsError, match=r"^DataGen/path must be set \(got None\); write for example s3://bucket$"):
        path.read({})


@pytest.mark.parametrize("value", ["0", "-5", "101", "1.5", "ten", "1_0", "\u0661\u0660", "1e1", "0x10", "+"])
def test_a_value_that_is_no_integer_in_range_is_refused_with_name_rule_value_and_fix(value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        RATE.read(with_value(RATE, value))
    assert str(refused.value) == (
        f"DataGen/records.per.second must be an integer from 1 to 100 (got {value!r}); write for example 10"
    )


TYPES: dict[str, tuple[Type[Any], dict[str, object], list[str]]] = {
    "true or false": (boolean(), {"true": True, "FALSE": False}, ["yes", "1"]),
    "a or b": (choice("a", "b"), {"a": "a", "b": "b"}, ["A", "ab"]),
    "a number from 0 to 1": (
        number(0, 1, example="0.5"),
        {"0": 0, "0.25": 0.25, "1": 1},
        ["1.1", "-1", "1e-3", "x"],
    ),
    "a number above 0": (number_above(0, example="2"), {"0.5": 0.5, "6480": 6480}, ["0", "0.0", "-1", "nan", "1e9"]),
    "small letters": (matching("[a-z]+", values="small letters", example="abc"), {"abc": "abc"}, ["A", "a b"]),
    "the name of a region": (REGION, {"eu-west-1": "eu-west-1", "us-gov-east-1": "us-gov-east-1"}, ["Ireland", "eu"]),
}


@pytest.mark.parametrize("values", TYPES)
def test_each_type_reads_its_values_and_says_what_they_are(values: str) -> None:
    kind, good, wrong = TYPES[values]
    option = group("key", kind, "")
    assert {value: option.read(with_value(option, value)) for value in good} == good
    for value in wrong:
        with pytest.raises(SettingsError) as refused:
            option.read(with_value(option, value))
        assert f"{option.name} must be {values} (got {value!r}); " in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (RATE, 7),
        (group("on", boolean(), ""), False),
        (group("speed", number_above(0, example="2"), ""), 0.125),
        (SEEK, datetime(2024, 1, 31, tzinfo=UTC)),
    ],
)
def test_what_an_option_writes_it_reads(option: Option[Any], value: object) -> None:
    assert option.read(written([(option, value)])) == value


def test_every_example_is_a_value() -> None:
    kinds = (integer(1, 5), integer(20, 30), boolean(), choice("a"), number(0, 1, example="0.01"), REGION)
    for kind in kinds:
        kind.parse(kind.example)


def test_a_number_is_written_as_people_do() -> None:
    assert [plain(value) for value in (6480.0, 0.5, 1e-6, 100_000.0)] == ["6480", "0.5", "0.000001", "100000"]


def test_an_unknown_key_is_refused_with_the_nearest_and_only_in_the_groups_of_the_options() -> None:
    refuse_unknown_keys({"DataGen": {RATE.key: "1"}, "Other": {"x": "y"}}, [RATE])
    with pytest.raises(
        SettingsError, match=r"records.per.secnd must be a known key .*; did you mean records.per.second\?"
    ):
        refuse_unknown_keys({"DataGen": {"records.per.secnd": "1"}}, [RATE])


def test_what_is_no_option_is_handed_on() -> None:
    assert other_keys({"DataGen": {RATE.key: "1", "linger.ms": "5"}}, RATE) == {"linger.ms": "5"}


def test_two_options_that_go_together_are_both_set_or_neither() -> None:
    user, password = group("user", text(example="me"), ""), group("password", text(example="pw"), "")
    assert both({}, user, password) is False
    assert both({"DataGen": {"user": "a", "password": "b"}}, user, password) is True
    for given, missing in (("user", "password"), ("password", "user")):
        with pytest.raises(SettingsError, match=f"DataGen/{missing} must be set where {given} is"):
            both({"DataGen": {given: "x"}}, user, password)


def test_the_region_is_the_applications_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    region = group("region", REGION, "")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    assert read_region(region, {}) == "ap-south-1"
    assert read_region(region, with_value(region, "eu-west-1")) == "eu-west-1"
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(SettingsError, match="DataGen/region must be set where the variable AWS_REGION is not"):
        read_region(region, {})
