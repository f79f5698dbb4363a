"""A topic that takes less than its producer may send is refused before the job starts."""

from __future__ import annotations

import pytest

from flink_apps.common.dead_letters import largest_bytes
from flink_apps.common.ends.kafka import LARGEST_MESSAGE_BYTES, KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.properties import SettingsError
from flink_apps.common.topic_limits import check
from flink_apps.streaming_etl import rules
from flink_apps.streaming_etl.settings import GROUP, KAFKA_CLIENT_GROUP, Settings


def topic(largest: str | None = None) -> KafkaTopic:
    client = {"max.request.size": largest} if largest else {}
    return KafkaTopic(bootstrap_servers="host:9092", topic="trips", client=client)


def test_a_topic_of_the_default_size_is_good_and_so_is_one_that_does_not_tell() -> None:
    check((topic(), None, KinesisStream(name="trips", region="eu-west-1")), limit=lambda _topic: 1_048_588)
    check((topic(),), limit=lambda _topic: None)


def test_a_topic_that_takes_less_than_the_producer_sends_is_refused_in_one_line() -> None:
    with pytest.raises(SettingsError) as refused:
        check((topic(),), limit=lambda _topic: 100_000)
    assert str(refused.value) == (
        "the topic trips must take messages of 1,048,576 bytes (got 100000); raise its max.message.bytes"
    )


def test_where_the_job_can_do_with_less_the_line_says_so_and_then_it_is_good() -> None:
    fix = r"raise its max\.message\.bytes, or lower the producer's max\.request\.size$"
    with pytest.raises(SettingsError, match=fix):
        check((topic(),), least=50_000, limit=lambda _topic: 100_000)
    check((topic("100000"),), least=50_000, limit=lambda _topic: 100_000)


@pytest.mark.parametrize(
    ("largest", "message"),
    [
        ("99999", r"max\.request\.size must be at least 100,000 \(got 99999\); raise it"),
        ("1 MB", r"max\.request\.size must be a number of bytes \(got '1 MB'\); write an integer"),
    ],
)
def test_a_producer_that_sends_less_than_the_job_needs_is_refused(largest: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        check((topic(largest),), least=100_000, limit=lambda _topic: 1_048_588)


def test_a_batch_is_not_larger_than_the_largest_message() -> None:
    def batch_size(of: KafkaTopic) -> str:
        return of.sink("out", key=None).options["properties.batch.size"]

    assert batch_size(topic()) == str(512 * 1024)
    assert batch_size(topic("100000")) == "100000"


def test_a_trip_and_a_dead_letter_fit_into_what_the_producer_sends() -> None:
    def largest_trip(client: dict[str, str]) -> str:
        servers = {"InputKafkaBootstrapServers": "host:9092", "OutputKafkaBootstrapServers": "host:9092"}
        ends = {**servers, "InputKafkaTopic": "in", "OutputKafkaTopic": "out", "DeadLetterBucket": "bad"}
        settings = Settings.from_property_groups({GROUP: ends, KAFKA_CLIENT_GROUP: client})
        return rules.record_format(settings).options["json-raw.max-bytes"]

    assert largest_trip({}) == "1000000"
    assert largest_trip({"max.request.size": "200000"}) == "151424"
    assert largest_bytes(topic()) == 740_000
    assert largest_bytes(topic("200000")) * 4 / 3 < 200_000 * (1_000_000 / LARGEST_MESSAGE_BYTES)
