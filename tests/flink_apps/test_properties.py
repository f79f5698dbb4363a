import json
from pathlib import Path

import pytest

from flink_apps.common.properties import (
    FILE_VARIABLE,
    Property,
    SettingsError,
    StreamArn,
    read_property_groups,
)

ARN = Property(group="KinesisSink", key="stream.arn", meaning="the stream")
RATE = Property(group="DataGen", key="records.per.second", meaning="the rate", default="10")


def test_an_absent_key_has_its_default() -> None:
    assert RATE.whole_number({}, low=1, high=100) == 10
    assert RATE.whole_number({"DataGen": {"records.per.second": " "}}, low=1, high=100) == 10


def test_a_value_is_read_without_the_white_space_around_it() -> None:
    assert RATE.whole_number({"DataGen": {"records.per.second": " 42 "}}, low=1, high=100) == 42


@pytest.mark.parametrize("value", ["0", "-5", "101", "1.5", "ten", "1_0", "\u0661\u0660", "1e1", "0x10", "+"])
def test_a_value_that_is_no_whole_number_in_range_is_refused_with_name_rule_value_and_fix(value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        RATE.whole_number({"DataGen": {"records.per.second": value}}, low=1, high=100)
    assert str(refused.value) == (
        f"DataGen/records.per.second must be a whole number from 1 to 100 (got {value!r}); write for example 10"
    )


@pytest.mark.parametrize(
    ("arn", "region"),
    [
        ("arn:aws:kinesis:eu-central-1:123456789012:stream/prices", "eu-central-1"),
        ("arn:aws-cn:kinesis:cn-north-1:123456789012:stream/prices", "cn-north-1"),
        ("arn:aws-us-gov:kinesis:us-gov-west-1:123456789012:stream/prices", "us-gov-west-1"),
        ("arn:aws-iso-b:kinesis:us-isob-east-1:123456789012:stream/prices", "us-isob-east-1"),
        ("arn:aws-eusc:kinesis:eusc-de-east-1:123456789012:stream/prices", "eusc-de-east-1"),
    ],
)
def test_an_arn_of_any_partition_is_taken(arn: str, region: str) -> None:
    assert StreamArn.parse(ARN, arn) == StreamArn(text=arn, region=region, stream_name="prices")


@pytest.mark.parametrize(
    "arn",
    [
        "prices",
        "arn:aws:kinesis:eu-central-1:123456789012:prices",
        "arn:aws:kinesis::123456789012:stream/prices",
        "arn:aws:kinesis:eu-central-1:1234:stream/prices",
        "arn:aws:sqs:eu-central-1:123456789012:stream/prices",
        "arn:aws:kinesis:eu-central-1:123456789012:stream/",
        "arn:aws:kinesis:eu-central-1:123456789012:stream/a b",
    ],
)
def test_a_malformed_arn_is_refused_with_what_one_looks_like(arn: str) -> None:
    with pytest.raises(SettingsError, match=r"stream\.arn must be the ARN of a Kinesis stream .*write arn:<"):
        StreamArn.parse(ARN, arn)


def test_the_property_file_of_the_service_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "application_properties.json"
    file.write_text(json.dumps([{"PropertyGroupId": "DataGen", "PropertyMap": {"records.per.second": "7"}}]))
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    assert read_property_groups() == {"DataGen": {"records.per.second": "7"}}


def test_a_missing_property_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"must exist .*nowhere.json.*{FILE_VARIABLE}"):
        read_property_groups(tmp_path / "nowhere.json")


@pytest.mark.parametrize("content", ["", "{}x", '{"a": 1}', '[{"PropertyGroupId": "A"}]', "[1]"])
def test_a_property_file_in_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "application_properties.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match="the property file must be a JSON list"):
        read_property_groups(file)
