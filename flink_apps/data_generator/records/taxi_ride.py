"""Random rides of New York's taxis that end now, with coordinates: the input of the taxi analytics.

Rides start and end around the busiest neighbourhoods; the positions are made up.
"""

from __future__ import annotations

import functools
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flink_apps.common.tables import Column
from flink_apps.data_generator.records.drawing import Choice, PackedNumbers
from flink_apps.data_generator.records.record_type import Field, RecordType, Slice
from flink_apps.data_generator.records.taxi_trip import (
    IDS_PER_MILLI,
    MAX_SECONDS,
    MAX_TICK_MILLIS,
    MIN_SECONDS,
    NEW_YORK,
    SPREAD_OF_SPEED,
    TRAFFIC,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

#: Positions are counted in 1/100,000 of a degree, about a metre, from the south-west corner of New York.
SOUTH, WEST = 40.560, -74.054
UNITS_PER_DEGREE = 100_000
LATITUDES, LONGITUDES = 31_801, 33_201

#: Centres of the rides: latitude, longitude and spread (sigma), in degrees. ``SHARES`` has their weights.
AROUND = (
    (40.7550, -73.9840, 0.0080),  # Midtown
    (40.7690, -73.9620, 0.0070),  # Upper East Side
    (40.7840, -73.9760, 0.0060),  # Upper West Side
    (40.7330, -73.9960, 0.0070),  # Greenwich Village
    (40.7110, -74.0090, 0.0040),  # Downtown
    (40.6870, -73.9780, 0.0150),  # Brooklyn
    (40.7480, -73.9230, 0.0150),  # Queens
    (40.6440, -73.7830, 0.0020),  # JFK
    (40.7730, -73.8700, 0.0015),  # LaGuardia
)
SHARES = Choice(dict(enumerate((36, 16, 12, 14, 8, 5, 3, 3, 3))))

#: A degree in miles; how much longer the streets are than the straight line; miles per hour in ordinary traffic.
MILES_OF_LATITUDE, MILES_OF_LONGITUDE, DETOUR = 69.0, 52.3, 1.35
MPH_AT_START, MPH_PER_MILE, MPH_AT_MOST = 8.0, 1.2, 35.0
START_CENTS, CENTS_A_MILE, CENTS_A_MINUTE, MAX_CENTS = 330, 250, 20, 30_000

BILL = PackedNumbers({"ordinal": MAX_TICK_MILLIS * IDS_PER_MILLI, "cents": MAX_CENTS + 1, "seconds": MAX_SECONDS + 1})
RIDE = PackedNumbers(
    {
        "pickup_latitude": LATITUDES,
        "pickup_longitude": LONGITUDES,
        "dropoff_latitude": LATITUDES,
        "dropoff_longitude": LONGITUDES,
    }
)


def draw(tick: Slice) -> tuple[NDArray[Any], ...]:
    """Draw the two packed numbers of each ride: bill and ride."""
    numbers = rides(tick.random, tick.size, now=datetime.fromtimestamp(tick.now_millis // 1000, NEW_YORK))
    return BILL.pack(numbers), RIDE.pack(numbers)


def rides(random: Generator, size: int, *, now: datetime) -> dict[str, NDArray[Any]]:
    """Draw ``size`` rides that end ``now``, in New York's time; the numbers have the names in ``RIDE`` and ``BILL``."""
    import numpy

    ends = {end: _places(random, size) for end in ("pickup", "dropoff")}
    north, east = (ends["dropoff"][axis] - ends["pickup"][axis] for axis in (0, 1))
    miles = DETOUR * numpy.hypot(north * MILES_OF_LATITUDE, east * MILES_OF_LONGITUDE) / UNITS_PER_DEGREE
    factor = TRAFFIC[now.hour] * numpy.exp(SPREAD_OF_SPEED * random.standard_normal(size))
    mph = (MPH_AT_START + MPH_PER_MILE * miles).clip(max=MPH_AT_MOST) * factor
    seconds = (miles / mph * 3600).clip(MIN_SECONDS, MAX_SECONDS).round().astype("int64")
    cents = START_CENTS + CENTS_A_MILE * miles + CENTS_A_MINUTE * seconds / 60
    return {
        "ordinal": numpy.arange(size),
        "cents": cents.clip(max=MAX_CENTS).round().astype("int64"),
        "seconds": seconds,
        **{f"{end}_latitude": latitude for end, (latitude, _) in ends.items()},
        **{f"{end}_longitude": longitude for end, (_, longitude) in ends.items()},
    }


def _places(random: Generator, size: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw latitudes and longitudes, in units from the corner."""
    latitude, longitude, spread = _around()[SHARES.draw(random, size)].T
    north = latitude + spread * random.standard_normal(size)
    # A degree to the east is shorter than one to the north.
    east = longitude + spread * MILES_OF_LATITUDE / MILES_OF_LONGITUDE * random.standard_normal(size)
    return _units(north - SOUTH, LATITUDES), _units(east - WEST, LONGITUDES)


def _units(degrees: NDArray[Any], most: int) -> NDArray[Any]:
    units: NDArray[Any] = (degrees * UNITS_PER_DEGREE).round().clip(0, most - 1).astype("int64")
    return units


@functools.cache
def _around() -> NDArray[Any]:
    import numpy

    return numpy.array(AROUND)


def _degrees(name: str) -> str:
    corner = SOUTH if name.endswith("latitude") else WEST
    # Adding integers before the division keeps the result at five decimals.
    return f"({round(corner * UNITS_PER_DEGREE)} + {RIDE.sql(name, 'ride')}) / {UNITS_PER_DEGREE}e0"


def _place(name: str, meaning: str, *, out_of_range: str | None = None) -> Field:
    return Field(name=name, type="DOUBLE", sql=_degrees(name), meaning=meaning, out_of_range=out_of_range)


FIELDS = (
    Field(
        name="trip_id",
        type="BIGINT",
        sql=f"start_millis * {IDS_PER_MILLI} + {BILL.sql('ordinal', 'bill')}",
        meaning="1,000,000 times the milliseconds of the time line, plus the position in the tick; by default the key",
    ),
    _place(
        "pickup_latitude",
        "degrees with five decimals, within New York; normally distributed (sigma 0.0015 to 0.015) around nine "
        "neighbourhoods and airports: 86 % in Manhattan, 3 % at each airport",
        # Latitudes end at 90.
        out_of_range="91e0",
    ),
    _place("pickup_longitude", "the same for the longitude"),
    _place("dropoff_latitude", "as the pickup's, drawn independently"),
    _place("dropoff_longitude", "as the pickup's, drawn independently"),
    Field(
        name="total_amount",
        type="DOUBLE",
        sql=f"{BILL.sql('cents', 'bill')} / 100e0",
        meaning="3.30, plus 2.50 per mile and 0.20 per minute, at most 300",
    ),
    Field(
        name="pickup_datetime",
        type="BIGINT",
        sql=f"now_millis - 1000 * {BILL.sql('seconds', 'bill')}",
        meaning="dropoff minus duration, in ms since 1970; the duration depends on 1.35 times the straight-line "
        "distance and on the hour, as a taxi-trip's",
    ),
    Field(
        name="dropoff_datetime",
        type="BIGINT",
        sql="now_millis",
        meaning="when the record was made, in ms since 1970; the same for all records of a tick",
    ),
)

TAXI_RIDE = RecordType(
    name="taxi-ride",
    fields=FIELDS,
    partition_key="trip_id",
    record_bytes=230,
    topic="taxi-rides",
    draw=draw,
    drawn=(Column("bill", "BIGINT"), Column("ride", "BIGINT")),
)
