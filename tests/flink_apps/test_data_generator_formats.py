"""Formats, key, seed and start time: what the settings make of them, and what they refuse."""

import re
from datetime import UTC, datetime

import pytest

from flink_apps.common.properties import SettingsError
from flink_apps.common.tables import JSON, Connector, Format
from flink_apps.data_generator.main import sinks
from flink_apps.data_generator.records import RECORD_TYPES
from flink_apps.data_generator.settings import MAX_SEED, Seed, Settings

SINKS = {
    "KafkaSink": {"bootstrap.servers": "b-1:9098", "topic": "topic"},
    "KinesisSink": {"stream.arn": "arn:aws:kinesis:eu-west-1:123456789012:stream/stream"},
}
REGISTRY = {"format": "avro-confluent", "schema.registry.url": "https://registry.example.com"}


def read(**generator: str) -> Settings:
    return Settings.from_property_groups({"DataGen": generator, **SINKS})


def written(**generator: str) -> dict[str, Connector]:
    return sinks(read(**generator))


@pytest.mark.parametrize("name", ["json", "csv", "avro"])
def test_both_sinks_have_the_format_that_is_asked_for(name: str) -> None:
    both = written(format=name)
    assert both["kinesis"].options["format"] == name
    assert both["kafka"].options["value.format"] == name


def test_records_are_json_unless_told_otherwise() -> None:
    assert read().record_format.as_format(RECORD_TYPES["stock-price"], destination="topic") == JSON


def test_a_field_that_a_record_does_without_is_left_out_of_its_json() -> None:
    options = written(**{"record.type": "lottery-user-event"})["kafka"].options
    assert options["value.json.encode.ignore-null-fields"] == "true"


def test_a_schema_is_registered_under_the_topic_or_stream() -> None:
    both = written(**REGISTRY)
    kafka, kinesis = both["kafka"].options, both["kinesis"].options
    assert kafka["value.format"] == kinesis["format"] == "avro-confluent"
    assert kafka["value.avro-confluent.url"] == kinesis["avro-confluent.url"] == REGISTRY["schema.registry.url"]
    assert kafka["value.avro-confluent.subject"] == "topic-value"
    assert kinesis["avro-confluent.subject"] == "stream-value"


def test_malformed_records_are_written_as_the_bytes_that_they_are() -> None:
    assert written(**{"faults.malformed": "0.1"})["kinesis"].options["format"] == "json-raw"


def test_the_sinks_are_partitioned_by_the_field_that_is_asked_for() -> None:
    both = written(**{"record.type": "taxi-trip", "key.field": "type"})
    assert both["kinesis"].partitioned_by == ("type",)
    assert (both["kafka"].options["key.fields"], both["kafka"].options["key.format"]) == ("type", "raw")
    number = written(**{"record.type": "taxi-trip", "key.field": "vendor_id"})["kafka"]
    assert number.options["key.format"] == "csv"


def test_a_seed_has_a_start_time() -> None:
    assert read().seed is None
    begin = round(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
    assert read(seed="7").seed == Seed(number=7, start_millis=begin)
    later = read(seed="7", **{"start.time": "2024-01-01T02:00:00.5+01:00"}).seed
    assert later == Seed(number=7, start_millis=begin + 3_600_500)


@pytest.mark.parametrize(
    ("generator", "message"),
    [
        (
            {"format": "avor"},
            "DataGen/format must be json or csv or avro or avro-confluent (got 'avor'); did you mean avro?",
        ),
        (
            {"format": "avro-confluent"},
            "DataGen/schema.registry.url must be set where DataGen/format is avro-confluent, and only there (got None)",
        ),
        ({"schema.registry.url": "http://a"}, "and only there (got 'http://a'); change one of the two"),
        (
            {**REGISTRY, "schema.registry.url": "registry:8081"},
            "DataGen/schema.registry.url must be an address with its scheme, and without a name or password"
            " (got 'registry:8081')",
        ),
        (
            {"key.field": "tiker"},
            "DataGen/key.field must be a field that every stock-price has, with one value (got 'tiker'); "
            "did you mean ticker?",
        ),
        ({"record.type": "lottery-user-event", "key.field": "lotteryId"}, "did you mean"),
        ({"record.type": "metric-sample", "key.field": "labels"}, "a field that every metric-sample has"),
        ({"seed": "-1"}, f"DataGen/seed must be an integer from 0 to {MAX_SEED} (got '-1')"),
        ({"seed": str(MAX_SEED + 1)}, f"from 0 to {MAX_SEED}"),
        ({"start.time": "noon"}, "DataGen/start.time must be a time of ISO 8601 since 1970 with its zone (got 'noon')"),
        ({"start.time": "2024-01-01T00:00:00"}, "with its zone"),
        ({"sede": "1"}, "did you mean seed?"),
    ],
)
def test_a_wrong_property_is_refused_with_name_rule_value_and_fix(generator: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        read(**generator)


def test_a_format_is_one_that_flink_knows_by_its_name() -> None:
    record_type = RECORD_TYPES["stock-price"]
    assert read(format="csv").record_format.as_format(record_type, destination="topic") == Format(name="csv")
