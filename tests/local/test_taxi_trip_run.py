"""Taxi trips in a real topic: what SQL makes of numpy's draws."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from flink_apps.data_generator.records.taxi_trip import IDS_PER_MILLI, TAXI_TRIP
from local.run import LocalRun
from local.scenarios.data_generator.scenario import records_generated
from local.services.kafka import KafkaService
from local.synth import synthesize

pytestmark = [pytest.mark.integration, pytest.mark.paced]

RATE = 5000
SECONDS = 5
PARTS = ("fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge")
AMOUNTS = (*PARTS, "total_amount")
WHOLE_NUMBERS = {
    "vendor_id": (1, 2),
    "passenger_count": (0, 6),
    "ratecode_id": (1, 5),
    "pickup_location_id": (1, 265),
    "dropoff_location_id": (1, 265),
    "payment_type": (1, 4),
}


@dataclass(frozen=True)
class Arrived:
    """What the topic held, and the times between which it was written, in ms since 1970."""

    began: int
    ended: int
    generated: int
    messages: list[tuple[bytes, bytes]]
    trips: list[dict[str, Any]]


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arrived]:
    folder = tmp_path_factory.mktemp("run")
    context = {
        "data-generator.record-type": "taxi-trip",
        "data-generator.sinks": "kafka",
        "data-generator.records-per-second": str(RATE),
        "data-generator.parallelism": "2",
    }
    with LocalRun(synthesize("data-generator", context, folder / "cdk.out"), folder) as run:
        run.start()
        began, counts = time.time_ns() // 1_000_000, [0]
        job, kafka = run.submit(), run.service(KafkaService)
        (topic,) = kafka.topic_names()
        deadline = time.monotonic() + 90
        while kafka.end_offsets(topic) < RATE * SECONDS:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        run.stop_job(job, watch=lambda: counts.append(records_generated(job)))
        messages = [(message.key(), message.value()) for message in kafka.records(topic)]
        trips = [json.loads(value) for _, value in messages]
        yield Arrived(began, time.time_ns() // 1_000_000, max(counts), messages, trips)


def test_the_topic_has_the_record_types_name(arrived: Arrived) -> None:
    assert len(arrived.trips) >= RATE * SECONDS


def test_every_trip_has_the_19_fields_in_their_order(arrived: Arrived) -> None:
    names = [column.name for column in TAXI_TRIP.columns]
    assert len(names) == 19
    assert all(list(trip) == names for trip in arrived.trips)


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_whole_number_is_in_its_range(arrived: Arrived, name: str) -> None:
    low, high = WHOLE_NUMBERS[name]
    values = [trip[name] for trip in arrived.trips]
    assert {type(value) for value in values} == {int}
    assert low <= min(values)
    assert max(values) <= high


def test_the_total_is_the_sum_of_its_parts_and_every_amount_has_at_most_two_decimals(arrived: Arrived) -> None:
    for trip in arrived.trips:
        cents = {name: round(trip[name] * 100) for name in AMOUNTS}
        assert [trip[name] for name in AMOUNTS] == [cents[name] / 100 for name in AMOUNTS]
        assert sum(cents[name] for name in PARTS) == cents["total_amount"]
        assert trip["fare_amount"] >= 2.5
        assert trip["improvement_surcharge"] == 0.3


def test_a_distance_has_at_most_two_decimals(arrived: Arrived) -> None:
    for trip in arrived.trips:
        assert 0.1 <= trip["trip_distance"] == round(trip["trip_distance"], 2) <= 60


def test_a_trip_ends_as_it_is_made_and_takes_a_minute_to_three_hours(arrived: Arrived) -> None:
    for trip in arrived.trips:
        assert arrived.began <= trip["dropoff_datetime"] <= arrived.ended
        assert 60_000 <= trip["dropoff_datetime"] - trip["pickup_datetime"] <= 3 * 3_600_000


def test_flag_and_type_are_the_public_data_sets(arrived: Arrived) -> None:
    assert {trip["store_and_fwd_flag"] for trip in arrived.trips} == {"N", "Y"}
    assert {trip["type"] for trip in arrived.trips} == {"yellow-trip"}


def test_no_two_trips_of_all_subtasks_have_the_same_id(arrived: Arrived) -> None:
    ids = {trip["trip_id"] for trip in arrived.trips}
    assert len(ids) == len(arrived.trips)
    assert max(ids) < (arrived.ended - arrived.began) * IDS_PER_MILLI


def test_the_key_is_the_trips_id_as_text(arrived: Arrived) -> None:
    assert all(key.decode() == str(json.loads(value)["trip_id"]) for key, value in arrived.messages)


def test_no_record_is_longer_than_the_streams_shards_are_reckoned_for(arrived: Arrived) -> None:
    assert max(len(key) + len(value) for key, value in arrived.messages) <= TAXI_TRIP.record_bytes


def test_the_metric_counts_every_trip(arrived: Arrived) -> None:
    # Flink's answer is what it knew a moment ago.
    assert len(arrived.trips) - 3 * RATE <= arrived.generated <= len(arrived.trips)
