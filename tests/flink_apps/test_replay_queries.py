import pytest

from flink_apps.common import taxi_trip
from flink_apps.replay.queries import columns, events

LAYOUT = {"time_attribute": "dropoff_datetime", "partition_key": "trip_id"}


def names(source_format: str, **layout: str) -> list[str]:
    return [column.name for column in columns(source_format=source_format, **{**LAYOUT, **layout})]


def test_of_a_json_file_only_the_time_and_the_key_are_read() -> None:
    assert names("json") == ["dropoff_datetime", "trip_id"]
    assert names("json", partition_key="dropoff_datetime") == ["dropoff_datetime"]


def test_of_a_csv_file_each_field_is_read_once_under_either_of_its_names() -> None:
    found = names("csv", time_attribute="tpep_dropoff_datetime")
    assert len(found) == len(set(found))
    assert {"tpep_dropoff_datetime", "ratecode_id", "rate_code_id"} <= set(found)


def test_a_parquet_file_has_the_fields_and_types_of_the_trip() -> None:
    assert columns(source_format="parquet", **LAYOUT) == taxi_trip.TRIP


@pytest.mark.parametrize("source_format", ["json", "csv", "parquet"])
def test_the_key_is_never_empty_nor_longer_than_kinesis_takes(source_format: str) -> None:
    key = "COALESCE(NULLIF(LEFT(CAST(`trip_id` AS STRING), 256), ''), CAST(`number` AS STRING))"
    assert events("trips", source_format=source_format, **LAYOUT, watermarks=False).startswith(f"SELECT {key}, ")


def test_a_line_of_json_is_not_made_anew() -> None:
    assert events("trips", source_format="json", **LAYOUT, watermarks=False).endswith(", `line` FROM `trips`")


@pytest.mark.parametrize("source_format", ["json", "csv", "parquet"])
def test_a_query_without_watermarks_knows_nothing_of_them(source_format: str) -> None:
    assert "watermark" not in events("trips", source_format=source_format, **LAYOUT, watermarks=False)
