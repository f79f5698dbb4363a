import pytest

from flink_apps.common import taxi_trip
from flink_apps.replay import schema
from flink_apps.replay.queries import columns, events

LAYOUT = {"time_attribute": "dropoff_datetime", "partition_key": "trip_id"}


def names(source_format: str, **layout: str) -> list[str]:
    return [column.name for column in columns(source_format=source_format, **{**LAYOUT, **layout})]


def query(source_format: str, *, time_zone: str = "UTC") -> str:
    return events("trips", source_format=source_format, **LAYOUT, time_zone=time_zone, watermarks=False)


def test_of_a_json_file_only_the_time_and_the_key_are_read() -> None:
    assert names("json") == ["dropoff_datetime", "trip_id"]
    assert names("json", partition_key="dropoff_datetime") == ["dropoff_datetime"]


@pytest.mark.parametrize("source_format", ["csv", "parquet"])
def test_of_another_file_each_field_is_read_once(source_format: str) -> None:
    found = names(source_format, time_attribute="tpep_dropoff_datetime")
    assert len(found) == len(set(found))
    assert {"tpep_dropoff_datetime", *(column.name for column in taxi_trip.TRIP)} <= set(found)


def test_every_other_name_is_of_one_column() -> None:
    others = [name.lower() for names in schema.OTHER_NAMES.values() for name in names]
    assert len(set(others)) == len(others)
    assert set(schema.OTHER_NAMES) <= set(names("csv"))


def test_a_field_is_needed_unless_it_has_a_default_or_came_later() -> None:
    needed = {field for fields in schema.needed() for field in fields.split("|")}
    fields = {column.name for column in taxi_trip.TRIP}
    assert needed - set(schema.MORE_FIELDS) == fields - {"trip_id", "type"}
    assert needed <= set(names("parquet"))


@pytest.mark.parametrize("source_format", ["json", "csv", "parquet"])
def test_the_key_is_never_empty_nor_longer_than_kinesis_takes(source_format: str) -> None:
    key = "COALESCE(NULLIF(LEFT(CAST(`trip_id` AS STRING), 256), ''), CAST(`number` AS STRING))"
    assert query(source_format).startswith(f"SELECT {key}, ")


def test_a_line_of_json_is_not_made_anew() -> None:
    assert query("json").endswith(", `line` FROM `trips`")


@pytest.mark.parametrize("source_format", ["csv", "parquet"])
def test_times_of_day_are_of_the_zone(source_format: str) -> None:
    assert "dropoff_datetime TIMESTAMP America/New_York," in query(source_format, time_zone="America/New_York")


@pytest.mark.parametrize("source_format", ["json", "csv", "parquet"])
def test_a_query_without_watermarks_knows_nothing_of_them(source_format: str) -> None:
    assert "watermark" not in query(source_format)
