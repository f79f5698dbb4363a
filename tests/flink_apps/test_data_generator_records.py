from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flink_apps.common.taxi_trip import TRIP
from flink_apps.data_generator import records
from flink_apps.data_generator.job import TICK_MILLIS
from flink_apps.data_generator.main import sinks
from flink_apps.data_generator.profiles import MAX_RECORDS_PER_SECOND
from flink_apps.data_generator.records import (
    DEFAULT_RECORD_TYPE,
    RECORD_TYPES,
    RecordType,
    stock_price,
    taxi_ride,
    taxi_trip,
)
from flink_apps.data_generator.records.drawing import Choice, PackedNumbers
from flink_apps.data_generator.settings import Settings
from flink_apps.taxi_analytics import schema
from flink_apps.taxi_analytics.schema import TRIP as RIDE
from tests.flink_apps.slices import a_slice

every_type = pytest.mark.parametrize("record_type", RECORD_TYPES.values(), ids=RECORD_TYPES)
seeds = st.integers(min_value=0, max_value=2**32)
sizes = st.integers(min_value=0, max_value=2000)
#: Any hour of any day of a week without a change of the clocks.
nows = st.integers(min_value=0, max_value=7 * 24 - 1).map(
    lambda hours: datetime(2019, 1, 14, tzinfo=taxi_trip.NEW_YORK) + timedelta(hours=hours)
)
ONE_NOON = datetime(2019, 1, 15, 12, tzinfo=taxi_trip.NEW_YORK)


def unpacked(word: PackedNumbers, packed: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What the SQL expressions of a word give."""
    return {name: packed // word.unit(name) % size for name, size in word.sizes.items()}


def many_trips(now: datetime = ONE_NOON) -> Mapping[str, NDArray[Any]]:
    return taxi_trip.trips(numpy.random.default_rng(1), 50_000, now=now)


# Every type.


def test_every_file_of_the_folder_with_a_type_is_known() -> None:
    folder = Path(records.__file__).parent
    files = {file.stem for file in folder.glob("*.py")} - {"__init__", "record_type", "drawing"}
    assert {name.replace("-", "_") for name in RECORD_TYPES} - files == {"lottery_event", "lottery_user_event"}
    assert files - {name.replace("-", "_") for name in RECORD_TYPES} == {"lottery"}


@every_type
def test_every_record_has_the_key(record_type: RecordType) -> None:
    assert record_type.partition_key in record_type.keys


@every_type
def test_a_record_can_be_out_of_range(record_type: RecordType) -> None:
    assert any(field.out_of_range for field in record_type.fields)


@every_type
def test_a_slice_has_the_same_draws_whenever_it_comes(record_type: RecordType) -> None:
    first, second = (record_type.draw(a_slice(100, start=480)) for _ in range(2))
    numpy.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", [name for name in RECORD_TYPES if name != "lottery-event"])
def test_another_slice_has_other_draws(name: str) -> None:
    record_type = RECORD_TYPES[name]
    one, other = (record_type.draw(a_slice(100, start=start, first=start * 5))[-1] for start in (480, 500))
    assert list(one) != list(other)


@every_type
@given(seed=seeds, size=sizes)
def test_there_is_a_draw_for_every_record_in_the_type_that_crosses_to_the_jvm(
    record_type: RecordType, seed: int, size: int
) -> None:
    arrays = record_type.draw(a_slice(size, seed=seed))
    types = {"INT": "int32", "BIGINT": "int64"}
    assert [(len(array), array.dtype.name) for array in arrays] == [
        (size, types[drawn.type]) for drawn in record_type.drawn
    ]
    assert all((array >= 0).all() for array in arrays)


@every_type
def test_a_draw_that_is_the_key_of_a_map_comes_once_a_tick(record_type: RecordType) -> None:
    first, *others = record_type.draw(a_slice(10_000))
    assert not others or len(set(first)) == len(first)


def test_stock_prices_are_generated_unless_told_otherwise() -> None:
    assert DEFAULT_RECORD_TYPE.name == "stock-price"


@pytest.mark.parametrize(("name", "key_format"), [("stock-price", "raw"), ("taxi-trip", "csv")])
def test_the_key_in_kafka_is_text_also_where_it_is_a_number(name: str, key_format: str) -> None:
    groups = {"DataGen": {"record.type": name}, "KafkaSink": {"bootstrap.servers": "b-1:9098", "topic": "records"}}
    kafka = sinks(Settings.from_property_groups(groups))["kafka"]
    assert kafka.options["key.format"] == key_format
    assert kafka.options["key.fields"] == RECORD_TYPES[name].partition_key


# What they are drawn with.


def test_a_choice_gives_each_number_as_often_as_its_weight_says() -> None:
    drawn = Choice({3: 1, 7: 0, 5: 9}).draw(numpy.random.default_rng(1), 100_000)
    assert set(drawn) == {3, 5}
    assert (drawn == 5).mean() == pytest.approx(0.9, abs=0.01)


@given(data=st.data(), sizes=st.lists(st.integers(min_value=1, max_value=1000), min_size=1, max_size=6))
def test_a_word_gives_back_the_numbers_that_were_packed_into_it(data: st.DataObject, sizes: list[int]) -> None:
    word = PackedNumbers({f"number {index}": size for index, size in enumerate(sizes)})
    numbers = {
        name: numpy.array([data.draw(st.integers(min_value=0, max_value=size - 1)), size - 1])
        for name, size in word.sizes.items()
    }
    packed = word.pack(numbers)
    assert packed[1] == word.values - 1
    assert {name: list(values) for name, values in unpacked(word, packed).items()} == {
        name: list(values) for name, values in numbers.items()
    }


def test_sql_takes_a_number_out_of_a_word_by_its_place_and_size() -> None:
    assert PackedNumbers({"a": 10, "b": 7, "c": 3}).sql("c", "word") == "MOD(word / 70, 3)"


# Stock prices.


def test_there_are_20_tickers_and_a_price_from_0_to_100_with_2_decimals() -> None:
    assert len(set(stock_price.TICKERS)) == len(stock_price.TICKERS) == 20
    assert (stock_price.PRICES - 1) / stock_price.CENTS == 100


def test_a_price_fits_into_an_int() -> None:
    assert stock_price.DRAWS < 2**31


# Taxi trips.


def test_a_trip_has_the_19_fields_of_the_public_data_set() -> None:
    assert taxi_trip.TAXI_TRIP.columns == TRIP
    assert len(TRIP) == 19


@pytest.mark.parametrize("word", [taxi_trip.RIDE, taxi_trip.BILL])
def test_a_word_of_a_trip_fits_into_a_bigint(word: PackedNumbers) -> None:
    assert word.values <= 2**63


@given(seed=seeds, size=sizes, now=nows)
def test_the_words_of_a_trip_hold_all_its_numbers(seed: int, size: int, now: datetime) -> None:
    numbers = taxi_trip.trips(numpy.random.default_rng(seed), size, now=now)
    both = {**unpacked(taxi_trip.RIDE, taxi_trip.RIDE.pack(numbers))}
    both |= unpacked(taxi_trip.BILL, taxi_trip.BILL.pack(numbers))
    assert set(both) == set(numbers)
    for name, values in numbers.items():
        numpy.testing.assert_array_equal(both[name], values, name)


@given(seed=seeds, now=nows)
def test_every_number_of_a_trip_is_in_its_range(seed: int, now: datetime) -> None:
    numbers = taxi_trip.trips(numpy.random.default_rng(seed), 2000, now=now)
    ranges = {
        "ordinal": (0, 1999),
        "seconds": (60, 3 * 60 * 60),
        "hundredths_of_a_mile": (10, 6000),
        "pickup": (1, 265),
        "dropoff": (1, 265),
        "rate_code": (1, 5),
        "passengers": (0, 6),
        "vendor": (1, 2),
        "stored": (0, 1),
        "fare": (5, 399),
        "tip": (0, 5999),
        "tolls": (0, 1050),
        "extra": (0, 9),
        "tax": (0, 1),
        "payment": (1, 4),
    }
    assert set(ranges) == set(numbers)
    for name, (low, high) in ranges.items():
        assert low <= numbers[name].min(), name
        assert numbers[name].max() <= high, name


def test_the_dearest_trip_fits_into_its_word() -> None:
    far = numpy.array([float(taxi_trip.MAX_MILES)])
    slow = numpy.array([taxi_trip.MAX_SECONDS])
    codes = (taxi_trip.STANDARD, taxi_trip.TO_OR_FROM_JFK, taxi_trip.TO_OR_FROM_NEWARK, taxi_trip.NEGOTIATED)
    fares = [taxi_trip._fare(far, slow, numpy.array([code]))[0] for code in codes]
    assert max(fares) // taxi_trip.HALF_DOLLAR < taxi_trip.BILL.sizes["fare"]
    dearest = max(fares) + taxi_trip.RUSH_JFK_CENTS + taxi_trip.TAX_CENTS + taxi_trip.IMPROVEMENT_CENTS
    dearest += taxi_trip.NEWARK_TOLL_CENTS
    assert dearest * max(taxi_trip.TIPS.weights) // 100 < taxi_trip.BILL.sizes["tip"]


def test_a_millisecond_has_ids_enough_for_the_highest_rate() -> None:
    assert MAX_RECORDS_PER_SECOND <= 1000 * taxi_trip.IDS_PER_MILLI
    assert TICK_MILLIS <= taxi_trip.MAX_TICK_MILLIS


def test_there_are_69_zones_in_manhattan_and_none_is_named_twice() -> None:
    named = [zone for zones in taxi_trip.MANHATTAN.values() for zone in zones]
    assert len(named) == len(set(named)) == 69
    assert not set(named) & set(taxi_trip.PICKUPS_ELSEWHERE)


def test_every_zone_has_trips_and_the_hot_spots_have_most() -> None:
    for choice in (taxi_trip.PICKUPS, taxi_trip.DROPOFFS):
        assert set(choice.weights) == set(range(1, 266))
        assert min(choice.weights.values()) > 0
        assert max(choice.weights, key=lambda zone: choice.weights[zone]) in (161, 236, 237)


def test_the_tables_between_kinds_of_zones_are_the_same_there_and_back() -> None:
    for table in (taxi_trip.MEDIAN_MILES, taxi_trip.RATE_CODES, taxi_trip.TOLL_PERCENT):
        assert table == tuple(zip(*table, strict=True))
    assert len(taxi_trip.TRAFFIC) == 24


@pytest.mark.parametrize(
    ("miles", "minutes", "rate_code", "cents"),
    [
        (1.5, 4.5, taxi_trip.STANDARD, 250 + 50 * 8),  # in motion all the time: by the mile
        (1.5, 10.5, taxi_trip.STANDARD, 250 + 50 * (8 + 6)),  # stands for six minutes
        (17.0, 40, taxi_trip.TO_OR_FROM_JFK, 5200),
        (17.0, 40, taxi_trip.TO_OR_FROM_NEWARK, 250 + 50 * 85 + 1750),
        (1.0, 3, taxi_trip.NEGOTIATED, 500),  # 5.00 by the meter
        (1.2, 3, taxi_trip.NEGOTIATED, 1000),  # 5.50 by the meter
    ],
)
def test_the_fare_follows_the_tariff(miles: float, minutes: float, rate_code: int, cents: int) -> None:
    fare = taxi_trip._fare(numpy.array([miles]), numpy.array([minutes * 60]), numpy.array([rate_code]))
    assert list(fare) == [cents]


@pytest.mark.parametrize(
    ("hour", "day", "metered", "jfk"),
    [(12, 15, 0, 0), (18, 15, 2, 9), (18, 19, 0, 0), (22, 15, 1, 0), (3, 19, 1, 0)],
    ids=["noon", "rush hour", "evening of a Saturday", "night", "night of a Saturday"],
)
def test_the_surcharge_depends_on_the_hour_in_new_york(hour: int, day: int, metered: int, jfk: int) -> None:
    trips = many_trips(datetime(2019, 1, day, hour, tzinfo=taxi_trip.NEW_YORK))
    for rate_code, half_dollars in ((1, metered), (2, jfk), (3, 0), (5, 0)):
        assert set(trips["extra"][trips["rate_code"] == rate_code]) == {half_dollars}


def test_trips_are_faster_at_night_than_by_day() -> None:
    night = many_trips(datetime(2019, 1, 15, 4, tzinfo=taxi_trip.NEW_YORK))
    assert numpy.median(night["seconds"]) < 0.7 * numpy.median(many_trips()["seconds"])


def test_the_hour_is_that_of_new_york_whatever_the_machines_zone() -> None:
    assert datetime(2019, 7, 1, 16, tzinfo=UTC).astimezone(taxi_trip.NEW_YORK).hour == 12


def test_tips_are_of_cards_alone() -> None:
    trips = many_trips()
    assert set(trips["payment"][trips["tip"] > 0]) == {taxi_trip.CARD}


def test_no_tax_is_taken_for_newark_alone() -> None:
    trips = many_trips()
    assert set(trips["tax"][trips["rate_code"] == taxi_trip.TO_OR_FROM_NEWARK]) == {0}
    assert set(trips["tax"][trips["rate_code"] != taxi_trip.TO_OR_FROM_NEWARK]) == {1}


def test_the_flat_fare_is_between_manhattan_and_jfk() -> None:
    trips = many_trips()
    flat = trips["rate_code"] == taxi_trip.TO_OR_FROM_JFK
    ends = numpy.stack([trips["pickup"][flat], trips["dropoff"][flat]])
    assert flat.any()
    assert ((ends == taxi_trip.JFK).sum(axis=0) == 1).all()


@pytest.mark.parametrize(
    ("name", "unit", "low", "high"),
    [
        ("hundredths_of_a_mile", 100, 2.4, 3.4),
        ("seconds", 60, 11, 16),
        ("fare", 2, 11, 14),
        ("tip", 100, 1.5, 2.2),
        ("passengers", 1, 1.4, 1.8),
    ],
)
def test_averages_are_near_those_of_the_public_trips(name: str, unit: int, low: float, high: float) -> None:
    assert low < many_trips()[name].mean() / unit < high


# Taxi rides.


def test_a_ride_has_the_fields_that_the_taxi_analytics_want() -> None:
    assert taxi_ride.TAXI_RIDE.columns == RIDE


@pytest.mark.parametrize("word", [taxi_ride.RIDE, taxi_ride.BILL])
def test_a_word_of_a_ride_fits_into_a_bigint(word: PackedNumbers) -> None:
    assert word.values <= 2**63


@given(seed=seeds, size=sizes, now=nows)
def test_the_words_of_a_ride_hold_all_its_numbers(seed: int, size: int, now: datetime) -> None:
    numbers = taxi_ride.rides(numpy.random.default_rng(seed), size, now=now)
    both = {**unpacked(taxi_ride.RIDE, taxi_ride.RIDE.pack(numbers))}
    both |= unpacked(taxi_ride.BILL, taxi_ride.BILL.pack(numbers))
    assert {name: list(values) for name, values in both.items()} == {
        name: list(values) for name, values in numbers.items()
    }


def test_rides_lie_in_new_york_and_some_at_both_airports() -> None:
    numbers = taxi_ride.rides(numpy.random.default_rng(1), 50_000, now=ONE_NOON)
    box = schema.NEW_YORK
    assert (box.south, box.west) == (taxi_ride.SOUTH, taxi_ride.WEST)
    assert round((box.north - box.south) * taxi_ride.UNITS_PER_DEGREE) + 1 == taxi_ride.LATITUDES
    assert round((box.east - box.west) * taxi_ride.UNITS_PER_DEGREE) + 1 == taxi_ride.LONGITUDES
    latitude = taxi_ride.SOUTH + numbers["dropoff_latitude"] / taxi_ride.UNITS_PER_DEGREE
    longitude = taxi_ride.WEST + numbers["dropoff_longitude"] / taxi_ride.UNITS_PER_DEGREE
    for airport in schema.AIRPORTS.values():
        inside = (airport.south <= latitude) & (latitude <= airport.north)
        inside &= (airport.west <= longitude) & (longitude <= airport.east)
        assert 0.01 < inside.mean() < 0.05


def test_a_ride_takes_longer_in_the_afternoon_than_at_night() -> None:
    night, afternoon = (
        taxi_ride.rides(numpy.random.default_rng(1), 10_000, now=ONE_NOON.replace(hour=hour))["seconds"].mean()
        for hour in (4, 16)
    )
    assert night * 1.3 < afternoon
