import pytest

from flink_apps.common.properties import SettingsError
from flink_apps.data_generator.records.stock_price import STOCK_PRICE
from flink_apps.data_generator.records.taxi_trip import TAXI_TRIP
from flink_apps.data_generator.settings import Settings

ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/prices"
KINESIS = {"KinesisSink": {"stream.arn": ARN, "aws.region": "eu-west-1"}}
KAFKA = {"KafkaSink": {"bootstrap.servers": "b-1:9098", "topic": "prices"}}


def test_the_rate_is_10_records_a_second_unless_told_otherwise() -> None:
    assert Settings.from_property_groups(KINESIS).records_per_second == 10
    fast = {**KINESIS, "DataGen": {"records.per.second": "64000"}}
    assert Settings.from_property_groups(fast).records_per_second == 64000


def test_the_records_are_stock_prices_unless_told_otherwise() -> None:
    assert Settings.from_property_groups(KINESIS).record_type is STOCK_PRICE
    trips = {**KINESIS, "DataGen": {"record.type": "taxi-trip"}}
    assert Settings.from_property_groups(trips).record_type is TAXI_TRIP


@pytest.mark.parametrize(
    ("name", "fix"), [("taxi-trp", r"did you mean taxi-trip\?"), ("xyz", "known are lottery-event, lottery-user-event")]
)
def test_an_unknown_record_type_is_answered_with_the_nearest(name: str, fix: str) -> None:
    with pytest.raises(
        SettingsError, match=rf"DataGen/record\.type must be a known record type \(got '{name}'\); {fix}"
    ):
        Settings.from_property_groups({**KINESIS, "DataGen": {"record.type": name}})


def test_a_sink_is_on_when_its_group_is_there() -> None:
    both = Settings.from_property_groups({**KINESIS, **KAFKA})
    assert both.kinesis is not None
    assert both.kafka is not None
    assert Settings.from_property_groups(KAFKA).kinesis is None
    assert Settings.from_property_groups(KINESIS).kafka is None


def test_a_renamed_group_switches_its_sink_off() -> None:
    settings = Settings.from_property_groups({**KINESIS, "KafkaSink-DISABLE": KAFKA["KafkaSink"]})
    assert settings.kafka is None


def test_no_sink_is_an_error_that_names_both_groups() -> None:
    with pytest.raises(SettingsError, match="must hold KinesisSink or KafkaSink"):
        Settings.from_property_groups({"DataGen": {"records.per.second": "1"}})


def test_groups_are_case_sensitive() -> None:
    with pytest.raises(SettingsError, match="must hold KinesisSink or KafkaSink"):
        Settings.from_property_groups({"kinesissink": KINESIS["KinesisSink"]})


def test_the_region_is_the_arns_unless_another_is_named() -> None:
    without = Settings.from_property_groups({"KinesisSink": {"stream.arn": ARN}})
    assert without.kinesis is not None
    assert without.kinesis.region == "eu-west-1"
    other = Settings.from_property_groups({"KinesisSink": {"stream.arn": ARN, "aws.region": "eu-north-1"}})
    assert other.kinesis is not None
    assert other.kinesis.region == "eu-north-1"


def test_every_other_key_is_handed_on() -> None:
    settings = Settings.from_property_groups(
        {
            "KinesisSink": {**KINESIS["KinesisSink"], "sink.batch.max-size": "100"},
            "KafkaSink": {**KAFKA["KafkaSink"], "compression.type": "lz4"},
        }
    )
    assert settings.kinesis is not None
    assert settings.kinesis.options == {"sink.batch.max-size": "100"}
    assert settings.kafka is not None
    assert settings.kafka.producer == {"compression.type": "lz4"}


@pytest.mark.parametrize(
    ("group", "missing"),
    [("KinesisSink", "stream.arn"), ("KafkaSink", "bootstrap.servers"), ("KafkaSink", "topic")],
)
def test_a_required_key_that_is_missing_is_named(group: str, missing: str) -> None:
    keys = {**KINESIS, **KAFKA}[group]
    with pytest.raises(SettingsError, match=f"{group}/{missing} must be set"):
        Settings.from_property_groups({group: {key: value for key, value in keys.items() if key != missing}})


@pytest.mark.parametrize("rate", ["0", "-1", "1.5", "fast"])
def test_a_rate_that_is_no_whole_number_above_0_is_refused(rate: str) -> None:
    with pytest.raises(SettingsError, match=r"DataGen/records\.per\.second must be a whole number from 1"):
        Settings.from_property_groups({**KINESIS, "DataGen": {"records.per.second": rate}})


def test_a_misspelt_key_of_the_generator_is_answered_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"did you mean records\.per\.second\?"):
        Settings.from_property_groups({**KINESIS, "DataGen": {"record.per.second": "5"}})
