"""The SQL of the rules, the boxes and the cells, evaluated by Flink, beside the same in Python."""

from __future__ import annotations

import itertools
import math
import random
from datetime import UTC, datetime

import pygeohash
import pytest

from flink_apps.common.rules import reason
from flink_apps.common.tables import Column
from flink_apps.common.taxi_trip import LAST_MILLISECOND
from flink_apps.taxi_analytics import rules, schema
from flink_apps.taxi_analytics.schema import AIRPORT_CELL, AIRPORTS, DEMAND_CELL, NEW_YORK, Box
from flink_constructs.connector_jar import ConnectorJar
from stacks.project import BUILD, ROOT
from tests import taxi_oracle
from tests.flink_apps.sql import Library, evaluate

COLUMNS = (*schema.TRIP, Column("error", "STRING"))
PLACE = (Column("latitude", "DOUBLE"), Column("longitude", "DOUBLE"))
AT = round(datetime(2024, 1, 31, 19, 40, 11, tzinfo=UTC).timestamp() * 1000)
SKEW = 60_000
#: A ride of ten minutes from Times Square to Grand Central, which came as it ended.
GOOD: dict[str, object] = {
    "trip_id": 1,
    "pickup_latitude": 40.7580,
    "pickup_longitude": -73.9855,
    "dropoff_latitude": 40.7527,
    "dropoff_longitude": -73.9772,
    "total_amount": 12.5,
    "pickup_datetime": AT - 600_000,
    "dropoff_datetime": AT,
    "error": None,
}


def trip(**changes: object) -> list[object]:
    return [{**GOOD, **changes}[column.name] for column in COLUMNS]


def pickup(latitude: float, longitude: float) -> dict[str, object]:
    return {"pickup_latitude": latitude, "pickup_longitude": longitude}


def dropoff(latitude: float, longitude: float) -> dict[str, object]:
    return {"dropoff_latitude": latitude, "dropoff_longitude": longitude}


def checks(*, arrival: int = AT, skew: int = SKEW) -> str:
    """The SQL expression of the first reason to refuse a trip that came at that time."""
    return reason(*rules.rules(clock_skew_millis=skew, arrival=f"TO_TIMESTAMP_LTZ({arrival}, 3)"), error="error")


def reasons(rows: list[list[object]]) -> list[str | None]:
    return [value for (value,) in evaluate([checks()], COLUMNS, rows)]


# The rules.

NORTH, EAST = math.nextafter(90, 91), math.nextafter(180, 181)
#: Places that are none, by the end of what is said of them.
NO_PLACES: dict[str, list[tuple[float, float]]] = {
    "{0}_latitude and {0}_longitude must not be 0": [(0.0, 0.0), (-0.0, 0.0)],
    "{0}_latitude and {0}_longitude must not be swapped": [
        (-73.9855, 40.7580),
        *itertools.product((NEW_YORK.west, NEW_YORK.east), (NEW_YORK.north, NEW_YORK.south)),
    ],
    "{0}_latitude must be -90 to 90": [
        *((latitude, -73.9855) for latitude in (NORTH, -NORTH, 940.7580, 1e300, math.inf, -math.inf)),
        (NORTH, EAST),
    ],
    "{0}_longitude must be -180 to 180": [
        (40.7580, longitude) for longitude in (EAST, -EAST, -973.9855, 1e300, math.inf, -math.inf)
    ],
}
AHEAD = "dropoff_datetime must not be more than 60 s ahead of the arrival"
REFUSED: dict[str, list[dict[str, object]]] = {
    **{text.format("pickup"): [pickup(*place) for place in places] for text, places in NO_PLACES.items()},
    **{text.format("dropoff"): [dropoff(*place) for place in places] for text, places in NO_PLACES.items()},
    "pickup_datetime must lie in the years 1970 to 9999": [
        {"pickup_datetime": time} for time in (-1, LAST_MILLISECOND + 1, -(2**63), 2**63 - 1)
    ],
    "dropoff_datetime must lie in the years 1970 to 9999": [
        {"dropoff_datetime": time} for time in (-1, LAST_MILLISECOND + 1, -(2**63), 2**63 - 1)
    ],
    "dropoff_datetime must not be before pickup_datetime": [{"pickup_datetime": AT + 1}],
    AHEAD: [{"dropoff_datetime": time} for time in (AT + SKEW + 1, LAST_MILLISECOND)],
}
ACCEPTED: dict[str, dict[str, object]] = {
    "an unremarkable ride": {},
    "a place on the equator": pickup(0.0, 5e-324),
    "a place on the meridian of Greenwich": dropoff(5e-324, 0.0),
    "the North Pole, at the date line": pickup(90.0, 180.0),
    "the South Pole, at the date line": dropoff(-90.0, -180.0),
    "a place in Antarctica, beside the swapped west of New York": pickup(
        math.nextafter(NEW_YORK.west, -75), NEW_YORK.north
    ),
    "a place in Antarctica, beside the swapped east of New York": dropoff(
        math.nextafter(NEW_YORK.east, -73), NEW_YORK.south
    ),
    "a place in Antarctica, beside the swapped north of New York": pickup(
        NEW_YORK.west, math.nextafter(NEW_YORK.north, 41)
    ),
    "a place in Antarctica, beside the swapped south of New York": dropoff(
        NEW_YORK.east, math.nextafter(NEW_YORK.south, 40)
    ),
    "a ride outside New York, which is left out and no error": {**pickup(48.8566, 2.3522), **dropoff(48.8738, 2.2950)},
    "a ride that took no time": {"pickup_datetime": AT},
    "a ride of 54 years": {"pickup_datetime": 0},
    "a clock that goes a minute fast": {"dropoff_datetime": AT + SKEW},
    "a ride that came years later": {"pickup_datetime": 0, "dropoff_datetime": 0},
    "no fare": {"total_amount": 0.0},
    "a refund": {"total_amount": -12.5},
}


def test_each_rule_refuses_what_breaks_it_and_says_so() -> None:
    cases = [(text, changes) for text, examples in REFUSED.items() for changes in examples]
    assert reasons([trip(**changes) for _, changes in cases]) == [text for text, _ in cases]


def test_every_rule_has_an_example() -> None:
    assert set(REFUSED) == {rule.reason for rule in rules.rules(clock_skew_millis=SKEW, arrival="arrival")}


def test_what_is_unusual_but_possible_passes() -> None:
    found = reasons([trip(**changes) for changes in ACCEPTED.values()])
    assert dict(zip(ACCEPTED, found, strict=True)) == dict.fromkeys(ACCEPTED)


def test_the_last_millisecond_of_the_year_9999_is_a_time() -> None:
    last = trip(pickup_datetime=LAST_MILLISECOND, dropoff_datetime=LAST_MILLISECOND)
    assert evaluate([checks(arrival=LAST_MILLISECOND, skew=0)], COLUMNS, [last]) == [[None]]


def test_a_trip_is_as_far_ahead_of_its_arrival_as_clocks_may_differ_and_no_further() -> None:
    none, second, day = (
        f"dropoff_datetime must not be more than {seconds} s ahead of the arrival" for seconds in (0, 1, 86_400)
    )
    millis = (0, 1, 1_000, 1_001, 86_400_000, 86_400_001)
    found = evaluate(
        [checks(skew=skew) for skew in (0, 1_000, 86_400_000)],
        COLUMNS,
        [trip(dropoff_datetime=AT + ahead) for ahead in millis],
    )
    assert dict(zip(millis, found, strict=True)) == {
        0: [None, None, None],
        1: [none, None, None],
        1_000: [none, None, None],
        1_001: [none, second, None],
        86_400_000: [none, second, None],
        86_400_001: [none, second, day],
    }


def test_what_the_format_found_comes_before_the_rules_and_needs_no_columns() -> None:
    nothing = dict.fromkeys(GOOD)
    trips = [trip(**{**nothing, "error": "not JSON"}), trip(**{"error": "not JSON", **pickup(0.0, 0.0)})]
    assert reasons(trips) == ["not JSON", "not JSON"]


# The boxes.

Place = tuple[float, float]
BOXES = {"New York": NEW_YORK, **AIRPORTS}
TERMINALS = {"JFK": (40.6413, -73.7781), "LGA": (40.7740, -73.8720)}
ELSEWHERE = {"Newark": (40.6895, -74.1745), "Times Square": (40.7580, -73.9855)}


def corners(box: Box) -> list[Place]:
    return list(itertools.product((box.north, box.south), (box.west, box.east)))


def middle(box: Box) -> Place:
    return (box.north + box.south) / 2, (box.west + box.east) / 2


def just_outside(box: Box) -> list[Place]:
    """A place beyond each border, as near as a number can be."""
    latitude, longitude = middle(box)
    return [
        (math.nextafter(box.north, 90), longitude),
        (math.nextafter(box.south, -90), longitude),
        (latitude, math.nextafter(box.west, -180)),
        (latitude, math.nextafter(box.east, 180)),
    ]


Held = dict[Place, set[str]]


@pytest.fixture(scope="module")
def boxes_of() -> Held:
    """The boxes that hold each place."""
    places = [place for box in BOXES.values() for place in (*corners(box), middle(box), *just_outside(box))]
    places += [*TERMINALS.values(), *ELSEWHERE.values()]
    rows = evaluate([box.holds("latitude", "longitude") for box in BOXES.values()], PLACE, places)
    return {
        place: {name for name, held in zip(BOXES, row, strict=True) if held}
        for place, row in zip(places, rows, strict=True)
    }


def test_the_boxes_are_the_public_scenarios() -> None:
    assert Box(*taxi_oracle.NEW_YORK) == NEW_YORK
    assert {code: Box(*borders) for code, borders in taxi_oracle.AIRPORTS.items()} == AIRPORTS


@pytest.mark.parametrize("name", BOXES)
def test_a_box_holds_its_corners_and_its_middle(boxes_of: Held, name: str) -> None:
    assert all(name in boxes_of[place] for place in (*corners(BOXES[name]), middle(BOXES[name])))


@pytest.mark.parametrize("name", BOXES)
def test_a_box_holds_nothing_beyond_a_border(boxes_of: Held, name: str) -> None:
    assert [place for place in just_outside(BOXES[name]) if name in boxes_of[place]] == []


@pytest.mark.parametrize("code", AIRPORTS)
def test_an_airport_lies_in_new_york_and_not_at_the_other_one(boxes_of: Held, code: str) -> None:
    assert [boxes_of[corner] for corner in corners(AIRPORTS[code])] == [{"New York", code}] * 4


def test_the_terminals_lie_at_their_airport_and_other_places_at_none(boxes_of: Held) -> None:
    assert {code: boxes_of[place] - {"New York"} for code, place in TERMINALS.items()} == {
        "JFK": {"JFK"},
        "LGA": {"LGA"},
    }
    assert {name: boxes_of[place] for name, place in ELSEWHERE.items()} == {
        "Newark": set(),
        "Times Square": {"New York"},
    }


# The cells.

LENGTHS = range(1, 13)
#: A latitude or a longitude alone.
HALF_PLACES: list[list[float | None]] = [[None, -73.9], [40.7, None]]


def places_in(box: Box, count: int, *, seed: int) -> list[Place]:
    drawn = random.Random(seed)  # noqa: S311 - reproducible cases
    return [(drawn.uniform(box.south, box.north), drawn.uniform(box.west, box.east)) for _ in range(count)]


PLACES = {
    "in New York": places_in(NEW_YORK, 3_000, seed=7),
    "anywhere": places_in(Box(north=90, west=-180, south=-90, east=180), 500, seed=8),
}
Cells = dict[tuple[float | None, float | None], list[str | None]]


@pytest.fixture(scope="module")
def cells_of() -> Cells:
    """The cells of each place, of 1 to 12 characters."""
    jar = ConnectorJar(project=ROOT / "flink_apps", module="taxi_analytics").build(BUILD / "jars")
    geohash = Library(jar=jar, functions={"geohash": "flinkscenarios.functions.Geohash"})
    expressions = [f"geohash(latitude, longitude, {characters})" for characters in LENGTHS]
    rows = [*PLACES["in New York"], *PLACES["anywhere"], *HALF_PLACES]
    found = evaluate(expressions, PLACE, rows, library=geohash)
    return {(latitude, longitude): cells for (latitude, longitude), cells in zip(rows, found, strict=True)}


@pytest.mark.integration
@pytest.mark.parametrize("where", PLACES)
def test_cells_are_those_of_another_library(cells_of: Cells, where: str) -> None:
    for place in PLACES[where]:
        assert cells_of[place] == [pygeohash.encode(*place, precision=characters) for characters in LENGTHS], place


@pytest.mark.integration
def test_the_cell_of_an_airport_ride_is_the_beginning_of_its_cell_of_the_demand(cells_of: Cells) -> None:
    large, small = (
        [str(cells_of[place][LENGTHS.index(characters)]) for place in PLACES["in New York"]]
        for characters in (AIRPORT_CELL, DEMAND_CELL)
    )
    assert [cell[:AIRPORT_CELL] for cell in small] == large
    assert len(set(small)) > len(set(large)) > 1


@pytest.mark.integration
def test_half_a_place_has_no_cell(cells_of: Cells) -> None:
    assert [cells_of[latitude, longitude] for latitude, longitude in HALF_PLACES] == [[None] * len(LENGTHS)] * 2
