"""Taxi analytics for real: Kinesis to OpenSearch, documents as the oracle has them, whatever is killed or changed."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from flink_apps.common.dead_letters import DeadLetterEnd
from flink_apps.taxi_analytics import rules
from flink_apps.taxi_analytics.job import PICKUP_COUNT, TRIP_DURATION
from flink_apps.taxi_analytics.metrics import LATE_TRIPS
from flink_apps.taxi_analytics.settings import DEAD_LETTERS, GROUP, OUT_OF_ORDER, Settings
from local.counts import dead_letters
from local.run import LocalRun
from local.scenarios.taxi_analytics.scenario import TaxiAnalytics
from local.services.kinesis import KinesisService
from local.services.opensearch import OpenSearchService
from local.synth import synthesize
from tests import taxi_oracle
from tests.local.balance import check_the_balance
from tests.local.changes import Change
from tests.local.failures import kill_a_task_manager, suspend_the_task_managers, wait_for
from tests.local.reshard import split
from tests.local.rounds import Rounds, rounds
from tests.local.steady import at_a_steady_rate

pytestmark = pytest.mark.integration

IDLE_SECONDS = 3
CONTEXT = {
    "producer": "none",
    "shards": "4",
    "parallelism": "3",
    "parallelism-per-kpu": "2",
    "checkpoint-seconds": "2",
    "idle-seconds": str(IDLE_SECONDS),
}
TRIPS_PER_SECOND = 300
SUSPENDED_SECONDS = 8
#: Enough for each shard to have some.
ENDS = 50
#: What is no trip, and refused while dead letters still go to S3.
BEGINNINGS = 10
#: Where dead letters go later.
STREAM = "dead-letters"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[LocalRun]:
    context = {f"taxi-analytics.{key}": value for key, value in CONTEXT.items()}
    with LocalRun(synthesize("taxi-analytics", context, tmp_path / "cdk.out"), tmp_path) as run:
        run.start()
        yield run


def refused(run: LocalRun, *ends: DeadLetterEnd) -> list[str]:
    """The reasons of all dead letters, wherever they went."""
    return [letter["reason"] for end in ends for letter in dead_letters(run, end)]


def end_of_dead_letters(run: LocalRun) -> DeadLetterEnd:
    return Settings.from_property_groups(run.property_groups()).dead_letters


def test_every_document_is_the_oracles_though_the_job_is_changed_shards_are_split_and_processes_killed(
    run: LocalRun,
) -> None:
    with rounds(run) as application:
        tell(run, application)


def tell(run: LocalRun, application: Rounds) -> None:
    kinesis, search = run.service(KinesisService), run.service(OpenSearchService)
    (stream,) = kinesis.stream_names()
    kinesis.create_stream(STREAM, 1)
    job = application.begin(Change(parallelism=2))
    lines = taxi_oracle.out_of_order(taxi_oracle.lines(), minutes=2)
    keyed = [(str(json.loads(line)["trip_id"]), line) for line in lines]
    # Every shard is idle when the first trips come, and is read at another moment than the others.
    wait_for("the job", lambda: job.running_seconds() > IDLE_SECONDS + 2)
    feed = at_a_steady_rate(lambda batch: kinesis.write(stream, batch), keyed, per_second=TRIPS_PER_SECOND)
    wait_for("early results", lambda: search.count(PICKUP_COUNT) > 0)
    assert feed.is_alive(), "documents come while their hours are open, and trips still come"
    files = end_of_dead_letters(run)
    beginnings = [(f"first-{number}", b"the beginning") for number in range(BEGINNINGS)]
    kinesis.write(stream, beginnings)
    wait_for("dead letters in files", lambda: bool(refused(run, files)))
    kinesis.write(stream, beginnings)
    # The writer of the files goes, and takes nothing with it: what it had is complete, and visible.
    elsewhere = {DEAD_LETTERS.bucket.bucket.key: None, DEAD_LETTERS.stream.stream.key: STREAM}
    job = application.go_on(job, Change(properties={GROUP: elsewhere}), allow_non_restored_state=True)
    ends = files, end_of_dead_letters(run)
    job = application.go_on(job, Change(parallelism=3))
    for number in (0, 2, 4, 6):  # each of the four: a split puts one more in front of the next
        split(kinesis, stream, number=number)
    suspend_the_task_managers(run, seconds=SUSPENDED_SECONDS)
    kill_a_task_manager(run, job)
    job = application.go_on(job, Change(properties={GROUP: {OUT_OF_ORDER.key: "180"}}))
    feed.hurry()

    # Behind the last trip of each shard: once they are refused, all before them has been read.
    kinesis.write(stream, [(f"last-{number}", b"the end") for number in range(ENDS)])
    not_late = len(beginnings) * 2 + ENDS
    wait_for("the ends of all shards", lambda: len(refused(run, *ends)) >= not_late)
    # The first one again, a day later.
    kinesis.write(stream, keyed[:1])
    wait_for("the late trip", lambda: rules.LATE in refused(run, *ends))
    wait_for("its metric", lambda: sum(job.metric_values(LATE_TRIPS)) > 0)
    late = sum(job.metric_values(LATE_TRIPS))
    # Every shard is idle by now: the last windows have to fire all the same.
    time.sleep(IDLE_SECONDS + 2)
    run.stop_job(job)
    check_the_balance(TaxiAnalytics(run), job, before={"account: rides": len(refused(run, files))})
    found = {
        index: {document["_id"]: document["_source"] for document in search.documents(index)}
        for index in (PICKUP_COUNT, TRIP_DURATION)
    }
    reasons = Counter(refused(run, *ends))
    assert (reasons.pop(rules.LATE), late) == (1, 1), "no other trip was late"
    assert reasons.total() == not_late, "none is lost, none came twice"
    taxi_oracle.compare(found, lines)
