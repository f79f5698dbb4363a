"""The taxi trips in ``data/taxi_trips``: ``python -m tools.make_trips`` writes them, always the same.

All trips are made up. They are typical of New York's yellow taxis: where and when trips start, how long they are, what
they cost, and a few oddities (refunds, unknown zones).

The layout is that of the public replay data sets: JSON, one object per line, in the order of their ends, compressed
with gzip. The two days are in two months, one file for each, so that partitioning by month has an effect.
"""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flink_apps.common.taxi_zones import ZONES_BY_BOROUGH
from stacks.project import SHIPPED_TRIPS

DAYS = (datetime(2024, 1, 31, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC))
TRIPS_PER_DAY = 10_000
SEED = 20240131

EWR, JFK, LGA = 1, 132, 138
#: Weights of busy zones (stations, Midtown, Upper East Side), relative to another zone of Manhattan.
HOT_SPOTS = {237: 9, 236: 8, 161: 8, 162: 7, 186: 7, 230: 6, 234: 5, 170: 5, 48: 5, 142: 5, 163: 4, 79: 4, 239: 4}
AIRPORTS = {EWR: 0.6, JFK: 7.0, LGA: 6.0}
#: Weights of other zones, by borough.
BOROUGHS = {"Manhattan": 1.0, "Brooklyn": 0.07, "Queens": 0.06, "Bronx": 0.01, "Staten Island": 0.001, "Unknown": 1.2}
#: Relative number of rides that start in each hour of the day.
DAY_CURVE = (28, 19, 13, 9, 7, 9, 20, 37, 47, 46, 44, 46, 48, 49, 52, 51, 47, 54, 63, 62, 55, 53, 51, 42)
#: Miles per hour in each hour of the day.
SPEEDS = (17, 18, 19, 20, 21, 19, 15, 11, 9, 9, 9, 9, 9, 9, 9, 8, 8, 8, 9, 11, 13, 14, 15, 16)
PASSENGERS = {1: 71, 2: 15, 3: 4, 4: 2, 5: 4, 6: 3, 0: 1}

CARD, CASH, NO_CHARGE, DISPUTE = 1, 2, 3, 4
STANDARD_RATE, JFK_RATE, NEWARK_RATE = 1, 2, 3
JFK_FARE = 52.0
NEWARK_SURCHARGE = 17.5
TOLL = 5.76
REFUNDS = 0.001

Trip = dict[str, Any]


@dataclass(frozen=True)
class _Zones:
    """Zones with their weights."""

    ids: list[int]
    weights: list[float]

    @classmethod
    def of_new_york(cls) -> _Zones:
        """All 265."""
        weights = {zone: BOROUGHS.get(borough, 0.0) for borough, zones in ZONES_BY_BOROUGH.items() for zone in zones}
        weights.update({**HOT_SPOTS, **AIRPORTS})
        return cls(ids=list(weights), weights=list(weights.values()))

    def draw(self, draws: random.Random) -> int:
        """One of them."""
        return draws.choices(self.ids, self.weights)[0]


_MANHATTAN = frozenset(ZONES_BY_BOROUGH["Manhattan"])


def _miles(draws: random.Random, ends: set[int]) -> float:
    if EWR in ends or JFK in ends:
        return max(1.0, draws.gauss(17.0, 2.5))
    if LGA in ends:
        return max(1.0, draws.gauss(9.5, 2.0))
    median = 1.6 if ends <= _MANHATTAN else 4.0
    return max(0.2, draws.lognormvariate(math.log(median), 0.6))


def _fare(*, miles: float, minutes: float, rate: int) -> float:
    if rate == JFK_RATE:
        return JFK_FARE
    fare = 2.5 + 2.5 * miles + 0.5 * max(0.0, minutes - 5 * miles) + (NEWARK_SURCHARGE if rate == NEWARK_RATE else 0)
    return round(2 * fare) / 2


def _trip(draws: random.Random, zones: _Zones, day: datetime) -> Trip:
    hour = draws.choices(range(24), DAY_CURVE)[0]
    pickup = day + timedelta(hours=hour, seconds=draws.randrange(3600))
    pickup_zone, dropoff_zone = zones.draw(draws), zones.draw(draws)
    ends = {pickup_zone, dropoff_zone}
    miles = round(_miles(draws, ends), 2)
    speed = SPEEDS[hour] * (1.7 if miles > 5 else 1.0) * draws.uniform(0.75, 1.3)
    dropoff = pickup + timedelta(seconds=max(60, round(miles / speed * 3600)))

    airport_rate = JFK_RATE if JFK in ends and ends & _MANHATTAN else STANDARD_RATE
    rate = NEWARK_RATE if dropoff_zone == EWR else airport_rate
    refunded = draws.random() < REFUNDS
    payment = draws.choice((NO_CHARGE, DISPUTE)) if refunded else draws.choices((CARD, CASH), (72, 28))[0]
    fare = _fare(miles=miles, minutes=(dropoff - pickup).total_seconds() / 60, rate=rate)
    extra = 0.0 if rate != STANDARD_RATE else 1.0 if 16 <= hour < 20 else 0.5 if hour >= 20 or hour < 6 else 0.0
    tip = round(fare * draws.uniform(0.12, 0.28), 2) if payment == CARD and draws.random() < 0.93 else 0.0
    tolls = TOLL if rate == STANDARD_RATE and miles > 8 and draws.random() < 0.5 else 0.0
    amounts = {
        "fare_amount": fare,
        "extra": extra,
        "mta_tax": 0.0 if rate == NEWARK_RATE else 0.5,
        "tip_amount": tip,
        "tolls_amount": tolls,
        "improvement_surcharge": 0.3,
    }
    if refunded:
        amounts = {name: -amount if amount else 0.0 for name, amount in amounts.items()}
    return {
        "vendor_id": draws.choices((1, 2), (38, 62))[0],
        "pickup_datetime": _millis(pickup),
        "dropoff_datetime": _millis(dropoff),
        "passenger_count": draws.choices(list(PASSENGERS), list(PASSENGERS.values()))[0],
        "trip_distance": miles,
        "ratecode_id": rate,
        "store_and_fwd_flag": "Y" if draws.random() < 0.005 else "N",
        "pickup_location_id": pickup_zone,
        "dropoff_location_id": dropoff_zone,
        "payment_type": payment,
        **amounts,
        "total_amount": round(sum(amounts.values()), 2),
    }


def _millis(time: datetime) -> int:
    return round(time.timestamp()) * 1000


def trips() -> list[Trip]:
    """All trips, in the order of their ends, numbered from 1."""
    draws = random.Random(SEED)  # noqa: S311 - a data set, no secret
    zones = _Zones.of_new_york()
    made = [_trip(draws, zones, day) for day in DAYS for _ in range(TRIPS_PER_DAY)]
    made.sort(key=lambda trip: trip["dropoff_datetime"])
    return [{**trip, "trip_id": number, "type": "yellow-trip"} for number, trip in enumerate(made, start=1)]


def files() -> Iterator[tuple[Path, bytes]]:
    """Path and lines of each file: trips that end by the first day's midnight, and those that end later."""
    midnight = _millis(DAYS[1])
    halves: tuple[list[Trip], list[Trip]] = ([], [])
    for trip in trips():
        halves[trip["dropoff_datetime"] >= midnight].append(trip)
    for number, half in enumerate(halves, start=1):
        lines = [json.dumps(trip, separators=(",", ":")) + "\n" for trip in half]
        yield SHIPPED_TRIPS / f"part-{number}.json.gz", "".join(lines).encode()


def main() -> None:
    """Write the files."""
    SHIPPED_TRIPS.mkdir(parents=True, exist_ok=True)
    for path, lines in files():
        path.write_bytes(gzip.compress(lines, compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
