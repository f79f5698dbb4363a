"""The Prometheus metrics for real: into a Prometheus, with nothing lost when a TaskManager is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from flink_apps.prometheus_metrics.schema import INSTANCE, METRICS
from local.run import LocalRun
from local.scenarios.prometheus_metrics.scenario import ALL
from local.services.prometheus import PrometheusService
from local.synth import synthesize
from stacks.project import ROOT
from tests.local.failures import kill_a_task_manager, restore, wait_for

pytestmark = pytest.mark.integration

#: As many sources as three generators can have, too.
GENERATORS, SOURCES_EACH, SAMPLES, PAUSE = 2, 480, 5, 10
CONTEXT = {
    "parallelism": GENERATORS,
    "sources": GENERATORS * SOURCES_EACH,
    "min-samples": SAMPLES,
    "max-samples": SAMPLES,
    "pause-millis": PAUSE,
    "checkpoint-seconds": 1,
}
#: Ticks until a generator comes back to a series: many more than are generated anew after a restart.
CYCLE = len(METRICS) * SOURCES_EACH
#: By which a restart is told from a tick that came a little late.
GAP_MILLIS = 1000


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run whose TaskManager was killed; its job has stopped with a savepoint, Prometheus still answers."""
    folder = tmp_path_factory.mktemp("run")
    context = {f"prometheus-metrics.{key}": str(value) for key, value in CONTEXT.items()}
    with LocalRun(synthesize("prometheus-metrics", context, folder / "cdk.out"), folder) as run:
        run.start()
        job, prometheus = run.submit(), run.service(PrometheusService)
        wait_for("all series", lambda: len(prometheus.series(ALL)) == GENERATORS * CYCLE)
        kill_a_task_manager(run, job)
        last = prometheus.count("CPU")
        wait_for("samples after the restart", lambda: prometheus.count("CPU") > last + 2 * SAMPLES * SOURCES_EACH)
        run.stop_job(job, drain=False)
        yield run


@pytest.fixture(scope="module")
def visits(run: LocalRun) -> dict[int, dict[int, int]]:
    """By generator, the times of all its ticks in milliseconds, each with the place of the series in the cycle.

    A tick's samples may be in two requests: of one that the loss has cut, the samples that came are no tick.
    """
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for series in run.service(PrometheusService).samples(ALL):
        generator, turn = divmod(int(series.labels[INSTANCE]), SOURCES_EACH)
        place = len(METRICS) * turn + METRICS.index(series.metric)
        for visit in runs([millis(at) for at, _ in series.samples]):
            assert len(visit) <= SAMPLES
            if len(visit) == SAMPLES:
                found[generator][visit[-1]] = place
    return found


def runs(times: list[int]) -> list[list[int]]:
    """The times in their order, divided wherever one does not follow on the one before by a millisecond."""
    divided: list[list[int]] = []
    for time in times:
        if divided and divided[-1][-1] == time - 1:
            divided[-1].append(time)
        else:
            divided.append([time])
    return divided


def millis(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def test_there_are_two_series_for_each_source(run: LocalRun) -> None:
    series = run.service(PrometheusService).series(ALL)
    assert {(one["__name__"], one[INSTANCE]) for one in series} == {
        (metric, str(instance)) for metric in METRICS for instance in range(GENERATORS * SOURCES_EACH)
    }


def test_no_sample_is_lost_with_a_task_manager(visits: dict[int, dict[int, int]]) -> None:
    """Every tick of the time line is there: before the loss, after it, or both."""
    for places in visits.values():
        before, after = around_the_gap(sorted(places))
        first, last = before[0], before[-1]
        ticks_before = {(time - first) // PAUSE for time in before}
        assert all(places[time] == (places[first] + (time - first) // PAUSE) % CYCLE for time in before)
        # Where the job went on: the latest tick with that place that leaves nothing out.
        end = (last - first) // PAUSE + 1
        again = (places[first] + end - places[after[0]]) % CYCLE
        assert again < CYCLE / 2, "ticks have been left out"
        ticks_after = {end - again + (time - after[0]) // PAUSE for time in after}
        assert ticks_before | ticks_after == set(range(max(ticks_after) + 1))


def around_the_gap(times: list[int]) -> tuple[list[int], list[int]]:
    """The times before and after the longest pause."""
    _, place = max((after - before, place) for place, (before, after) in enumerate(pairwise(times), start=1))
    assert times[place] - times[place - 1] > GAP_MILLIS
    return times[:place], times[place:]


def test_none_is_refused_when_a_savepoint_goes_on_with_another_task(
    run: LocalRun, visits: dict[int, dict[int, int]]
) -> None:
    """With three tasks most series come from another one than before, in all of its samples."""
    assert visits, "what the tests above look at is complete"
    another = run.cluster.new_task_manager(len(run.cluster.task_managers) + 1)
    run.cluster.task_managers.append(another)
    another.start()
    before = counts(run)
    job = restore(run, parallelism=GENERATORS + 1)
    wait_for("samples of all series", lambda: all(count > before[one] for one, count in counts(run).items()))
    assert len(job.metric_values("numSamplesOut")) == GENERATORS + 1
    for counter in ("numSamplesDropped", "numSamplesRefusedPerhapsStored", "numWriteRequestsPermanentlyFailed"):
        assert job.metric_values(counter) == [0] * (GENERATORS + 1)
    run.stop_job(job)


def counts(run: LocalRun) -> dict[tuple[str, str], int]:
    """How many samples each series has: by metric and instance."""
    prometheus = run.service(PrometheusService)
    return {
        (metric, series.labels[INSTANCE]): int(series.samples[0][1])
        for metric in METRICS
        for series in prometheus.query(f"count_over_time({metric}[1d])")
    }


def test_the_report_has_as_many_samples_as_prometheus_returns(tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    command = [sys.executable, "-m", "local", "run", "prometheus-metrics", "--duration", "8s", "--report", str(report)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "/graph?g0.expr=CPU" in done.stdout
    figures = json.loads(report.read_text())
    assert figures["records_in"] == figures["records_out"]["prometheus"] > 0
    assert figures["dead_letters"] == 0
    assert "Memory" in report.with_suffix(".html").read_text()
