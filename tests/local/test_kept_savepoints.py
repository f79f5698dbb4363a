"""Savepoints of earlier releases: this version's job goes on from them, on servers that have nothing yet.

Those of the lottery and of taxi analytics are what :mod:`test_lottery_exactly_once` and :mod:`test_taxi_analytics_run`
begin with.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.trips import trips
from local import upgrade
from local.run import LocalRun
from local.scenarios import scenario_type
from local.services.kinesis import KinesisService
from local.synth import synthesize
from local.upgrade import RELEASES, savepoint_of
from tests.local.balance import check_the_balance
from tests.local.failures import wait_for

pytestmark = pytest.mark.integration

#: What is fed to a job that reads something, and what another one makes by itself at least.
MORE = 200


@pytest.mark.parametrize("scenario", ["data-generator", "prometheus-metrics", "streaming-etl"])
@pytest.mark.parametrize("release", sorted(folder.name for folder in RELEASES.iterdir()))
def test_a_job_goes_on_from_the_savepoint_of_a_release(release: str, scenario: str, tmp_path: Path) -> None:
    savepoint, context = savepoint_of(release, scenario)
    with LocalRun(synthesize(scenario, context, tmp_path / "cdk.out"), tmp_path) as run:
        upgrade.prepare(run)
        run.start()
        job = run.submit(checkpoint=savepoint)
        measured = scenario_type(scenario)(run)
        if scenario == "streaming-etl":
            kinesis = run.service(KinesisService)
            stream = next(name for name in kinesis.stream_names() if name.startswith("Source"))
            kinesis.write(stream, [(str(json.loads(trip)["trip_id"]), trip) for trip in trips(MORE)])
        wait_for("what comes after the savepoint", lambda: measured.records_so_far(job) >= MORE)
        run.stop_job(job)
        check_the_balance(measured, job)
