"""The taxi rides in ``data/taxi_rides``: ``python -m tools.make_rides`` writes them, always the same.

All rides are made up. On a map, they look like New York: rides start along Manhattan's streets and avenues, crowd at
stations and in Midtown, move downtown at night, and sometimes leave the city. Hourly numbers, speeds and fares are
those of ``tools/make_trips.py``.

The format is JSON, one object per line, in the order of their ends, compressed with gzip.
"""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.scenarios.taxi_analytics.shores import LONG_ISLAND, MANHATTAN, Outline
from stacks.project import SHIPPED_RIDES
from tools.make_trips import DAY_CURVE, DAYS, JFK_RATE, SEED, SPEEDS, STANDARD_RATE, TOLL, _fare, _millis

DAY = DAYS[0]
RIDES = 40_000
RIDES_PER_FILE = 20_000

METRES_PER_DEGREE = 111_200.0
METRES_PER_MILE = 1609.344
#: Metres east of a degree of longitude, as far north as New York is.
METRES_PER_LONGITUDE = METRES_PER_DEGREE * math.cos(math.radians(40.75))
#: The angle of the avenues east of north.
TILT = math.radians(29)
#: Fifth Avenue and 59th Street, from which the street grid is measured.
CORNER = (40.7645, -73.9735)
STREET_METRES = 80.5
#: Avenues by their distance from Fifth Avenue: Twelfth to Sixth, Fifth, and Madison to the river.
AVENUES = (-1744, -1500, -1256, -1012, -768, -524, -280, 0, 128, 256, 379, 507, 693, 891, 1090, 1290, 1490, 1690)
#: Central Park, in metres up Fifth Avenue from 59th Street to 110th, and across from Eighth Avenue to Fifth.
PARK_LENGTH, PARK_WIDTH = 51 * STREET_METRES, 768.0
#: The hours when people are out rather than at work.
NIGHT = frozenset({22, 23, 0, 1, 2, 3, 4})
#: The shortest ride, and how many times longer the route is than the straight line.
SHORTEST_METRES = 400.0
DETOUR = 1.3

Ride = dict[str, Any]
Point = tuple[float, float]


@dataclass(frozen=True)
class _Place:
    """A place where rides start and end: a cloud around a point."""

    latitude: float
    longitude: float
    weight: float
    metres: float
    night: float = 1.0
    """The factor of the weight at night."""


#: Parts of Manhattan, whose rides begin and end on the street grid.
DISTRICTS = (
    _Place(40.7560, -73.9790, 22, 620, night=0.4),  # Midtown
    _Place(40.7540, -73.9900, 7, 500, night=0.8),  # Garment District
    _Place(40.7720, -73.9600, 12, 800, night=0.5),  # Upper East Side
    _Place(40.7850, -73.9770, 7, 900, night=0.6),  # Upper West Side
    _Place(40.7430, -73.9910, 8, 600),  # Chelsea, Flatiron
    _Place(40.7330, -74.0010, 5, 500, night=3.0),  # Greenwich Village
    _Place(40.7270, -73.9860, 4.5, 450, night=4.0),  # East Village
    _Place(40.7200, -73.9910, 2, 400, night=4.0),  # Lower East Side
    _Place(40.7230, -74.0010, 3, 400),  # SoHo
    _Place(40.7090, -74.0100, 4.5, 500, night=0.3),  # Financial District
    _Place(40.8090, -73.9500, 2, 1000),  # Harlem
    _Place(40.8450, -73.9380, 0.5, 1200),  # Washington Heights
)
#: Where taxis wait in Manhattan.
STANDS = (
    _Place(40.7506, -73.9935, 4.5, 45),  # Pennsylvania Station
    _Place(40.7527, -73.9772, 4.0, 45),  # Grand Central
    _Place(40.7565, -73.9903, 2.2, 45),  # Port Authority
    _Place(40.7580, -73.9855, 2.0, 60),  # Times Square
    _Place(40.7587, -73.9787, 1.4, 60),  # Rockefeller Center
    _Place(40.7645, -73.9745, 1.3, 40),  # Grand Army Plaza
    _Place(40.7681, -73.9819, 1.2, 50),  # Columbus Circle
    _Place(40.7359, -73.9906, 1.2, 50, night=2.0),  # Union Square
    _Place(40.7725, -73.9835, 0.8, 40),  # Lincoln Center
    _Place(40.7794, -73.9632, 0.7, 30, night=0.1),  # Metropolitan Museum
    _Place(40.7405, -74.0058, 0.8, 50, night=4.0),  # Meatpacking District
    _Place(40.7130, -74.0130, 0.8, 60, night=0.4),  # World Trade Center
)
#: Brooklyn and Queens.
ACROSS_THE_RIVER = (
    _Place(40.7150, -73.9570, 1.0, 700, night=3.0),  # Williamsburg
    _Place(40.6910, -73.9870, 0.9, 600),  # Downtown Brooklyn
    _Place(40.6730, -73.9790, 0.6, 800),  # Park Slope
    _Place(40.7460, -73.9480, 0.7, 500),  # Long Island City
    _Place(40.7640, -73.9230, 0.7, 800),  # Astoria
    _Place(40.7480, -73.8850, 0.4, 1100),  # Jackson Heights
    _Place(40.6850, -73.9500, 0.4, 1300),  # Bedford-Stuyvesant
    _Place(40.7200, -73.8450, 0.3, 1200),  # Forest Hills
)
TERMINALS = (
    _Place(40.6437, -73.7899, 0.6, 35),  # JFK, terminal 1
    _Place(40.6443, -73.7822, 0.9, 35),  # JFK, terminal 4
    _Place(40.6457, -73.7767, 0.6, 35),  # JFK, terminal 5
    _Place(40.6470, -73.7885, 0.6, 35),  # JFK, terminal 8
    _Place(40.7743, -73.8719, 1.6, 40),  # LaGuardia, terminal B
    _Place(40.7695, -73.8640, 1.1, 40),  # LaGuardia, terminal C
)
OUT_OF_TOWN = (
    _Place(40.6895, -74.1745, 0.14, 60),  # Newark's airport
    _Place(40.7345, -74.1640, 0.03, 200),  # Newark
    _Place(41.0340, -73.7630, 0.04, 700),  # White Plains, Westchester
    _Place(40.9360, -73.8990, 0.04, 500),  # Yonkers, Westchester
)
PLACES = (*DISTRICTS, *STANDS, *ACROSS_THE_RIVER, *TERMINALS, *OUT_OF_TOWN)


def inside(outline: Outline, point: Point) -> bool:
    """Whether a point (latitude, longitude) is inside an outline: a ray to the east crosses an odd number of edges."""
    latitude, longitude = point
    odd = False
    for (south, west), (north, east) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if (south > latitude) != (north > latitude):
            odd ^= longitude < west + (latitude - south) / (north - south) * (east - west)
    return odd


def on_the_grid(point: Point) -> tuple[float, float]:
    """The position of a point relative to the corner, in metres: up Fifth Avenue, and across it to the east."""
    north = (point[0] - CORNER[0]) * METRES_PER_DEGREE
    east = (point[1] - CORNER[1]) * METRES_PER_LONGITUDE
    return north * math.cos(TILT) + east * math.sin(TILT), east * math.cos(TILT) - north * math.sin(TILT)


def _from_the_grid(up: float, across: float) -> Point:
    north = up * math.cos(TILT) - across * math.sin(TILT)
    east = up * math.sin(TILT) + across * math.cos(TILT)
    return CORNER[0] + north / METRES_PER_DEGREE, CORNER[1] + east / METRES_PER_LONGITUDE


def in_central_park(point: Point) -> bool:
    """Whether a point is in the park, and not within 20 m of its edges."""
    up, across = on_the_grid(point)
    return 20 < up < PARK_LENGTH - 20 and 20 - PARK_WIDTH < across < -20


def _scatter(draws: random.Random, place: _Place) -> Point:
    up, across = on_the_grid((place.latitude, place.longitude))
    up, across = draws.gauss(up, place.metres), draws.gauss(across, place.metres)
    if place in DISTRICTS:
        if draws.random() < 0.65:
            across = min(AVENUES, key=lambda avenue: abs(avenue - across))
        else:
            up = round(up / STREET_METRES) * STREET_METRES
        up, across = draws.gauss(up, 5), draws.gauss(across, 5)
    latitude, longitude = _from_the_grid(up, across)
    return round(latitude, 5), round(longitude, 5)


def _is_street(place: _Place, point: Point) -> bool:
    if place in DISTRICTS or place in STANDS:
        return inside(MANHATTAN, point) and not in_central_park(point)
    return place not in ACROSS_THE_RIVER or inside(LONG_ISLAND, point)


def _point(draws: random.Random, place: _Place) -> Point:
    while not _is_street(place, point := _scatter(draws, place)):
        pass
    return point


def metres(one: Point, other: Point) -> float:
    """The distance of two points on a plane, in metres; exact to a thousandth within the city."""
    north, east = (one[0] - other[0]) * METRES_PER_DEGREE, (one[1] - other[1]) * METRES_PER_LONGITUDE
    return math.hypot(north, east)


def _is_jfk_fare(ends: set[_Place]) -> bool:
    manhattan, jfk = {*DISTRICTS, *STANDS}, set(TERMINALS[:4])
    return bool(ends & manhattan and ends & jfk)


def _ride(draws: random.Random) -> Ride:
    hour = draws.choices(range(24), DAY_CURVE)[0]
    pickup_time = _millis(DAY) + (hour * 3600 + draws.randrange(3600)) * 1000
    weights = [place.weight * (place.night if hour in NIGHT else 1.0) for place in PLACES]
    away = 0.0
    while away < SHORTEST_METRES:
        start, end = draws.choices(PLACES, weights, k=2)
        pickup, dropoff = _point(draws, start), _point(draws, end)
        # Nobody takes a taxi from an airport to the same airport, or between two places out of town.
        same_side = (start in TERMINALS and end in TERMINALS) or (start in OUT_OF_TOWN and end in OUT_OF_TOWN)
        away = 0.0 if same_side else metres(pickup, dropoff)

    miles = away * DETOUR / METRES_PER_MILE
    speed = SPEEDS[hour] * (1.7 if miles > 5 else 1.0) * draws.uniform(0.75, 1.3)
    seconds = max(60, round(miles / speed * 3600))
    rate = JFK_RATE if _is_jfk_fare({start, end}) else STANDARD_RATE
    fare = _fare(miles=miles, minutes=seconds / 60, rate=rate)
    tip = fare * draws.uniform(0.12, 0.28) if draws.random() < 0.67 else 0.0
    toll = TOLL if miles > 8 and draws.random() < 0.5 else 0.0
    return {
        "pickup_latitude": pickup[0],
        "pickup_longitude": pickup[1],
        "dropoff_latitude": dropoff[0],
        "dropoff_longitude": dropoff[1],
        "total_amount": round(fare + tip + toll + 0.8, 2),
        "pickup_datetime": pickup_time,
        "dropoff_datetime": pickup_time + seconds * 1000,
    }


def rides(count: int = RIDES) -> list[Ride]:
    """The rides of a day, in the order of their ends, numbered from 1."""
    draws = random.Random(SEED)  # noqa: S311 - a data set, no secret
    made = sorted((_ride(draws) for _ in range(count)), key=lambda ride: ride["dropoff_datetime"])
    return [{"trip_id": number, **ride} for number, ride in enumerate(made, start=1)]


def files() -> Iterator[tuple[Path, bytes]]:
    """Path and lines of each file, one after the other in time."""
    lines = [json.dumps(ride, separators=(",", ":")) + "\n" for ride in rides()]
    for number, first in enumerate(range(0, RIDES, RIDES_PER_FILE), start=1):
        yield SHIPPED_RIDES / f"part-{number}.json.gz", "".join(lines[first : first + RIDES_PER_FILE]).encode()


def main() -> None:
    """Write the files."""
    SHIPPED_RIDES.mkdir(parents=True, exist_ok=True)
    for path, lines in files():
        path.write_bytes(gzip.compress(lines, compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
