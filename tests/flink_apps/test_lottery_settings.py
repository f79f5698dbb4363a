"""The lottery's property groups: what is read, and the one line about what is wrong."""

from __future__ import annotations

import pytest

from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.properties import SettingsError
from flink_apps.lottery.settings import GROUP, OPTIONS, OWN, Settings

KINESIS = {
    "LotteryInput": {"name": "lottery-events"},
    "UserInput": {"name": "user-events"},
    "LotteryOutput": {"name": "winners"},
    "RejectedOutput": {"name": "rejected-events"},
    "ConsumerConfigProperties": {"aws.region": "eu-west-1"},
    "ProducerConfigProperties": {"aws.region": "us-east-1"},
}
KAFKA = {
    GROUP: {"connector": "kafka"},
    **{name: {} for name in ("LotteryInput", "UserInput", "LotteryOutput", "RejectedOutput")},
    "ConsumerConfigProperties": {"bootstrap.servers": "b-1:9098"},
    "ProducerConfigProperties": {"bootstrap.servers": "b-1:9098", "linger.ms": "5"},
}
Groups = dict[str, dict[str, str]]


def changed(groups: Groups, group: str, **keys: str) -> Groups:
    return {**groups, group: {**groups.get(group, {}), **{key.replace("_", "."): value for key, value in keys.items()}}}


def without(groups: Groups, *names: str) -> Groups:
    return {group: keys for group, keys in groups.items() if group not in names}


def test_kinesis_is_the_default() -> None:
    settings = Settings.from_property_groups(
        changed(KINESIS, "ConsumerConfigProperties", source_shard_discovery_interval="9 s")
    )
    streams = settings.streams
    assert streams.lottery_input == KinesisStream(
        name="lottery-events",
        region="eu-west-1",
        initial_position="TRIM_HORIZON",
        options={"source.shard.discovery.interval": "9 s"},
    )
    assert streams.winners == KinesisStream(name="winners", region="us-east-1")


def test_kafka_has_its_topics_by_default() -> None:
    settings = Settings.from_property_groups(KAFKA)
    streams = settings.streams
    assert streams.lottery_input == KafkaTopic(
        bootstrap_servers="b-1:9098", topic="lottery-input-topic", group="lottery"
    )
    assert streams.rejected == KafkaTopic(
        bootstrap_servers="b-1:9098",
        topic="rejected-output-topic",
        client={"linger.ms": "5"},
        transactional_id_prefix="lottery",
    )
    assert [stream.name for stream in vars(streams).values()] == [
        "lottery-input-topic",
        "user-input-topic",
        "lottery-output-topic",
        "rejected-output-topic",
    ]


def test_times_are_read_in_their_units() -> None:
    settings = Settings.from_property_groups(
        changed(KAFKA, GROUP, window_seconds="20", idle_seconds="7", clock_skew_seconds="3", player_expiry_hours="24")
    )
    assert (settings.window_millis, settings.idle_millis, settings.clock_skew_millis) == (20_000, 7_000, 3_000)
    assert settings.player_expiry_hours == 24


def test_the_region_is_the_applications_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    groups = {**KINESIS, "ConsumerConfigProperties": {}, "ProducerConfigProperties": {}}
    streams = vars(Settings.from_property_groups(groups).streams).values()
    assert {stream.region for stream in streams} == {"eu-north-1"}


WRONG = {
    "LotteryProperties/connector must be kinesis or kafka (got 'kinetic'); did you mean kinesis?": changed(
        KAFKA, GROUP, connector="kinetic"
    ),
    "the property groups must hold UserInput (got ['ConsumerConfigProperties', ": without(KINESIS, "UserInput"),
    "LotteryProperties/window.secs must be a known key (got 'window.secs'); did you mean window.seconds?": changed(
        KAFKA, GROUP, window_secs="5"
    ),
    "UserInput/nam must be a known key (got 'nam'); did you mean name?": changed(KAFKA, "UserInput", nam="x"),
    "window.seconds must be an integer from 1 to 86400 (got '0')": changed(KAFKA, GROUP, window_seconds="0"),
    "grace.millis must be an integer from 0 to 3600000 (got '-1')": changed(KAFKA, GROUP, grace_millis="-1"),
    "execution.mode must be thread or process (got 'fast')": changed(KAFKA, GROUP, execution_mode="fast"),
    "UserInput/name must be the name of a stream or topic": changed(KAFKA, "UserInput", name="a/b"),
    "the streams must have four names (got ['lottery-input-topic', 'lottery-input-topic',": changed(
        KAFKA, "UserInput", name="lottery-input-topic"
    ),
    "ProducerConfigProperties/bootstrap.servers must be set (got None)": without(KAFKA, "ProducerConfigProperties"),
    "ConsumerConfigProperties/aws.region must be the name of a region (got 'Ireland')": changed(
        KINESIS, "ConsumerConfigProperties", aws_region="Ireland"
    ),
    "source.init.position must be TRIM_HORIZON or LATEST (got 'NOW')": changed(
        KINESIS, "ConsumerConfigProperties", source_init_position="NOW"
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_one_line(message: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_property_groups(WRONG[message])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_every_own_key_is_among_the_properties() -> None:
    assert set(OWN) <= set(OPTIONS)
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)
