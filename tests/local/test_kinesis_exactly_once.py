"""Exactly once with Kinesis as the source: over stops, updates, scaling, lost machines, and shards split and merged.

Kinesis is a sink, too, and gets the dead letters: at least once.
"""

from __future__ import annotations

import base64
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from benchmarks.trips import trips as shipped_trips
from flink_apps.streaming_etl.settings import Settings
from local.counts import dead_letters
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios.streaming_etl.scenario import StreamingEtl
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.synth import synthesize
from stacks.streaming_etl import SINK_TOPIC
from tests.local.bad_trips import bad
from tests.local.balance import check_the_balance
from tests.local.failures import arrivals, kill_a_task_manager, stop_and_restore, wait_for
from tests.local.reshard import merge, open_shards, split
from tests.local.steady import at_a_steady_rate

pytestmark = pytest.mark.integration

TRIPS = 100_000
#: Each key has many trips, which must keep their order.
KEYS = 500
#: How many trips there are before the job's first checkpoint.
FIRST = 20_000
CHECKPOINT_SECONDS, LEAST_SECONDS = 20, 18
#: One record in so many is bad.
BAD_SHARE = 200
TRIPS_PER_SECOND = 2_000

#: A trip of a key: the key, and its place in the order of the key's trips.
Place = tuple[int, int]


@dataclass(frozen=True)
class Story:
    """What went in, and what is in the topic, in the order of each of its partitions."""

    sent: list[Place]
    arrived: list[Place]
    bad: set[bytes]
    #: The partition keys and places of the trips in the sink's stream, and the dead letters in theirs.
    stream: set[tuple[str, Place]]
    dead_letters: list[dict[str, Any]]
    shards: int


def keyed_trips() -> Iterator[tuple[str, bytes]]:
    """Trips with their partition keys; the amount says which of its key's trips one is."""
    drawn = random.Random(20240131)  # noqa: S311 - the same each time
    places: dict[int, int] = defaultdict(int)
    for line in shipped_trips(TRIPS):
        key = drawn.randrange(KEYS)
        trip = json.loads(line) | {"trip_id": key, "total_amount": float(places[key])}
        places[key] += 1
        yield str(key), json.dumps(trip, separators=(",", ":")).encode()


def place(value: bytes) -> Place:
    trip = json.loads(value)
    return trip["trip_id"], round(trip["total_amount"])


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("run")
    keys = {"source": "kinesis", "sinks": "kafka,kinesis", "dead-letters": "kinesis", "replay": "false"}
    keys |= {"parallelism": "2", "shards": "4", "checkpoint-seconds": str(CHECKPOINT_SECONDS)}
    context = {f"streaming-etl.{key}": value for key, value in keys.items()}
    with LocalRun(synthesize("streaming-etl", context, folder / "cdk.out"), folder) as run:
        # The first checkpoint comes at a random time between this pause and the interval.
        run.cluster.spec = replace(run.cluster.spec, min_pause_between_checkpoints_millis=LEAST_SECONDS * 1000)
        return tell(run)


def tell(run: LocalRun) -> Story:
    run.start()
    kinesis, kafka, scenario = run.service(KinesisService), run.service(KafkaService), StreamingEtl(run)
    stream = next(name for name in kinesis.stream_names() if name.startswith("Source"))
    trips = list(keyed_trips())
    wrong = [bad(number, trip) for number, (_, trip) in enumerate(trips[::BAD_SHARE])]
    records = list(trips)
    for number, value in enumerate(wrong):
        records.insert(number * (BAD_SHARE + 1), (f"bad-{number}", value))
    kinesis.write(stream, records[:FIRST])

    job = run.submit()
    wait_for("the first records", lambda: scenario.records_so_far(job) > 0)
    assert job.checkpoints_completed() == 0
    job = stop_and_restore(run, job)

    feeding = at_a_steady_rate(lambda batch: kinesis.write(stream, batch), records[FIRST:], per_second=TRIPS_PER_SECOND)
    split(kinesis, stream)
    kill_a_task_manager(run, job)
    split(kinesis, stream)
    job = stop_and_restore(run, job, parallelism=1)
    merge(kinesis, stream)
    split(kinesis, stream)
    job = stop_and_restore(run, job, parallelism=2)
    merge(kinesis, stream)
    split(kinesis, stream)
    feeding.join()

    arrived = arrivals(kafka, SINK_TOPIC)
    wait_for("the last trip", lambda: arrived() >= TRIPS, seconds=180)
    time.sleep(1)
    check_the_lag(kinesis, stream, job)
    run.stop_job(job)
    check_the_balance(scenario, job)
    settings = Settings.from_property_groups(run.property_groups())
    assert settings.kinesis is not None
    return Story(
        sent=[place(value) for _, value in trips],
        bad=set(wrong),
        stream={
            (record["PartitionKey"], place(record["Data"])) for _, record in kinesis.records(settings.kinesis.name)
        },
        dead_letters=list(dead_letters(run, settings.dead_letters)),
        arrived=[place(message.value() or b"") for message in kafka.records(SINK_TOPIC)],
        shards=len(kinesis.client.list_shards(StreamName=stream)["Shards"]),
    )


def check_the_lag(kinesis: KinesisService, stream: str, job: Job) -> None:
    """Both tasks of the source are behind nothing, and each shard says so where it does in Flink's own connector."""

    def lag(where: str) -> list[float]:
        return job.metric_values(f"{where}.millisBehindLatest")

    wait_for("the lag of both tasks", lambda: lag(f"kinesisanalytics.Stream.{stream}") == [0, 0])
    for shard in open_shards(kinesis, stream):
        assert lag(f"stream.{stream}.shardId.{shard['ShardId']}") == [0]


def test_the_topic_has_every_trip_exactly_once(story: Story) -> None:
    assert sorted(story.arrived) == sorted(story.sent)


def test_the_trips_of_a_key_keep_their_order(story: Story) -> None:
    places: dict[int, list[int]] = defaultdict(list)
    for key, number in story.arrived:
        places[key].append(number)
    assert [key for key, numbers in places.items() if numbers != sorted(numbers)] == []


def test_the_sinks_stream_has_every_trip_keyed_by_its_id(story: Story) -> None:
    assert story.stream == {(str(trip_id), (trip_id, number)) for trip_id, number in story.sent}


def test_every_bad_record_is_among_the_dead_letters(story: Story) -> None:
    assert {base64.b64decode(letter["raw"]) for letter in story.dead_letters} == story.bad
    assert all(letter["partition"].startswith("shardId-") for letter in story.dead_letters)


def test_shards_were_split_and_merged_on_the_way(story: Story) -> None:
    assert story.shards == 4 + 4 * 2 + 2
