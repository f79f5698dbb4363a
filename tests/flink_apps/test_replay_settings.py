from datetime import UTC, datetime

import pytest

from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.properties import SettingsError
from flink_apps.common.tables import Connector
from flink_apps.replay import job, logic, main
from flink_apps.replay.settings import OPTIONS, Settings

ARN = "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/trips"
KINESIS = {"source.path": "s3://bucket/trips", "output.stream.arn": ARN}
KAFKA = {"source.path": "s3://bucket/trips", "output.bootstrap.servers": "b-1:9098", "output.topic": "trips"}


def settings(**changes: str) -> Settings:
    """Settings for Kinesis with some keys changed; ``_`` stands for the dots of a key."""
    return Settings.from_property_groups(
        {"ReplayProperties": {**KINESIS, **{key.replace("_", "."): value for key, value in changes.items()}}}
    )


def of(properties: dict[str, str]) -> Settings:
    return Settings.from_property_groups({"ReplayProperties": properties})


def sink_of(replay: Settings) -> Connector:
    return main.sinks(replay)[job.EVENTS]


def test_the_defaults_are_those_of_the_public_replay() -> None:
    replay = settings()
    assert replay.speedup == 6480
    assert replay.time_attribute == "dropoff_datetime"
    assert replay.statistics_interval_seconds == 20
    assert replay.buffer_records == 100_000
    assert replay.source_format == "json"
    assert replay.partition_key == "trip_id"
    assert replay.seek is None
    assert not replay.waits_at_end
    assert not replay.sends_watermarks


def test_a_stream_may_lie_in_any_aws_partition() -> None:
    sink = settings().sink
    assert isinstance(sink, KinesisStream)
    assert (sink.name, sink.region) == ("trips", "cn-north-1")


def test_the_other_sink_is_a_topic() -> None:
    assert of(KAFKA).sink == KafkaTopic(bootstrap_servers="b-1:9098", topic="trips")


def test_keys_of_the_sink_are_handed_on_without_their_prefix() -> None:
    kafka = of({**KAFKA, "kafka.compression.type": "lz4"}).sink
    assert isinstance(kafka, KafkaTopic)
    assert kafka.client == {"compression.type": "lz4"}
    kinesis = of({**KINESIS, "kinesis.sink.batch.max-size": "100"}).sink
    assert isinstance(kinesis, KinesisStream)
    assert kinesis.options == {"sink.batch.max-size": "100"}


@pytest.mark.parametrize(("base", "key"), [(KINESIS, "kafka.linger.ms"), (KAFKA, "kinesis.sink.batch.max-size")])
def test_keys_of_the_other_sink_are_refused(base: dict[str, str], key: str) -> None:
    with pytest.raises(SettingsError, match=rf"^ReplayProperties/{key} must be of the sink that is chosen"):
        of({**base, key: "1"})


@pytest.mark.parametrize(
    ("properties", "fix"),
    [
        ({"source.path": "s3://bucket/trips"}, "add one of the two"),
        ({**KINESIS, **KAFKA}, "remove one of the two"),
        ({**KINESIS, "output.topic": "trips"}, "remove one of the two"),
    ],
)
def test_there_is_exactly_one_sink(properties: dict[str, str], fix: str) -> None:
    with pytest.raises(
        SettingsError, match=r"must name one sink: output\.stream\.arn, or output\.bootstrap\.servers"
    ) as refused:
        of(properties)
    assert str(refused.value).endswith(f"; {fix}")


@pytest.mark.parametrize("missing", ["output.bootstrap.servers", "output.topic", "source.path"])
def test_a_required_key_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(SettingsError, match=f"^ReplayProperties/{missing} must be set"):
        of({key: value for key, value in KAFKA.items() if key != missing})


@pytest.mark.parametrize(("text", "speedup"), [("1", 1.0), ("0.5", 0.5), ("3600", 3600.0)])
def test_the_speedup_may_be_a_fraction(text: str, speedup: float) -> None:
    assert settings(speedup=text).speedup == speedup


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-01-31T12:00:00Z", datetime(2024, 1, 31, 12, tzinfo=UTC)),
        ("2024-01-31T12:00:00", datetime(2024, 1, 31, 12, tzinfo=UTC)),
        ("2024-01-31T07:00:00-05:00", datetime(2024, 1, 31, 12, tzinfo=UTC)),
        ("2024-01-31", datetime(2024, 1, 31, tzinfo=UTC)),
    ],
)
def test_seek_is_a_time_in_utc_where_no_zone_is_given(text: str, instant: datetime) -> None:
    assert settings(seek=text).seek == instant


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("speedup", "0", "must be a number above 0 (got '0')"),
        ("speedup", "-1", "must be a number above 0 (got '-1')"),
        ("speedup", "1e3", "must be a number above 0 (got '1e3')"),
        ("speedup", "nan", "must be a number above 0 (got 'nan')"),
        ("seek", "soon", "must be a time, ISO-8601 (got 'soon')"),
        ("source.format", "xml", "must be json or csv or parquet (got 'xml')"),
        ("at.end", "crash", "must be stop or wait (got 'crash')"),
        ("time.attribute", "a b", "must be the name of a field (got 'a b')"),
        ("partition.key", "`x`", "must be the name of a field (got '`x`')"),
        ("buffer.records", "0", "must be an integer from 1 to 1000000 (got '0')"),
        ("watermark.interval.seconds", "-1", "must be an integer from 0 to 86400 (got '-1')"),
        ("watermark.shards", "0", "must be an integer from 1 to 10000 (got '0')"),
        ("statistics.interval.seconds", "0.5", "must be an integer from 1 to 86400 (got '0.5')"),
        ("output.stream.arn", "trips", "must be the ARN of a Kinesis stream (got 'trips')"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(key: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        of({**KINESIS, key: value})
    assert str(refused.value).startswith(f"ReplayProperties/{key} {message}; ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("source_format", ["csv", "parquet"])
def test_the_partition_key_of_other_formats_is_a_field_of_the_trip(source_format: str) -> None:
    assert of({**KINESIS, "source.format": source_format, "partition.key": "vendor_id"}).partition_key == "vendor_id"
    with pytest.raises(SettingsError, match=r"^ReplayProperties/partition\.key must be one of vendor_id, "):
        of({**KINESIS, "source.format": source_format, "partition.key": "medallion"})


def test_an_unknown_key_is_refused_and_the_nearest_named() -> None:
    with pytest.raises(SettingsError, match=r"ReplayProperties/speed-up must be a known key .* did you mean speedup\?"):
        of({**KINESIS, "speed-up": "3600"})


def test_every_property_has_one_key() -> None:
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)


def test_the_settings_become_the_options_of_the_source() -> None:
    source = job.files(settings(seek="2024-01-31T12:00:00Z", speedup="0.5", at_end="wait"))
    assert source.options == {
        "connector": "replay",
        "path": "s3://bucket/trips",
        "format": "json",
        "time-attribute": "dropoff_datetime",
        "time-zone": "UTC",
        "speedup": "0.5",
        "gap-limit": "3600 s",
        "buffer": "100000",
        "statistics-interval": "20 s",
        "at-end": "wait",
        "seek": "2024-01-31T12:00:00+00:00",
    }


@pytest.mark.parametrize("source_format", ["csv", "parquet"])
def test_the_source_knows_the_names_of_the_commission(source_format: str) -> None:
    options = job.files(of({**KINESIS, "source.format": source_format})).options
    assert "lpep_dropoff_datetime:dropoff_datetime" in options["other-names"].split(",")
    needed = {"pickup_datetime", "pickup_location_id|pickup_longitude", "vendor_id|dispatching_base_num"}
    assert needed <= set(options["needed-columns"].split(";"))


@pytest.mark.parametrize(("properties", "keys"), [(KINESIS, logic.kinesis_keys(3)), (KAFKA, logic.kafka_keys(3))])
def test_watermarks_have_a_key_for_each_shard_or_partition(properties: dict[str, str], keys: tuple[str, ...]) -> None:
    source = job.files(of({**properties, "watermark.interval.seconds": "10", "watermark.shards": "3"}))
    assert source.options["watermark-interval"] == "10 s"
    assert source.options["watermark-keys"] == ";".join(keys)


@pytest.mark.parametrize("source_format", ["json", "csv", "parquet"])
@pytest.mark.parametrize("seconds", ["0", "10"])
def test_the_source_tells_watermarks_from_rows_where_there_are_any(source_format: str, seconds: str) -> None:
    source = job.files(of({**KINESIS, "source.format": source_format, "watermark.interval.seconds": seconds}))
    assert ("watermark" in [column.name for column in source.metadata]) is (seconds != "0")


def test_no_trip_is_overtaken_by_a_watermark_in_another_request() -> None:
    watermarks = {"watermark.interval.seconds": "10"}
    assert sink_of(of({**KINESIS, **watermarks})).options["sink.requests.max-inflight"] == "1"
    assert "sink.requests.max-inflight" not in sink_of(of(KINESIS)).options


@pytest.mark.parametrize(("properties", "prefix"), [(KINESIS, ""), (KAFKA, "value.")])
def test_the_sink_writes_the_bytes_it_is_given(properties: dict[str, str], prefix: str) -> None:
    assert sink_of(of(properties)).options[f"{prefix}format"] == "json-raw"


def test_options_of_the_sink_win_over_the_jobs_own() -> None:
    assert sink_of(settings()).options["sink.flush-buffer.timeout"] == main.FLUSH_MILLIS
    changed = of({**KINESIS, "kinesis.sink.flush-buffer.timeout": "50"})
    assert sink_of(changed).options["sink.flush-buffer.timeout"] == "50"
