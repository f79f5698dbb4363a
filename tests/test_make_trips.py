"""The data set of made-up trips, which demos and tests replay."""

import gzip
import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from flink_apps.common.taxi_trip import TRIP
from flink_apps.common.taxi_zones import FIRST_ZONE, LAST_ZONE
from stacks.project import SHIPPED_TRIPS
from tools.make_trips import EWR, JFK, LGA, files

AMOUNTS = ("fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge")
TYPES = {"INT": int, "BIGINT": int, "DOUBLE": float, "STRING": str}


@pytest.fixture(scope="module")
def trips() -> list[dict[str, Any]]:
    lines: list[bytes] = []
    for path in sorted(SHIPPED_TRIPS.glob("*.json.gz")):
        lines += gzip.decompress(path.read_bytes()).splitlines()
    return [json.loads(line) for line in lines]


def test_the_files_are_what_the_script_makes() -> None:
    """`python -m tools.make_trips` writes them. What is in them counts: compressors differ in their bytes."""
    assert {path: gzip.decompress(path.read_bytes()) for path in SHIPPED_TRIPS.glob("*")} == dict(files())


def test_the_files_are_small_and_bear_no_date() -> None:
    for path in SHIPPED_TRIPS.glob("*"):
        assert path.stat().st_size < 512 * 1024
        assert path.read_bytes()[4:8] == bytes(4)


def test_every_trip_has_the_19_fields_of_the_event_in_their_types(trips: list[dict[str, Any]]) -> None:
    assert len(trips) == 20_000
    want = [(column.name, TYPES[column.type]) for column in TRIP]
    assert len(want) == 19
    assert all([(name, type(value)) for name, value in trip.items()] == want for trip in trips)


def test_trips_come_in_the_order_of_their_ends_and_of_their_ids(trips: list[dict[str, Any]]) -> None:
    assert all(one["dropoff_datetime"] <= other["dropoff_datetime"] for one, other in pairwise(trips))
    assert [trip["trip_id"] for trip in trips] == list(range(1, len(trips) + 1))


def test_a_trip_ends_after_it_began_and_in_one_of_the_zones(trips: list[dict[str, Any]]) -> None:
    for trip in trips:
        assert 60_000 <= trip["dropoff_datetime"] - trip["pickup_datetime"] <= 4 * 3_600_000
        assert FIRST_ZONE <= trip["pickup_location_id"] <= LAST_ZONE
        assert FIRST_ZONE <= trip["dropoff_location_id"] <= LAST_ZONE
        assert 0 < trip["trip_distance"] < 40


def test_the_total_is_the_sum_of_the_amounts(trips: list[dict[str, Any]]) -> None:
    assert all(trip["total_amount"] == round(sum(trip[name] for name in AMOUNTS), 2) for trip in trips)


def test_the_trips_begin_in_two_months(trips: list[dict[str, Any]]) -> None:
    months = [datetime.fromtimestamp(trip["pickup_datetime"] / 1000, UTC).month for trip in trips]
    assert min(months.count(1), months.count(2)) > 9_000


def test_there_are_refunds_unknown_zones_and_airport_rides(trips: list[dict[str, Any]]) -> None:
    assert 5 <= sum(trip["fare_amount"] < 0 for trip in trips) <= 50
    assert 100 <= sum(trip["pickup_location_id"] in (264, 265) for trip in trips) <= 600
    for airport in (EWR, JFK, LGA):
        assert sum(airport in (trip["pickup_location_id"], trip["dropoff_location_id"]) for trip in trips) > 50
