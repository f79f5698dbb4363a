"""Taxi trips by a load profile for real: a TaskManager is killed on the way up a ramp, and another comes much later.

Before and after that the application is changed. The same again by a job that makes up for what it missed. Each trip is
what SQL makes of numpy's draws.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from flink_apps.data_generator.job import TICK_MILLIS
from flink_apps.data_generator.profiles import text as profile_text
from flink_apps.data_generator.records.taxi_trip import IDS_PER_MILLI, TAXI_TRIP
from flink_apps.data_generator.settings import CATCH_UP, KINESIS_GROUP
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios.data_generator.scenario import DataGenerator
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.synth import synthesize
from tests.local.changes import Change
from tests.local.failures import add_a_task_manager, kill_a_task_manager, wait_for
from tests.local.rounds import Rounds, rounds

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

    def slip(self, began: int, killed: int, restarted: int) -> float:
        """Seconds that the time line is later after the restart than before the crash, where it is least late."""
        made, ids = self.made(), [int(trip["trip_id"]) for trip in self.trips]
        begins = [(at, at - trip_id // IDS_PER_MILLI) for at, trip_id in zip(made, ids, strict=True)]
        before = min(begin for at, begin in begins if began <= at < killed)
        return (min(begin for at, begin in begins if at > restarted) - before) / 1000


@dataclass(frozen=True)
class Arrived:
    """What both sinks hold, and when the TaskManager was killed and the job ran again, in ms since 1970."""

    catch_up: bool
    began: int
    joined: int
    """When the job began whose TaskManager was killed, with both sinks."""
    first: Mapping[str, int]
    """The position on the time line at which a sink became one."""
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
        yield run


@pytest.fixture(scope="module", params=[False, True], ids=["giving-up", "catching-up"])
def arrived(request: pytest.FixtureRequest, run: LocalRun) -> Arrived:
    with rounds(run) as application:
        return catching_up(run, application) if request.param else giving_up(run, application)


def catching_up(run: LocalRun, application: Rounds) -> Arrived:
    """Kill a TaskManager, and wait until the job has made up for it."""
    began = now()
    # As many tasks as slots: there is no job before the lost one's place is taken.
    tasks = sum(process.running for process in run.cluster.task_managers)
    job = application.begin(Change(properties=catch_up("true"), parallelism=tasks))
    killed, restarted = kill(run, job)

    def caught_up() -> bool:
        found = in_topic(run, began)
        return max(found.made()) > restarted and found.slip(began, killed, restarted) < LATE_SECONDS

    wait_for("what was missed", caught_up, seconds=CATCH_UP_SECONDS)
    run.stop_job(job)
    return tell(run, catch_up=True, began=began, joined=began, killed=killed, restarted=restarted)


def giving_up(run: LocalRun, application: Rounds) -> Arrived:
    """Add a sink, kill a TaskManager, add a task, and in the end have the job make up for what it misses."""
    began, stream = now(), run.property_groups()[KINESIS_GROUP]
    without = Change(properties={**catch_up("false"), KINESIS_GROUP: dict.fromkeys(stream)}, parallelism=2)
    job = application.begin(without)
    wait_for("the first trips", lambda: DataGenerator(run).records_so_far(job) > 0)
    before: list[tuple[Trips, int]] = []
    job = application.go_on(
        job, Change(properties={KINESIS_GROUP: stream}), meanwhile=lambda: before.append((in_topic(run, began), now()))
    )
    [(alone, joined)] = before
    killed, restarted = kill(run, job)
    add_a_task_manager(run)
    job = application.go_on(job, Change(parallelism=3))
    job = application.go_on(job, Change(properties=catch_up("true")))
    wait_for("the rest of the run", lambda: job.running_seconds() > SECONDS_AFTER)
    run.stop_job(job)
    first = {"kinesis": max(alone.by_tick()) + TICK_MILLIS}
    return tell(run, catch_up=False, began=began, joined=joined, killed=killed, restarted=restarted, first=first)


def catch_up(value: str) -> dict[str, dict[str, str]]:
    return {CATCH_UP.group: {CATCH_UP.key: value}}


def kill(run: LocalRun, job: Job) -> tuple[int, int]:
    """Kill a TaskManager in a part of the ramp, and wait for what comes after; gives both times."""
    wait_for("the first trips", lambda: DataGenerator(run).records_so_far(job) > 0)
    wait_for("a part of the ramp", lambda: job.running_seconds() > 5)
    killed = now()
    kill_a_task_manager(run, job, downtime=DOWNTIME_SECONDS)
    restarted = now()
    wait_for("trips after the restart", lambda: job.running_seconds() > SECONDS_AFTER)
    return killed, restarted


def tell(
    run: LocalRun,
    *,
    catch_up: bool,
    began: int,
    joined: int,
    killed: int,
    restarted: int,
    first: Mapping[str, int] | None = None,
) -> Arrived:
    """What has come of a job since it began."""
    kafka, kinesis = run.service(KafkaService), run.service(KinesisService)
    (topic,), (stream,) = kafka.topic_names(), kinesis.stream_names()
    messages = [(message.key() or b"", message.value() or b"") for message in kafka.records(topic)]
    return Arrived(
        catch_up=catch_up,
        began=began,
        joined=joined,
        first=first or {},
        killed=killed,
        restarted=restarted,
        ended=now(),
        kafka=trips((value for _, value in messages), began),
        kinesis=trips(kinesis.values(stream), began),
        messages=messages,
    )


def in_topic(run: LocalRun, began: int) -> Trips:
    """The trips that the topic has of the job that began then."""
    kafka = run.service(KafkaService)
    (topic,) = kafka.topic_names()
    return trips(kafka.values(topic), began)


def now() -> int:
    return time.time_ns() // 1_000_000


def trips(values: Iterable[bytes], began: int) -> Trips:
    """The trips that were made since a time: those of an earlier job are in the same topic and stream."""
    return Trips([trip for trip in map(json.loads, values) if trip["dropoff_datetime"] >= began])


# The profile.


@pytest.mark.parametrize("sink", ["kafka", "kinesis"])
def test_every_tick_of_the_time_line_has_the_trips_of_the_profile_since_the_sink_is_one(
    arrived: Arrived, sink: str
) -> None:
    by_tick, first = getattr(arrived, sink).by_tick(), arrived.first.get(sink, 0)
    profile = profile_text.parse(PROFILE)
    due = {
        start: profile.records_due(start_millis=start, end_millis=start + TICK_MILLIS)
        for start in range(first, max(by_tick) + 1, TICK_MILLIS)
    }
    assert by_tick == {start: count for start, count in due.items() if count}, "no two trips have the same id"
    assert sum(by_tick.values()) == profile.records_due(start_millis=first, end_millis=max(by_tick) + TICK_MILLIS)


@pytest.mark.parametrize("sink", ["kafka", "kinesis"])
def test_what_the_downtime_missed_is_made_up_for_if_and_only_if_asked(arrived: Arrived, sink: str) -> None:
    slip = getattr(arrived, sink).slip(arrived.joined, arrived.killed, arrived.restarted)
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
