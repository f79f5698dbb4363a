"""A load profile for real: a TaskManager is killed on the way up a ramp, and another one comes much later."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest

from flink_apps.data_generator.job import TICK_MILLIS
from flink_apps.data_generator.profiles import text as profile_text
from flink_apps.data_generator.records.taxi_trip import IDS_PER_MILLI, TAXI_TRIP
from local.run import LocalRun
from local.scenarios.data_generator.scenario import DataGenerator
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.synth import synthesize
from tests.local.failures import kill_a_task_manager, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.paced]

PROFILE = "ramp(from=0, to=1000, over=25s) then constant(rate=1000)"
DOWNTIME_SECONDS = 10
SECONDS_AFTER = 8
#: A backlog on a busy machine.
CATCH_UP_SECONDS = 240
#: Late ticks are late by so much on a busy machine.
LATE_SECONDS = 2


@dataclass(frozen=True)
class Trips:
    """What a sink holds: the id of each trip, and when it was made, in ms since 1970."""

    ids: list[int]
    made: list[int]

    def by_tick(self) -> Counter[int]:
        """How many different trips each tick has, by the tick's start on the time line."""
        return Counter(trip_id // IDS_PER_MILLI for trip_id in set(self.ids))

    def slip(self, killed: int, restarted: int) -> float:
        """Seconds that the time line is later after the restart than before the crash, where it is least late."""
        begins = [(made, made - trip_id // IDS_PER_MILLI) for trip_id, made in zip(self.ids, self.made, strict=True)]
        before = min(begin for made, begin in begins if made < killed)
        return (min(begin for made, begin in begins if made > restarted) - before) / 1000


@dataclass(frozen=True)
class Arrived:
    """What both sinks hold, and when the TaskManager was killed and the job ran again, in ms since 1970."""

    catch_up: bool
    killed: int
    restarted: int
    kafka: Trips
    kinesis: Trips


@pytest.fixture(scope="module", params=[False, True], ids=["giving-up", "catching-up"])
def arrived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arrived]:
    folder = tmp_path_factory.mktemp("run")
    context = {
        "data-generator.profile": PROFILE,
        "data-generator.catch-up": str(request.param).lower(),
        "data-generator.record-type": TAXI_TRIP.name,
        "data-generator.sinks": "kinesis,kafka",
        "data-generator.parallelism": "2",
        "data-generator.checkpoint-seconds": "2",
    }
    with LocalRun(synthesize("data-generator", context, folder / "cdk.out"), folder) as run:
        run.start()
        job, generator = run.submit(), DataGenerator(run)
        wait_for("the first trips", lambda: generator.records_so_far(job) > 0)
        wait_for("a part of the ramp", lambda: job.running_seconds() > 8)
        killed = now()
        kill_a_task_manager(run, job, downtime=DOWNTIME_SECONDS)
        restarted = now()
        kafka, kinesis = run.service(KafkaService), run.service(KinesisService)
        (topic,), (stream,) = kafka.topic_names(), kinesis.stream_names()

        def caught_up() -> bool:
            found = trips(kafka.values(topic))
            return max(found.made) > restarted and found.slip(killed, restarted) < LATE_SECONDS

        wait_for("the rest of the run", lambda: job.running_seconds() > SECONDS_AFTER)
        if request.param:
            wait_for("what was missed", caught_up, seconds=CATCH_UP_SECONDS)
        run.stop_job(job)
        yield Arrived(
            catch_up=request.param,
            killed=killed,
            restarted=restarted,
            kafka=trips(kafka.values(topic)),
            kinesis=trips(kinesis.values(stream)),
        )


def now() -> int:
    return time.time_ns() // 1_000_000


def trips(values: Iterable[bytes]) -> Trips:
    read = [json.loads(value) for value in values]
    return Trips([trip["trip_id"] for trip in read], [trip["dropoff_datetime"] for trip in read])


@pytest.mark.parametrize("sink", ["kafka", "kinesis"])
def test_every_tick_of_the_time_line_has_the_trips_of_the_profile(arrived: Arrived, sink: str) -> None:
    by_tick = getattr(arrived, sink).by_tick()
    profile = profile_text.parse(PROFILE)
    due = {
        start: profile.records_due(start_millis=start, end_millis=start + TICK_MILLIS)
        for start in range(0, max(by_tick) + 1, TICK_MILLIS)
    }
    assert by_tick == {start: count for start, count in due.items() if count}
    assert sum(by_tick.values()) == profile.records_due(start_millis=0, end_millis=max(by_tick) + TICK_MILLIS)


@pytest.mark.parametrize("sink", ["kafka", "kinesis"])
def test_what_the_downtime_missed_is_made_up_for_if_and_only_if_asked(arrived: Arrived, sink: str) -> None:
    slip = getattr(arrived, sink).slip(arrived.killed, arrived.restarted)
    if arrived.catch_up:
        assert slip < LATE_SECONDS
    else:
        assert slip > DOWNTIME_SECONDS - 1
