"""Taxi trips by a load profile for real: a TaskManager is killed on the way up a ramp, and another comes much later.

The same again by a job that makes up for what it missed. Each trip is what SQL makes of numpy's draws.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from flink_apps.data_generator.job import TICK_MILLIS
from flink_apps.data_generator.profiles import text as profile_text
from flink_apps.data_generator.records.taxi_trip import IDS_PER_MILLI, TAXI_TRIP
from flink_apps.data_generator.settings import CATCH_UP
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios.data_generator.scenario import DataGenerator
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.synth import synthesize
from tests.local.failures import kill_a_task_manager, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.paced]

PROFILE = "ramp(from=0, to=1000, over=25s) then constant(rate=1000)"
DOWNTIME_SECONDS = 6
SECONDS_AFTER = 4
#: A backlog on a busy machine.
CATCH_UP_SECONDS = 240
#: Late ticks are late by so much on a busy machine.
LATE_SECONDS = 2

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
class Trips:
    """The trips that a sink has of a job."""

    trips: list[dict[str, Any]]

    def by_tick(self) -> Counter[int]:
        """How many different trips each tick has, by the tick's start on the time line."""
        return Counter(trip_id // IDS_PER_MILLI for trip_id in {trip["trip_id"] for trip in self.trips})

    def made(self) -> list[int]:
        """When each trip was made, in ms since 1970."""
        return [trip["dropoff_datetime"] for trip in self.trips]

    def slip(self, killed: int, restarted: int) -> float:
        """Seconds that the time line is later after the restart than before the crash, where it is least late."""
        made, ids = self.made(), [int(trip["trip_id"]) for trip in self.trips]
        begins = [(at, at - trip_id // IDS_PER_MILLI) for at, trip_id in zip(made, ids, strict=True)]
        before = min(begin for at, begin in begins if at < killed)
        return (min(begin for at, begin in begins if at > restarted) - before) / 1000


@dataclass(frozen=True)
class Arrived:
    """What both sinks hold, and when the TaskManager was killed and the job ran again, in ms since 1970."""

    catch_up: bool
    began: int
    killed: int
    restarted: int
    ended: int
    kafka: Trips
    kinesis: Trips
    messages: list[tuple[bytes, bytes]]
    """The keys and values in the topic."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    folder = tmp_path_factory.mktemp("run")
    context = {
        "data-generator.profile": PROFILE,
        "data-generator.record-type": TAXI_TRIP.name,
        "data-generator.sinks": "kinesis,kafka",
        "data-generator.parallelism": "2",
        "data-generator.checkpoint-seconds": "2",
    }
    with LocalRun(synthesize("data-generator", context, folder / "cdk.out"), folder) as run:
        run.start()
        run.assembly.unpack_code(folder / "code")
        yield run


@pytest.fixture(scope="module", params=[False, True], ids=["giving-up", "catching-up"])
def arrived(request: pytest.FixtureRequest, run: LocalRun) -> Arrived:
    groups = run.property_groups()
    groups[CATCH_UP.group] |= {CATCH_UP.key: str(request.param).lower()}
    began = now()
    return tell(run, run.cluster.submit(run.folder / "code", groups), began=began, catch_up=request.param)


def tell(run: LocalRun, job: Job, *, began: int, catch_up: bool) -> Arrived:
    """Kill a TaskManager of the job, and wait for what comes after; gives what has come of this job."""
    generator = DataGenerator(run)
    wait_for("the first trips", lambda: generator.records_so_far(job) > 0)
    wait_for("a part of the ramp", lambda: job.running_seconds() > 5)
    killed = now()
    kill_a_task_manager(run, job, downtime=DOWNTIME_SECONDS)
    restarted = now()
    kafka, kinesis = run.service(KafkaService), run.service(KinesisService)
    (topic,), (stream,) = kafka.topic_names(), kinesis.stream_names()

    def caught_up() -> bool:
        found = trips(kafka.values(topic), began)
        return max(found.made()) > restarted and found.slip(killed, restarted) < LATE_SECONDS

    wait_for("the rest of the run", lambda: job.running_seconds() > SECONDS_AFTER)
    if catch_up:
        wait_for("what was missed", caught_up, seconds=CATCH_UP_SECONDS)
    run.stop_job(job)
    messages = [(message.key() or b"", message.value() or b"") for message in kafka.records(topic)]
    return Arrived(
        catch_up=catch_up,
        began=began,
        killed=killed,
        restarted=restarted,
        ended=now(),
        kafka=trips((value for _, value in messages), began),
        kinesis=trips(kinesis.values(stream), began),
        messages=messages,
    )


def now() -> int:
    return time.time_ns() // 1_000_000


def trips(values: Iterable[bytes], began: int) -> Trips:
    """The trips that were made since a time: those of an earlier job are in the same topic and stream."""
    return Trips([trip for trip in map(json.loads, values) if trip["dropoff_datetime"] >= began])


# The profile.


@pytest.mark.parametrize("sink", ["kafka", "kinesis"])
def test_every_tick_of_the_time_line_has_the_trips_of_the_profile(arrived: Arrived, sink: str) -> None:
    by_tick = getattr(arrived, sink).by_tick()
    profile = profile_text.parse(PROFILE)
    due = {
        start: profile.records_due(start_millis=start, end_millis=start + TICK_MILLIS)
        for start in range(0, max(by_tick) + 1, TICK_MILLIS)
    }
    assert by_tick == {start: count for start, count in due.items() if count}, "no two trips have the same id"
    assert sum(by_tick.values()) == profile.records_due(start_millis=0, end_millis=max(by_tick) + TICK_MILLIS)


@pytest.mark.parametrize("sink", ["kafka", "kinesis"])
def test_what_the_downtime_missed_is_made_up_for_if_and_only_if_asked(arrived: Arrived, sink: str) -> None:
    slip = getattr(arrived, sink).slip(arrived.killed, arrived.restarted)
    if arrived.catch_up:
        assert slip < LATE_SECONDS
    else:
        assert slip > DOWNTIME_SECONDS - 1


# The trips.


def test_every_trip_has_the_19_fields_in_their_order(arrived: Arrived) -> None:
    names = [column.name for column in TAXI_TRIP.columns]
    assert len(names) == 19
    assert all(list(trip) == names for trip in arrived.kafka.trips)


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_whole_number_is_in_its_range(arrived: Arrived, name: str) -> None:
    low, high = WHOLE_NUMBERS[name]
    values = [trip[name] for trip in arrived.kafka.trips]
    assert {type(value) for value in values} == {int}
    assert low <= min(values)
    assert max(values) <= high


def test_the_total_is_the_sum_of_its_parts_and_every_amount_has_at_most_two_decimals(arrived: Arrived) -> None:
    for trip in arrived.kafka.trips:
        cents = {name: round(trip[name] * 100) for name in AMOUNTS}
        assert [trip[name] for name in AMOUNTS] == [cents[name] / 100 for name in AMOUNTS]
        assert sum(cents[name] for name in PARTS) == cents["total_amount"]
        assert trip["fare_amount"] >= 2.5
        assert trip["improvement_surcharge"] == 0.3


def test_a_distance_has_at_most_two_decimals(arrived: Arrived) -> None:
    for trip in arrived.kafka.trips:
        assert 0.1 <= trip["trip_distance"] == round(trip["trip_distance"], 2) <= 60


def test_a_trip_ends_as_it_is_made_and_takes_a_minute_to_three_hours(arrived: Arrived) -> None:
    for trip in arrived.kafka.trips:
        assert arrived.began <= trip["dropoff_datetime"] <= arrived.ended
        assert 60_000 <= trip["dropoff_datetime"] - trip["pickup_datetime"] <= 3 * 3_600_000


def test_flag_and_type_are_the_public_data_sets(arrived: Arrived) -> None:
    assert {trip["store_and_fwd_flag"] for trip in arrived.kafka.trips} == {"N", "Y"}
    assert {trip["type"] for trip in arrived.kafka.trips} == {"yellow-trip"}


def test_no_id_is_of_a_time_to_come(arrived: Arrived) -> None:
    assert max(trip["trip_id"] for trip in arrived.kafka.trips) < (arrived.ended - arrived.began) * IDS_PER_MILLI


def test_the_key_is_the_trips_id_as_text(arrived: Arrived) -> None:
    assert all(key.decode() == str(json.loads(value)["trip_id"]) for key, value in arrived.messages)


def test_no_record_is_longer_than_the_streams_shards_are_reckoned_for(arrived: Arrived) -> None:
    assert max(len(key) + len(value) for key, value in arrived.messages) <= TAXI_TRIP.record_bytes
