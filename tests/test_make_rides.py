"""The data set of made-up rides, which the taxi analytics replay."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from statistics import fmean
from typing import Any

import pygeohash
import pytest

from flink_apps.taxi_analytics.schema import AIRPORTS, NEW_YORK, Box
from local.scenarios.taxi_analytics.shores import LONG_ISLAND, MANHATTAN
from stacks.project import SHIPPED_RIDES
from tools.make_rides import files, in_central_park, inside

FIELDS = {
    "trip_id": int,
    "pickup_latitude": float,
    "pickup_longitude": float,
    "dropoff_latitude": float,
    "dropoff_longitude": float,
    "total_amount": float,
    "pickup_datetime": int,
    "dropoff_datetime": int,
}
Point = tuple[float, float]
Ride = dict[str, Any]


@pytest.fixture(scope="module")
def rides() -> list[Ride]:
    lines: list[bytes] = []
    for path in sorted(SHIPPED_RIDES.glob("*.json.gz")):
        lines += gzip.decompress(path.read_bytes()).splitlines()
    return [json.loads(line) for line in lines]


def pickup(ride: Ride) -> Point:
    return ride["pickup_latitude"], ride["pickup_longitude"]


def dropoff(ride: Ride) -> Point:
    return ride["dropoff_latitude"], ride["dropoff_longitude"]


def hour(ride: Ride) -> int:
    return datetime.fromtimestamp(ride["pickup_datetime"] / 1000, UTC).hour


def hour_of_end(ride: Ride) -> int:
    """Hours since the day began: what the job counts by."""
    return int((ride["dropoff_datetime"] / 1000 - datetime(2024, 1, 31, tzinfo=UTC).timestamp()) // 3600)


def minutes(ride: Ride) -> float:
    return float(ride["dropoff_datetime"] - ride["pickup_datetime"]) / 60_000


def within(box: Box, point: Point) -> bool:
    return box.south <= point[0] <= box.north and box.west <= point[1] <= box.east


def test_the_files_are_what_the_script_makes() -> None:
    """`python -m tools.make_rides` writes them. What is in them counts: compressors differ in their bytes."""
    assert {path: gzip.decompress(path.read_bytes()) for path in SHIPPED_RIDES.glob("*")} == dict(files())


def test_the_files_are_small_and_bear_no_date() -> None:
    paths = list(SHIPPED_RIDES.glob("*"))
    assert sum(path.stat().st_size for path in paths) < 1_500_000
    assert all(path.read_bytes()[4:8] == bytes(4) for path in paths)


def test_every_ride_has_the_fields_in_their_types(rides: list[Ride]) -> None:
    assert len(rides) == 40_000
    want = list(FIELDS.items())
    assert all([(name, type(value)) for name, value in ride.items()] == want for ride in rides)


def test_coordinates_have_five_decimals_at_most(rides: list[Ride]) -> None:
    assert all(value == round(value, 5) for ride in rides for value in (*pickup(ride), *dropoff(ride)))


def test_rides_come_in_the_order_of_their_ends_and_of_their_ids(rides: list[Ride]) -> None:
    assert all(one["dropoff_datetime"] <= other["dropoff_datetime"] for one, other in pairwise(rides))
    assert [ride["trip_id"] for ride in rides] == list(range(1, len(rides) + 1))


def test_every_ride_begins_on_the_day_in_one_of_its_24_hours(rides: list[Ride]) -> None:
    days = {datetime.fromtimestamp(ride["pickup_datetime"] / 1000, UTC).date().isoformat() for ride in rides}
    assert days == {"2024-01-31"}
    assert {hour(ride) for ride in rides} == set(range(24))


def test_no_ride_is_an_error(rides: list[Ride]) -> None:
    for ride in rides:
        assert 1 <= minutes(ride) <= 240
        assert pickup(ride) != dropoff(ride)
        assert 2.5 < ride["total_amount"] < 400


def test_one_ride_in_two_hundred_leaves_the_city_or_comes_from_outside(rides: list[Ride]) -> None:
    away = [ride for ride in rides if not (within(NEW_YORK, pickup(ride)) and within(NEW_YORK, dropoff(ride)))]
    assert 150 <= len(away) <= 250


def test_no_ride_in_the_city_begins_in_a_river_or_in_central_park(rides: list[Ride]) -> None:
    for point in map(pickup, rides):
        if within(NEW_YORK, point) and not any(within(box, point) for box in AIRPORTS.values()):
            assert inside(MANHATTAN, point) or inside(LONG_ISLAND, point), point
            assert not in_central_park(point), point


def test_most_rides_begin_in_manhattan_and_some_across_the_river(rides: list[Ride]) -> None:
    assert 0.80 < fmean(inside(MANHATTAN, pickup(ride)) for ride in rides) < 0.93
    assert 0.02 < fmean(inside(LONG_ISLAND, pickup(ride)) for ride in rides) < 0.12


@pytest.mark.parametrize("airport", AIRPORTS)
def test_about_one_ride_in_forty_ends_at_each_airport_and_as_many_begin_there(rides: list[Ride], airport: str) -> None:
    box = AIRPORTS[airport]
    assert 0.02 < fmean(within(box, dropoff(ride)) for ride in rides) < 0.03
    assert 0.02 < fmean(within(box, pickup(ride)) for ride in rides) < 0.03


@pytest.mark.parametrize("airport", AIRPORTS)
def test_most_hours_have_several_rides_from_one_cell_to_an_airport(rides: list[Ride], airport: str) -> None:
    groups = Counter(
        (hour_of_end(ride), pygeohash.encode(*pickup(ride), precision=6))
        for ride in rides
        if within(AIRPORTS[airport], dropoff(ride))
    )
    assert len({group[0] for group, count in groups.items() if count > 1}) >= 20


def test_cells_of_150_metres_reach_three_and_many_more_rides_an_hour(rides: list[Ride]) -> None:
    cells = Counter((hour_of_end(ride), pygeohash.encode(*pickup(ride), precision=7)) for ride in rides)
    assert sum(count >= 3 for count in cells.values()) > 2_500
    assert max(cells.values()) > 50


@pytest.mark.parametrize("airport", AIRPORTS)
def test_the_way_to_an_airport_is_longer_in_the_rush_hours(rides: list[Ride], airport: str) -> None:
    to_airport = [
        ride for ride in rides if within(AIRPORTS[airport], dropoff(ride)) and inside(MANHATTAN, pickup(ride))
    ]
    rush = fmean(minutes(ride) for ride in to_airport if hour(ride) in (8, 9, 16, 17))
    night = fmean(minutes(ride) for ride in to_airport if hour(ride) in (1, 2, 3, 4))
    assert rush > 1.5 * night


@pytest.mark.parametrize(
    ("point", "on_land"),
    [
        ((40.7580, -73.9855), True),  # Times Square
        ((40.7033, -74.0130), True),  # Bowling Green, near the tip
        ((40.7450, -73.9650), False),  # the East River, abreast of 36th Street
        ((40.7600, -74.0120), False),  # the Hudson
        ((40.7150, -73.9570), False),  # Williamsburg
    ],
)
def test_the_outline_of_manhattan_has_its_places_and_not_the_rivers(point: Point, on_land: bool) -> None:
    assert inside(MANHATTAN, point) is on_land


def test_the_park_has_its_meadow_and_not_the_museum() -> None:
    assert in_central_park((40.7720, -73.9750))
    assert not in_central_park((40.7794, -73.9622))
