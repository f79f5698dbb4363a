"""Random trips of New York's yellow taxis that end now: 19 fields, distributed like those of January 2019.

The shares, speeds and distances below were fitted to the public trip records of the Taxi and Limousine Commission. All
amounts are integers, in cents, until SQL divides them. So the total is exactly the sum of its parts.
"""

from __future__ import annotations

import functools
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flink_apps.common.tables import Column
from flink_apps.data_generator.records.drawing import Choice, PackedNumbers
from flink_apps.data_generator.records.record_type import Field, RecordType, Slice

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

#: The taxi zones. Of two of them only the name is known: "unknown".
ZONES = range(1, 266)
NEWARK, JFK, LA_GUARDIA = 1, 132, 138
UNKNOWN_ZONES = (264, 265)
#: Manhattan's zones with their weights: of about 9,500 trips, how many start in each. As many end there.
MANHATTAN = {
    400: (161, 236, 237),
    300: (48, 142, 162, 170, 186, 230, 234),
    250: (141, 163, 239),
    200: (68, 79, 107, 140, 164, 229, 238, 263),
    150: (90, 100, 143, 231, 233, 246, 249),
    120: (43, 113, 114, 137, 262),
    90: (13, 50, 75, 144, 148, 151, 158),
    60: (41, 74, 87, 125, 166, 211, 261),
    30: (4, 24, 88, 224, 232),
    15: (42, 45, 116, 209, 244),
    1: (12, 103, 104, 105, 120, 127, 128, 152, 153, 194, 202, 243),
}
#: The weights of the airports, the unknown zones, and each zone that is not named here. More trips start than end at
#: the airports. More end than start in the other boroughs, where few taxis are hailed.
PICKUPS_ELSEWHERE = {NEWARK: 1, JFK: 230, LA_GUARDIA: 210, 264: 200, 265: 10}
DROPOFFS_ELSEWHERE = {NEWARK: 18, JFK: 80, LA_GUARDIA: 90, 264: 200, 265: 15}
PICKUPS_OF_ANOTHER_ZONE, DROPOFFS_OF_ANOTHER_ZONE = 1, 3

#: Kinds of zones: Manhattan, including the unknown; other boroughs; the three airports. The tables below have a row for
#: the kind of one end of a trip, and a column for the kind of the other.
CITY, OTHER_BOROUGH, AT_LA_GUARDIA, AT_JFK, AT_NEWARK = range(5)
MEDIAN_MILES = (
    (1.5, 5.5, 9.5, 17.5, 17.0),
    (5.5, 2.5, 8.0, 12.0, 22.0),
    (9.5, 8.0, 1.0, 11.0, 27.0),
    (17.5, 12.0, 11.0, 2.0, 33.0),
    (17.0, 22.0, 27.0, 33.0, 1.0),
)
#: Rate codes: metered; flat, between Manhattan and JFK; metered with a surcharge, for Newark; negotiated.
STANDARD, TO_OR_FROM_JFK, TO_OR_FROM_NEWARK, NEGOTIATED = 1, 2, 3, 5
RATE_CODES = (
    (1, 1, 1, 2, 3),
    (1, 1, 1, 1, 3),
    (1, 1, 1, 1, 3),
    (2, 1, 1, 1, 3),
    (3, 3, 3, 3, 3),
)
#: Per cent of the trips that pass a bridge or tunnel with a toll.
TOLL_PERCENT = (
    (0, 8, 40, 55, 100),
    (8, 0, 5, 3, 100),
    (40, 5, 0, 5, 100),
    (55, 3, 5, 0, 100),
    (100, 100, 100, 100, 0),
)
#: Spread (sigma) of the logarithm of the distance, within a kind and between two kinds, and of the speed.
SPREAD_WITHIN, SPREAD_BETWEEN, SPREAD_OF_SPEED = 0.7, 0.25, 0.3
#: Average speed of a trip in ordinary traffic: it rises with the distance, up to a limit.
MPH_AT_START, MPH_PER_MILE, MPH_AT_MOST = 8.0, 1.2, 35.0
#: The factor of the speed, by hour of the day.
TRAFFIC = (
    1.30, 1.35, 1.40, 1.45, 1.65, 1.80, 1.35, 1.05, 0.90, 0.85, 0.90, 0.90,
    0.90, 0.90, 0.90, 0.87, 0.93, 0.90, 0.92, 0.95, 1.10, 1.15, 1.15, 1.25,
)  # fmt: skip
#: Bounds of a trip's distance, duration and speed.
MIN_MILES, MAX_MILES = 0.1, 60
MIN_SECONDS, MAX_SECONDS = 60, 3 * 60 * 60
MIN_MPH, MAX_MPH = 3, 60

#: The meter: a start, and a unit for each fifth of a mile and for each minute of standing in traffic.
START_CENTS, UNIT_CENTS, UNITS_PER_MILE, DRIVING_MPH = 250, 50, 5, 20
JFK_FLAT_CENTS, NEWARK_MORE_CENTS, NEGOTIATED_STEP_CENTS = 5200, 1750, 500
TAX_CENTS, IMPROVEMENT_CENTS, TOLL_CENTS, NEWARK_TOLL_CENTS = 50, 30, 576, 1050
#: Surcharges: on metered fares at night and in the rush hours of weekdays (Monday is 0); on flat fares in rush hours.
NIGHT_HOURS, RUSH_HOURS, RUSH_WEEKDAYS = (20, 21, 22, 23, 0, 1, 2, 3, 4, 5), range(16, 20), range(5)
NIGHT_CENTS, RUSH_CENTS, RUSH_JFK_CENTS = 50, 100, 450
HALF_DOLLAR = 50
CARD = 1


def _zones(*, elsewhere: dict[int, int], of_another: int) -> Choice:
    weights = dict.fromkeys(ZONES, of_another)
    for weight, zones in MANHATTAN.items():
        weights.update(dict.fromkeys(zones, weight))
    return Choice({**weights, **elsewhere})


#: Values with their weights. Tips are per cent of the bill; tips in cash are not recorded.
PICKUPS = _zones(elsewhere=PICKUPS_ELSEWHERE, of_another=PICKUPS_OF_ANOTHER_ZONE)
DROPOFFS = _zones(elsewhere=DROPOFFS_ELSEWHERE, of_another=DROPOFFS_OF_ANOTHER_ZONE)
VENDORS = Choice({1: 38, 2: 62})
PASSENGERS = Choice({0: 14, 1: 716, 2: 146, 3: 39, 4: 19, 5: 41, 6: 25})
STORED = Choice({0: 995, 1: 5})
NEGOTIATIONS = Choice({0: 994, 1: 6})
PAYMENTS = Choice({CARD: 713, 2: 281, 3: 4, 4: 2})
TIPS = Choice({0: 40, 5: 30, 10: 60, 15: 100, 17: 80, 20: 470, 22: 70, 25: 90, 30: 60})

#: Ids reserved for each millisecond of the time line, enough for the highest rate. So an id depends only on the trip's
#: position, and stays unique when a restored job has another rate.
IDS_PER_MILLI = 1_000_000
#: No tick is longer.
MAX_TICK_MILLIS = 20

#: A trip is two packed numbers; fare, extra and tax are in half dollars, tip and tolls in cents.
RIDE = PackedNumbers(
    {
        "seconds": MAX_SECONDS + 1,
        "hundredths_of_a_mile": MAX_MILES * 100 + 1,
        "pickup": ZONES.stop,
        "dropoff": ZONES.stop,
        "rate_code": NEGOTIATED + 1,
        "passengers": max(PASSENGERS.weights) + 1,
        "vendor": max(VENDORS.weights) + 1,
        "stored": 2,
    }
)
BILL = PackedNumbers(
    {
        "ordinal": MAX_TICK_MILLIS * IDS_PER_MILLI,
        "fare": 400,
        "tip": 6_000,
        "tolls": NEWARK_TOLL_CENTS + 1,
        "extra": RUSH_JFK_CENTS // HALF_DOLLAR + 1,
        "tax": TAX_CENTS // HALF_DOLLAR + 1,
        "payment": max(PAYMENTS.weights) + 1,
    }
)
NEW_YORK = ZoneInfo("America/New_York")


def draw(tick: Slice) -> tuple[NDArray[Any], ...]:
    """Draw the two packed numbers of each trip: bill and ride."""
    numbers = trips(tick.random, tick.size, now=datetime.fromtimestamp(tick.now_millis // 1000, NEW_YORK))
    return BILL.pack(numbers), RIDE.pack(numbers)


def trips(random: Generator, size: int, *, now: datetime) -> dict[str, NDArray[Any]]:
    """Draw ``size`` trips that end ``now``, in New York's time; the numbers have the names in ``RIDE`` and ``BILL``."""
    import numpy

    pickup, dropoff = PICKUPS.draw(random, size), DROPOFFS.draw(random, size)
    ends = _kinds()[pickup], _kinds()[dropoff]
    miles = _miles(random, *ends)
    seconds = _seconds(random, miles, hour=now.hour)
    rate_code = _rate_code(random, *ends)
    return {
        "ordinal": numpy.arange(size),
        "seconds": seconds,
        "hundredths_of_a_mile": _whole(miles * 100),
        "pickup": pickup,
        "dropoff": dropoff,
        "rate_code": rate_code,
        "passengers": PASSENGERS.draw(random, size),
        "vendor": VENDORS.draw(random, size),
        "stored": STORED.draw(random, size),
        **_bill(random, rate_code, fare=_fare(miles, seconds, rate_code), tolls=_tolls(random, *ends), now=now),
    }


def _miles(random: Generator, one_end: NDArray[Any], other_end: NDArray[Any]) -> NDArray[Any]:
    import numpy

    spread = numpy.where(one_end == other_end, SPREAD_WITHIN, SPREAD_BETWEEN)
    factor = numpy.exp(spread * random.standard_normal(len(one_end)))
    miles: NDArray[Any] = _array(MEDIAN_MILES)[one_end, other_end] * factor
    return miles.clip(MIN_MILES, MAX_MILES)


def _seconds(random: Generator, miles: NDArray[Any], *, hour: int) -> NDArray[Any]:
    import numpy

    factor = TRAFFIC[hour] * numpy.exp(SPREAD_OF_SPEED * random.standard_normal(len(miles)))
    mph = (MPH_AT_START + MPH_PER_MILE * miles).clip(max=MPH_AT_MOST) * factor
    return _whole((miles / mph.clip(MIN_MPH, MAX_MPH) * 3600).clip(MIN_SECONDS, MAX_SECONDS))


def _rate_code(random: Generator, one_end: NDArray[Any], other_end: NDArray[Any]) -> NDArray[Any]:
    import numpy

    code = _array(RATE_CODES)[one_end, other_end]
    return numpy.where(NEGOTIATIONS.draw(random, len(code)), NEGOTIATED, code)


def _fare(miles: NDArray[Any], seconds: NDArray[Any], rate_code: NDArray[Any]) -> NDArray[Any]:
    """The fares in cents, by the tariff of the rate code."""
    import numpy

    standing_minutes = (seconds / 60 - miles / DRIVING_MPH * 60).clip(min=0)
    metered = START_CENTS + UNIT_CENTS * _whole(UNITS_PER_MILE * miles + standing_minutes)
    agreed = -(-metered // NEGOTIATED_STEP_CENTS) * NEGOTIATED_STEP_CENTS
    codes = (TO_OR_FROM_JFK, TO_OR_FROM_NEWARK, NEGOTIATED)
    fares = (JFK_FLAT_CENTS, metered + NEWARK_MORE_CENTS, agreed)
    return numpy.select([rate_code == code for code in codes], fares, metered)


def _tolls(random: Generator, one_end: NDArray[Any], other_end: NDArray[Any]) -> NDArray[Any]:
    import numpy

    paid = random.integers(0, 100, len(one_end)) < _array(TOLL_PERCENT)[one_end, other_end]
    newark = (one_end == AT_NEWARK) | (other_end == AT_NEWARK)
    return numpy.where(paid, numpy.where(newark, NEWARK_TOLL_CENTS, TOLL_CENTS), 0)


def _bill(
    random: Generator, rate_code: NDArray[Any], *, fare: NDArray[Any], tolls: NDArray[Any], now: datetime
) -> dict[str, NDArray[Any]]:
    """The parts of the total in the units of BILL, except the improvement surcharge, which is constant."""
    rush = now.weekday() in RUSH_WEEKDAYS and now.hour in RUSH_HOURS
    night = now.hour in NIGHT_HOURS
    metered_cents = RUSH_CENTS if rush else NIGHT_CENTS if night else 0
    extra = (rate_code == STANDARD) * metered_cents + (rate_code == TO_OR_FROM_JFK) * (RUSH_JFK_CENTS if rush else 0)
    tax = (rate_code != TO_OR_FROM_NEWARK) * TAX_CENTS
    payment = PAYMENTS.draw(random, len(fare))
    tip_percent = (payment == CARD) * TIPS.draw(random, len(fare))
    tip = (fare + extra + tax + tolls + IMPROVEMENT_CENTS) * tip_percent // 100
    return {
        "fare": fare // HALF_DOLLAR,
        "tip": tip,
        "tolls": tolls,
        "extra": extra // HALF_DOLLAR,
        "tax": tax // HALF_DOLLAR,
        "payment": payment,
    }


def _whole(numbers: NDArray[Any]) -> NDArray[Any]:
    return numbers.round().astype("int64")


@functools.cache
def _array(table: tuple[tuple[float, ...], ...]) -> NDArray[Any]:
    import numpy

    return numpy.array(table)


@functools.cache
def _kinds() -> NDArray[Any]:
    """The kind of every zone, by its id."""
    import numpy

    kinds = numpy.full(ZONES.stop, OTHER_BOROUGH)
    kinds[[zone for zones in MANHATTAN.values() for zone in zones]] = CITY
    kinds[list(UNKNOWN_ZONES)] = CITY
    kinds[[LA_GUARDIA, JFK, NEWARK]] = AT_LA_GUARDIA, AT_JFK, AT_NEWARK
    return kinds


def _ride(name: str) -> str:
    return RIDE.sql(name, "ride")


def _cents(name: str) -> str:
    number = BILL.sql(name, "bill")
    return f"{HALF_DOLLAR} * {number}" if name in ("fare", "extra", "tax") else number


def _dollars(cents: str) -> str:
    # …e0 makes it a DOUBLE division: a decimal division costs more.
    return f"({cents}) / 100e0"


FIELDS = (
    Field(name="vendor_id", type="INT", sql=_ride("vendor"), meaning="1 (38 %), 2 (62 %)"),
    Field(
        name="pickup_datetime",
        type="BIGINT",
        sql=f"now_millis - 1000 * {_ride('seconds')}",
        meaning="dropoff minus duration, in ms since 1970; the duration is the distance divided by the speed, a minute "
        "to 3 hours; the speed is 8 mph plus 1.2 per mile, at most 35, times a factor of the hour (0.85 at 9, 1.8 at 5 "
        "o'clock) and a log-normal one (sigma 0.3)",
        out_of_range="now_millis + 3600000",
    ),
    Field(
        name="dropoff_datetime",
        type="BIGINT",
        sql="now_millis",
        meaning="when the record was made, in ms since 1970; the same for all records of a tick",
    ),
    Field(
        name="passenger_count",
        type="INT",
        sql=_ride("passengers"),
        meaning="1 (72 %), 2 (15 %), 5, 3, 6, 4 (12 % together), 0 (1 %)",
    ),
    Field(
        name="trip_distance",
        type="DOUBLE",
        sql=f"{_ride('hundredths_of_a_mile')} / 100e0",
        meaning="miles, 0.1 to 60; log-normal, by the kinds of both zones (Manhattan, another borough, each airport): "
        "median 1.5 within Manhattan, 17.5 to JFK; sigma 0.7 within a kind, 0.25 between two kinds",
    ),
    Field(
        name="ratecode_id",
        type="INT",
        sql=_ride("rate_code"),
        meaning="2 between Manhattan and JFK, 3 from and to Newark, 5 (negotiated) for 0.6 % of all trips, otherwise 1",
    ),
    Field(
        name="store_and_fwd_flag",
        type="STRING",
        sql=f"CASE {_ride('stored')} WHEN 1 THEN 'Y' ELSE 'N' END",
        meaning="`Y` (0.5 %), `N`",
    ),
    Field(
        name="pickup_location_id",
        type="INT",
        sql=_ride("pickup"),
        meaning="taxi zone, 1 to 265: Manhattan 91 %, most of all 161, 236 and 237; JFK and LaGuardia 5 %; 264 and 265 "
        "(unknown) 2 %; the rest evenly",
        out_of_range="0",
    ),
    Field(
        name="dropoff_location_id",
        type="INT",
        sql=_ride("dropoff"),
        meaning="taxi zone, drawn independently: Manhattan 90 %, airports 2 %, unknown 2 %, other zones 6 %",
    ),
    Field(
        name="payment_type",
        type="INT",
        sql=BILL.sql("payment", "bill"),
        meaning="1 card (71 %), 2 cash (28 %), 3 no charge (0.4 %), 4 dispute (0.2 %)",
    ),
    Field(
        name="fare_amount",
        type="DOUBLE",
        sql=_dollars(_cents("fare")),
        meaning="2.50, plus 0.50 for each fifth of a mile and each minute of standing; rate 2: always 52.00; rate 3: "
        "17.50 more; rate 5: rounded up to 5 dollars",
    ),
    Field(
        name="extra",
        type="DOUBLE",
        sql=_dollars(_cents("extra")),
        meaning="rate 1: 1.00 on weekdays from 16 to 20 o'clock, 0.50 from 20 to 6; rate 2: 4.50 on weekdays from 16 "
        "to 20",
    ),
    Field(name="mta_tax", type="DOUBLE", sql=_dollars(_cents("tax")), meaning="0.50; none with rate 3"),
    Field(
        name="tip_amount",
        type="DOUBLE",
        sql=_dollars(_cents("tip")),
        meaning="only on cards: 20 % of the bill (47 % of the cards), otherwise 0 to 30 %",
    ),
    Field(
        name="tolls_amount",
        type="DOUBLE",
        sql=_dollars(_cents("tolls")),
        meaning="5.76 on 55 % of the trips between Manhattan and JFK, 40 % to LaGuardia, less often elsewhere; 10.50 "
        "from and to Newark",
    ),
    Field(name="improvement_surcharge", type="DOUBLE", sql=_dollars(str(IMPROVEMENT_CENTS)), meaning="0.30"),
    Field(
        name="total_amount",
        type="DOUBLE",
        sql=_dollars(" + ".join([*map(_cents, ("fare", "extra", "tax", "tip", "tolls")), str(IMPROVEMENT_CENTS)])),
        meaning="exactly the sum of the six amounts above",
    ),
    Field(
        name="trip_id",
        type="BIGINT",
        sql=f"start_millis * {IDS_PER_MILLI} + {BILL.sql('ordinal', 'bill')}",
        meaning="1,000,000 times the milliseconds of the time line, plus the position in the tick; by default the key",
    ),
    Field(name="type", type="STRING", sql="'yellow-trip'", meaning="`yellow-trip`"),
)

TAXI_TRIP = RecordType(
    name="taxi-trip",
    fields=FIELDS,
    partition_key="trip_id",
    record_bytes=450,
    topic="taxi-trips",
    draw=draw,
    drawn=(Column("bill", "BIGINT"), Column("ride", "BIGINT")),
)
