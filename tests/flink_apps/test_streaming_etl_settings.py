from __future__ import annotations

import pytest

from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.opensearch import OpenSearchDomain
from flink_apps.common.ends.s3 import BucketPrefix
from flink_apps.common.properties import SettingsError
from flink_apps.streaming_etl.settings import GROUP, OLD_KEYS, OPTIONS, Settings

KINESIS_IN = {"InputKinesisStream": "trips", "InputStreamRegion": "eu-west-1"}
KAFKA_IN = {"InputKafkaBootstrapServers": "b-1:9098,b-2:9098", "InputKafkaTopic": "trips"}
KINESIS_OUT = {"OutputKinesisStream": "clean", "OutputStreamRegion": "eu-west-2"}
KAFKA_OUT = {"OutputKafkaBootstrapServers": "b-1:9098", "OutputKafkaTopic": "clean"}
S3_OUT = {"OutputBucket": "lake"}
SEARCH_OUT = {"OutputOpenSearchEndpoint": "https://search.example.org", "OpenSearchRegion": "eu-west-3"}


def parse(*keys: dict[str, str], **groups: dict[str, str]) -> Settings:
    return Settings.from_property_groups(
        {GROUP: {key: value for part in keys for key, value in part.items()}, **groups}
    )


def refusal(*keys: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        parse(*keys)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_stream_is_read_from_its_oldest_record_unless_told_otherwise() -> None:
    assert parse(KINESIS_IN, S3_OUT).source == KinesisStream(
        name="trips", region="eu-west-1", initial_position="TRIM_HORIZON"
    )
    latest = parse(KINESIS_IN, S3_OUT, {"InputStreamInitialPosition": "LATEST"}).source
    assert isinstance(latest, KinesisStream)
    assert latest.initial_position == "LATEST"


def test_a_topic_is_read_as_a_consumer_group() -> None:
    assert parse(KAFKA_IN, S3_OUT).source == KafkaTopic(
        bootstrap_servers="b-1:9098,b-2:9098", topic="trips", group="streaming-etl"
    )


def test_how_to_sign_in_goes_to_every_kafka_client() -> None:
    sign_in = {"security.protocol": "SASL_SSL"}
    settings = parse(KAFKA_IN, KAFKA_OUT, {"DeadLetterKafkaTopic": "bad"}, KafkaClient=sign_in)
    topics = (settings.source, settings.kafka, settings.dead_letters)
    assert [topic.client for topic in topics if isinstance(topic, KafkaTopic)] == [sign_in] * 3


def test_every_sink_can_be_had_at_once() -> None:
    settings = parse(KAFKA_IN, KINESIS_OUT, KAFKA_OUT, S3_OUT, SEARCH_OUT)
    assert settings.kinesis == KinesisStream(name="clean", region="eu-west-2")
    assert settings.kafka == KafkaTopic(
        bootstrap_servers="b-1:9098", topic="clean", transactional_id_prefix="streaming-etl"
    )
    assert settings.s3 == BucketPrefix(bucket="lake", prefix="trips")
    assert (settings.parquet, settings.partition_by_hour) == (True, False)
    assert settings.search == OpenSearchDomain(
        endpoint="https://search.example.org",
        region="eu-west-3",
        bulk_size_mb=5,
        bulk_actions=5000,
        bulk_interval_millis=1000,
    )


def test_the_types_of_trips_are_those_of_the_commission_unless_named() -> None:
    known = ("yellow-trip", "green-trip", "trip", "fhv-trip", "fhvhv-trip")
    assert parse(KINESIS_IN, S3_OUT).trip_types == known
    assert parse(KINESIS_IN, S3_OUT, {"TripTypes": "boat, bus"}).trip_types == ("boat", "bus")


@pytest.mark.parametrize(
    "types",
    [
        "Boat",
        "boat bus",
        "boat,",
        "boat,boat",
        "_boat",
        "boat*",
        "rejected-documents",
        "b" * 101,
        ",".join(f"type-{number}" for number in range(51)),
    ],
)
def test_a_type_of_trips_is_the_name_of_an_index(types: str) -> None:
    assert refusal(KINESIS_IN, S3_OUT, {"TripTypes": types}) == (
        "FlinkApplicationProperties/TripTypes must be 1 to 50 names with commas between them, each once, of small "
        f"letters, digits, '.', '_' or '-', and not rejected-documents (got {types!r}); write for example trips,rides"
    )


@pytest.mark.parametrize(("value", "parquet"), [("true", True), ("false", False), ("False", False), ("TRUE", True)])
def test_parquet_conversion_is_on_unless_switched_off(value: str, parquet: bool) -> None:
    assert parse(KINESIS_IN, S3_OUT, {"ParquetConversion": value}).parquet is parquet


def test_the_old_names_of_the_search_keys_mean_the_same() -> None:
    old = {
        "OutputElasticsearchEndpoint": "https://search.example.org",
        "ElasticsearchRegion": "eu-west-3",
        "ElasticsearchBulkFlushMaxSizeMb": "7",
        "ElasticsearchBulkFlushMaxActions": "70",
        "ElasticsearchBulkFlushInterval": "700",
    }
    assert set(old) == set(OLD_KEYS)
    new = {key.replace("Elasticsearch", "OpenSearch"): value for key, value in old.items()}
    bucket = {"DeadLetterBucket": "letters"}
    assert parse(KINESIS_IN, old, bucket) == parse(KINESIS_IN, new, bucket)
    assert parse(KINESIS_IN, old, new, bucket) == parse(KINESIS_IN, new, bucket)


def test_a_region_is_the_applications_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    assert parse({"InputKinesisStream": "trips"}, S3_OUT).source == KinesisStream(
        name="trips", region="ap-south-1", initial_position="TRIM_HORIZON"
    )
    monkeypatch.delenv("AWS_REGION")
    assert "InputStreamRegion must be set where the variable AWS_REGION is not" in refusal(
        {"InputKinesisStream": "trips"}, S3_OUT
    )


def test_dead_letters_go_into_the_bucket_of_the_trips_beside_them() -> None:
    assert parse(KINESIS_IN, S3_OUT).dead_letters == BucketPrefix(bucket="lake", prefix="dead-letters")


def test_dead_letters_go_into_another_bucket_a_stream_or_a_topic_where_told_so() -> None:
    bucket = parse(KINESIS_IN, S3_OUT, {"DeadLetterBucket": "letters", "DeadLetterPrefix": "bad/trips/"})
    assert bucket.dead_letters == BucketPrefix(bucket="letters", prefix="bad/trips")
    stream = parse(KINESIS_IN, S3_OUT, {"DeadLetterKinesisStream": "bad", "DeadLetterStreamRegion": "eu-west-1"})
    assert stream.dead_letters == KinesisStream(name="bad", region="eu-west-1")
    topic = parse(KAFKA_IN, S3_OUT, {"DeadLetterKafkaTopic": "bad"})
    assert topic.dead_letters == KafkaTopic(
        bootstrap_servers="b-1:9098,b-2:9098",
        topic="bad",
        transactional_id_prefix="streaming-etl-dead-letters",
    )


@pytest.mark.parametrize("sink", [KAFKA_OUT, S3_OUT], ids=["kafka-is-a-sink", "kafka-is-only-the-source"])
def test_the_transactional_ids_of_dead_letters_follow_the_prefix_that_is_named(sink: dict[str, str]) -> None:
    own = {"OutputKafkaTransactionalIdPrefix": "second-job", "DeadLetterKafkaTopic": "bad"}
    letters = parse(KAFKA_IN, sink, own).dead_letters
    assert isinstance(letters, KafkaTopic)
    assert letters.transactional_id_prefix == "second-job-dead-letters"


REFUSED = {
    "no source": ([S3_OUT], "name one source: InputKinesisStream, or InputKafkaBootstrapServers with InputKafkaTopic"),
    "two sources": ([KINESIS_IN, KAFKA_IN, S3_OUT], "name one source"),
    "no sink": ([KINESIS_IN, {"DeadLetterBucket": "letters"}], "name a sink: OutputKinesisStream, OutputKafkaTopic"),
    "a bucket's address": ([KINESIS_IN, {"OutputBucket": "s3://lake"}], "OutputBucket must be the name of a bucket"),
    "capital letters": ([KINESIS_IN, {"OutputBucket": "Lake"}], "(got 'Lake')"),
    "a bucket like an address": ([KINESIS_IN, {"OutputBucket": "10.0.0.1"}], "OutputBucket must be"),
    "two dots in a bucket": ([KINESIS_IN, {"OutputBucket": "my..lake"}], "OutputBucket must be"),
    "no scheme": (
        [KINESIS_IN, S3_OUT, {"OutputOpenSearchEndpoint": "search.example.org"}],
        "OutputOpenSearchEndpoint must be an address with its scheme, and no path (got 'search.example.org')",
    ),
    "a path": ([KINESIS_IN, S3_OUT, {"OutputOpenSearchEndpoint": "https://a.b/c"}], "and no path"),
    "half a source pair": (
        [{"InputKafkaTopic": "trips"}, S3_OUT],
        "InputKafkaBootstrapServers must be set where InputKafkaTopic is",
    ),
    "half a sink pair": (
        [KINESIS_IN, S3_OUT, {"OutputKafkaBootstrapServers": "b:1"}],
        "OutputKafkaTopic must be set where OutputKafkaBootstrapServers is",
    ),
    "half a user": (
        [KINESIS_IN, S3_OUT, SEARCH_OUT, {"OpenSearchUsername": "etl"}],
        "OpenSearchPassword must be set where OpenSearchUsername is",
    ),
    "a broker without a port": ([KINESIS_IN, S3_OUT, KAFKA_OUT, {"OutputKafkaBootstrapServers": "b-1"}], "host:port"),
    "an unknown key": (
        [KINESIS_IN, S3_OUT, {"OutputPrefx": "x"}],
        "OutputPrefx must be a known key (got 'OutputPrefx'); did you mean OutputPrefix?",
    ),
    "a stream's ARN": (
        [{"InputKinesisStream": "arn:aws:kinesis:eu-west-1:123456789012:stream/trips"}, S3_OUT],
        "InputKinesisStream must be the name of a Kinesis stream",
    ),
    "a wrong position": (
        [KINESIS_IN, S3_OUT, {"InputStreamInitialPosition": "OLDEST"}],
        "InputStreamInitialPosition must be TRIM_HORIZON or LATEST (got 'OLDEST')",
    ),
    "neither true nor false": (
        [KINESIS_IN, S3_OUT, {"ParquetConversion": "yes"}],
        "ParquetConversion must be true or false",
    ),
    "a wrong number": (
        [KINESIS_IN, S3_OUT, SEARCH_OUT, {"OpenSearchBulkFlushMaxActions": "0"}],
        "OpenSearchBulkFlushMaxActions must be an integer from 1",
    ),
    "a wrong region": ([{**KINESIS_IN, "InputStreamRegion": "Ireland"}, S3_OUT], "must be the name of a region"),
    "old and new at odds": (
        [KINESIS_IN, S3_OUT, SEARCH_OUT, {"OutputElasticsearchEndpoint": "https://other.example.org"}],
        "OutputOpenSearchEndpoint must be set once, OutputElasticsearchEndpoint is its old name",
    ),
    "no place for dead letters": (
        [KINESIS_IN, KINESIS_OUT],
        "name one place for the dead letters: DeadLetterBucket, DeadLetterKinesisStream, DeadLetterKafkaTopic (got [])",
    ),
    "two places for dead letters": (
        [KINESIS_IN, S3_OUT, {"DeadLetterBucket": "a-bucket", "DeadLetterKinesisStream": "bad"}],
        "(got ['DeadLetterBucket', 'DeadLetterKinesisStream']); keep one of DeadLetterBucket, DeadLetterKinesisStream",
    ),
    "a dead letter topic without a cluster": (
        [KINESIS_IN, S3_OUT, {"DeadLetterKafkaTopic": "bad"}],
        "DeadLetterKafkaTopic must go with a Kafka source or sink",
    ),
    "dead letters among the trips": (
        [KINESIS_IN, S3_OUT, {"DeadLetterPrefix": "trips/bad"}],
        "DeadLetterPrefix must lie outside OutputPrefix",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_in_one_line(case: str) -> None:
    keys, message = REFUSED[case]
    assert message in refusal(*keys)


def test_every_key_says_what_it_means_and_no_two_have_a_name() -> None:
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)
    assert all(option.meaning and option.group in (GROUP, "AwsEndpoints") for option in OPTIONS)
