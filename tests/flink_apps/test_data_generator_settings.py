import pytest

from flink_apps.common.properties import SettingsError
from flink_apps.data_generator import job, main, settings
from flink_apps.data_generator.profiles import ProfileError, constant
from flink_apps.data_generator.profiles import text as profile_text
from flink_apps.data_generator.records.stock_price import STOCK_PRICE
from flink_apps.data_generator.records.taxi_trip import TAXI_TRIP
from flink_apps.data_generator.settings import Settings

ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/prices"
KINESIS = {"KinesisSink": {"stream.arn": ARN, "aws.region": "eu-west-1"}}
KAFKA = {"KafkaSink": {"bootstrap.servers": "b-1:9098", "topic": "prices"}}


def test_the_rate_is_10_records_a_second_unless_told_otherwise() -> None:
    assert Settings.from_property_groups(KINESIS).profile == constant(rate=10_000)
    fast = {**KINESIS, "DataGen": {"records.per.second": "64000"}}
    assert Settings.from_property_groups(fast).profile == constant(rate=64_000_000)


def test_a_profile_replaces_the_rate() -> None:
    groups = {**KINESIS, "DataGen": {"profile": profile_text.EXAMPLE}}
    assert Settings.from_property_groups(groups).profile == profile_text.parse(profile_text.EXAMPLE)


def test_a_profile_beside_a_rate_is_refused() -> None:
    groups = {**KINESIS, "DataGen": {"profile": "constant(rate=5)", "records.per.second": "5"}}
    with pytest.raises(
        SettingsError,
        match=r"DataGen/profile must stand without records\.per\.second, which is 5 \(got 'constant\(rate=5\)'\); ",
    ):
        Settings.from_property_groups(groups)


def test_a_wrong_profile_is_refused_in_one_line_with_the_nearest_name() -> None:
    groups = {**KINESIS, "DataGen": {"profile": "rmap(from=0, to=5, over=60s)"}}
    with pytest.raises(SettingsError) as refused:
        Settings.from_property_groups(groups)
    assert str(refused.value) == "DataGen/profile must be made of known parts (got 'rmap'); did you mean ramp?"


@pytest.mark.parametrize("steps", [1, 300, 2000, 5000])
def test_a_profile_of_any_length_comes_back_out_of_the_keys_that_hold_it(steps: int) -> None:
    text = " then ".join(f"constant(rate={step}, over=1s)" for step in range(1, 1 + steps // 10))
    text = f"steps(rates={'/'.join(map(str, range(steps)))}, every=60s) then {text or 'constant(rate=1)'}"
    properties = settings.profile_properties(text)
    assert max(map(len, properties.values())) <= settings.MAX_VALUE_LENGTH
    # A property's white space is taken away where it is read.
    assert all(value == value.strip() for value in properties.values())
    read = Settings.from_property_groups({**KINESIS, "DataGen": properties})
    assert read.profile == profile_text.parse(text)


def test_a_profile_too_long_for_its_keys_is_refused() -> None:
    with pytest.raises(ProfileError, match="fit into 40960 characters, not 'a text of 40961': write longer steps"):
        settings.profile_properties("x" * 40_961)


def test_what_was_missed_is_given_up_unless_told_otherwise() -> None:
    def options(**generator: str) -> dict[str, str]:
        groups = {**KINESIS, "DataGen": {key.replace("_", "."): value for key, value in generator.items()}}
        return dict(main.sources(Settings.from_property_groups(groups))[job.TICKS].options)

    assert options() == {"connector": "tick", "interval": "20 ms"}
    assert options(catch_up="true") == {**options(), "catch-up": "365 d", "catch-up-downtime": "true"}


def test_the_records_are_stock_prices_unless_told_otherwise() -> None:
    assert Settings.from_property_groups(KINESIS).record_type is STOCK_PRICE
    trips = {**KINESIS, "DataGen": {"record.type": "taxi-trip"}}
    assert Settings.from_property_groups(trips).record_type is TAXI_TRIP


@pytest.mark.parametrize(
    ("name", "fix"), [("taxi-trp", r"did you mean taxi-trip\?"), ("xyz", "known are lottery-event, lottery-user-event")]
)
def test_an_unknown_record_type_is_answered_with_the_nearest(name: str, fix: str) -> None:
    with pytest.raises(
        SettingsError, match=rf"DataGen/record\.type must be lottery-event or .* or taxi-trip \(got '{name}'\); {fix}"
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
    assert settings.kafka.client == {"compression.type": "lz4"}


@pytest.mark.parametrize(
    ("group", "missing"),
    [("KinesisSink", "stream.arn"), ("KafkaSink", "bootstrap.servers"), ("KafkaSink", "topic")],
)
def test_a_required_key_that_is_missing_is_named(group: str, missing: str) -> None:
    keys = {**KINESIS, **KAFKA}[group]
    with pytest.raises(SettingsError, match=f"{group}/{missing} must be set"):
        Settings.from_property_groups({group: {key: value for key, value in keys.items() if key != missing}})


@pytest.mark.parametrize("rate", ["0", "-1", "1.5", "fast"])
def test_a_rate_that_is_no_integer_above_0_is_refused(rate: str) -> None:
    with pytest.raises(SettingsError, match=r"DataGen/records\.per\.second must be an integer from 1"):
        Settings.from_property_groups({**KINESIS, "DataGen": {"records.per.second": rate}})


def test_a_misspelt_key_of_the_generator_is_answered_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"did you mean records\.per\.second\?"):
        Settings.from_property_groups({**KINESIS, "DataGen": {"record.per.second": "5"}})
