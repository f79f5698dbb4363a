"""Savepoints of earlier releases: this version's jobs go on from them, on servers that have nothing yet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.trips import trips
from flink_apps.lottery.schema import BUY, CLICK
from flink_apps.lottery.settings import Settings as LotterySettings
from flink_apps.taxi_analytics.job import PICKUP_COUNT, TRIP_DURATION
from local import upgrade
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios import scenario_type
from local.scenarios.lottery.events import click
from local.services.kinesis import KinesisService
from local.services.opensearch import OpenSearchService
from local.synth import synthesize
from local.upgrade import RELEASES, savepoint_of
from tests import taxi_oracle
from tests.local.balance import check_the_balance
from tests.local.failures import wait_for
from tools.savepoints import RECORDS

pytestmark = pytest.mark.integration

#: What is fed to a job that reads something, and what another one makes by itself at least.
MORE = 200


@pytest.fixture(params=sorted(folder.name for folder in RELEASES.iterdir()))
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def restored(scenario: str, release: str, folder: Path) -> Iterator[tuple[LocalRun, Job, list[bytes]]]:
    """The job that goes on from the savepoint of a release, and the records that it had read before."""
    savepoint, context = savepoint_of(release, scenario)
    with LocalRun(synthesize(scenario, context, folder / "cdk.out"), folder) as run:
        upgrade.prepare(run)
        run.start()
        lines = (savepoint / RECORDS).read_text().splitlines()
        # State that would be dropped is refused.
        yield run, run.submit(checkpoint=savepoint), [json.loads(line)["value"].encode() for line in lines]


def stop(scenario: str, run: LocalRun, job: Job, processed: int, *, accounted: bool = True) -> None:
    """Let the job process so much, and account for it, unless more comes out than went in since the savepoint."""
    measured = scenario_type(scenario)(run)
    wait_for("what comes after the savepoint", lambda: measured.records_so_far(job) >= processed)
    wait_for("all tasks", lambda: job.running_seconds() > 0)
    run.stop_job(job)
    if accounted:
        check_the_balance(measured, job)


@pytest.mark.parametrize("scenario", ["data-generator", "prometheus-metrics"])
def test_a_generator_goes_on(release: str, scenario: str, tmp_path: Path) -> None:
    with restored(scenario, release, tmp_path) as (run, job, _):
        stop(scenario, run, job, MORE)


def test_the_etl_has_what_comes_after_the_savepoint_and_nothing_of_before(release: str, tmp_path: Path) -> None:
    with restored("streaming-etl", release, tmp_path) as (run, job, _):
        kinesis = run.service(KinesisService)
        stream = next(name for name in kinesis.stream_names() if name.startswith("Source"))
        kinesis.write(stream, [(str(number), trip) for number, trip in enumerate(trips(MORE))])
        stop("streaming-etl", run, job, MORE)


def test_the_lotterys_players_have_the_coupons_that_they_had_left_and_its_open_window_is_drawn(
    release: str, tmp_path: Path
) -> None:
    with restored("lottery", release, tmp_path) as (run, job, records):
        events = [json.loads(record) for record in records]
        left = Counter({event["userId"]: event["purchasedCoupons"] for event in events if event["type"] == BUY})
        before = [event for event in events if event["type"] == CLICK]
        left.subtract(event["userId"] for event in before)
        streams, kinesis = (
            LotterySettings.from_property_groups(run.property_groups()).streams,
            run.service(KinesisService),
        )
        later = max(event["timestamp"] for event in before) + 60_000
        for number in range(max(left.values()) + 1):  # the last click of each is one too many
            clicks = [click(player, 1, later + number) for player in left]
            kinesis.write(streams.user_input.name, [(event.key, event.value) for event in clicks])
        stop("lottery", run, job, (max(left.values()) + 1) * len(left), accounted=False)
        winners, rejected = (
            [json.loads(value) for value in set(kinesis.values(one.name))]
            for one in (streams.winners, streams.rejected)
        )
        assert sorted(winner["clicks"] for winner in winners) == [len(before), left.total()]
        reasons = Counter((json.loads(one["event"])["userId"], one["reason"]) for one in rejected)
        assert reasons == dict.fromkeys(((player, "no-coupon") for player in left), 1)


def test_taxi_analytics_counts_on_in_the_windows_that_were_open(release: str, tmp_path: Path) -> None:
    with restored("taxi-analytics", release, tmp_path) as (run, job, records):
        more = [line for line in taxi_oracle.lines()[: 5 * len(records)] if line not in records]
        kinesis, search = run.service(KinesisService), run.service(OpenSearchService)
        (stream,) = kinesis.stream_names()
        kinesis.write(stream, [(str(json.loads(line)["trip_id"]), line) for line in more])
        stop("taxi-analytics", run, job, len(more), accounted=False)
        found = {
            index: {document["_id"]: document["_source"] for document in search.documents(index)}
            for index in (PICKUP_COUNT, TRIP_DURATION)
        }
        taxi_oracle.compare(found, [*records, *more])
