"""The Prometheus metrics for real: into a Prometheus; nothing is lost when a TaskManager is, or the job is changed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from flink_apps.prometheus_metrics.schema import INSTANCE, METRICS
from flink_apps.prometheus_metrics.settings import DIVISOR, GROUP, MAX_SAMPLES, MIN_SAMPLES
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios.prometheus_metrics.scenario import ALL
from local.services.prometheus import PrometheusService
from local.synth import synthesize
from stacks.project import ROOT
from tests.local.changes import Change
from tests.local.failures import kill_a_task_manager, wait_for
from tests.local.rounds import Rounds, rounds

pytestmark = pytest.mark.integration

SOURCES, SAMPLES, PAUSE = 960, 5, 10
#: At first, and later.
GENERATORS, MORE_GENERATORS, FEWER_SAMPLES = 2, 3, 3
CONTEXT = {
    "parallelism": MORE_GENERATORS,
    "parallelism-per-kpu": 2,
    "sources": SOURCES,
    "min-samples": SAMPLES,
    "max-samples": SAMPLES,
    "pause-millis": PAUSE,
    "checkpoint-seconds": 1,
}
#: Ticks until a generator comes back to a series: many more than are generated anew after a restart.
CYCLE = len(METRICS) * SOURCES // GENERATORS
#: By which a restart is told from a tick that came a little late.
GAP_MILLIS = 1000
REFUSALS = ("numSamplesDropped", "numSamplesRefusedPerhapsStored", "numWriteRequestsPermanentlyFailed")

#: By generator, the times of its ticks in milliseconds, each with the place of the series in the cycle.
Visits = Mapping[int, Mapping[int, int]]


@dataclass
class Story:
    """What Prometheus has, by the parts of the run."""

    series: set[tuple[str, str]] = field(default_factory=set)
    #: From the beginning to the first savepoint; on the way a TaskManager was killed.
    killed: dict[int, dict[int, int]] = field(default_factory=dict)
    #: After each savepoint: what was changed, and what came until the next one.
    changed: dict[str, Visits] = field(default_factory=dict)
    #: How many samples or requests each task of the sink had refused.
    refusals: dict[str, list[list[float]]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("run")
    context = {f"prometheus-metrics.{key}": str(value) for key, value in CONTEXT.items()}
    with LocalRun(synthesize("prometheus-metrics", context, folder / "cdk.out"), folder) as run:
        run.start()
        with rounds(run) as application:
            return tell(run, application)


def tell(run: LocalRun, application: Rounds) -> Story:
    """Kill a TaskManager; then add a task, have one task write all samples, and have a tick give fewer of them."""
    story, prometheus = Story(), run.service(PrometheusService)
    job = application.begin(Change(parallelism=GENERATORS))
    wait_for("all series", lambda: len(prometheus.series(ALL)) == len(METRICS) * SOURCES)
    kill_a_task_manager(run, job)
    last = prometheus.count("CPU")
    wait_for("samples after the restart", lambda: prometheus.count("CPU") > last + SAMPLES * SOURCES)
    job = application.go_on(
        job,
        Change(parallelism=MORE_GENERATORS),
        meanwhile=lambda: story.killed.update(visits(run, generators=GENERATORS, samples=SAMPLES)),
    )
    before = counts(run)
    wait_for("samples of all series", lambda: all(count > before[one] for one, count in counts(run).items()))
    note_refusals(job, story, "another task")

    since = max(max(times) for times in story.killed.values()) + 1

    def note(name: str, samples: int) -> None:
        nonlocal since
        story.changed[name] = visits(run, generators=MORE_GENERATORS, samples=samples, since=since)
        since = now()

    job = application.go_on(
        job,
        Change(properties={GROUP: {DIVISOR.key: str(MORE_GENERATORS)}}),
        meanwhile=lambda: note("another task", SAMPLES),
    )
    wait_for("samples", lambda: sum(job.metric_values("numSamplesOut")) > SAMPLES * SOURCES)
    note_refusals(job, story, "one task of the sink")
    fewer = {option.key: str(FEWER_SAMPLES) for option in (MIN_SAMPLES, MAX_SAMPLES)}
    job = application.go_on(
        job, Change(properties={GROUP: fewer}), meanwhile=lambda: note("one task of the sink", SAMPLES)
    )
    wait_for("samples", lambda: sum(job.metric_values("numSamplesOut")) > SAMPLES * SOURCES)
    note_refusals(job, story, "fewer samples")
    run.stop_job(job)
    note("fewer samples", FEWER_SAMPLES)
    story.series = {(one["__name__"], one[INSTANCE]) for one in prometheus.series(ALL)}
    return story


def now() -> int:
    return time.time_ns() // 1_000_000


def note_refusals(job: Job, story: Story, name: str) -> None:
    story.refusals[name] = [job.metric_values(counter) for counter in REFUSALS]


def visits(run: LocalRun, *, generators: int, samples: int, since: int = 0) -> dict[int, dict[int, int]]:
    """The ticks of each generator since a time.

    A tick's samples may be in two requests: of one that the loss has cut, the samples that came are no tick.
    """
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for series in run.service(PrometheusService).samples(ALL):
        generator, turn = divmod(int(series.labels[INSTANCE]), SOURCES // generators)
        place = len(METRICS) * turn + METRICS.index(series.metric)
        for visit in runs([at for at in (millis(at) for at, _ in series.samples) if at >= since]):
            assert len(visit) <= samples
            if len(visit) == samples:
                found[generator][visit[-1]] = place
    return found


def runs(times: list[int]) -> list[list[int]]:
    """The times in their order, divided wherever one does not follow on the one before by a millisecond."""
    divided: list[list[int]] = []
    for at in times:
        if divided and divided[-1][-1] == at - 1:
            divided[-1].append(at)
        else:
            divided.append([at])
    return divided


def millis(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def counts(run: LocalRun) -> dict[tuple[str, str], int]:
    """How many samples each series has: by metric and instance."""
    prometheus = run.service(PrometheusService)
    return {
        (metric, series.labels[INSTANCE]): int(series.samples[0][1])
        for metric in METRICS
        for series in prometheus.query(f"count_over_time({metric}[1d])")
    }


def test_there_are_two_series_for_each_source(story: Story) -> None:
    assert story.series == {(metric, str(instance)) for metric in METRICS for instance in range(SOURCES)}


def ticks(places: Mapping[int, int]) -> set[int]:
    """The numbers of the ticks that a generator has emitted before the loss of a TaskManager, after it, or both."""
    before, after = around_the_gap(sorted(places))
    first, last = before[0], before[-1]
    assert places[first] == 0
    assert all(places[time] == ((time - first) // PAUSE) % CYCLE for time in before)
    # Where the job went on: the latest tick with that place that leaves nothing out.
    end = (last - first) // PAUSE + 1
    again = (end - places[after[0]]) % CYCLE
    assert again < CYCLE / 2, "ticks have been left out"
    return {(time - first) // PAUSE for time in before} | {end - again + (time - after[0]) // PAUSE for time in after}


def around_the_gap(times: list[int]) -> tuple[list[int], list[int]]:
    """The times before and after the longest pause."""
    _, place = max((after - before, place) for place, (before, after) in enumerate(pairwise(times), start=1))
    assert times[place] - times[place - 1] > GAP_MILLIS
    return times[:place], times[place:]


def test_no_sample_is_lost_with_a_task_manager(story: Story) -> None:
    """Every tick of the time line is there: before the loss, after it, or both."""
    assert len(story.killed) == GENERATORS
    for places in story.killed.values():
        assert ticks(places) == set(range(len(ticks(places))))


def test_each_tick_comes_once_when_a_savepoint_goes_on_with_changes(story: Story) -> None:
    """Every generator goes on with the tick after the last one before, whatever its share of the series is now."""
    [last] = {max(ticks(places)) for places in story.killed.values()}
    cycle = len(METRICS) * SOURCES // MORE_GENERATORS
    for places in story.changed.values():
        assert len(places) == MORE_GENERATORS
        [count] = {len(of_one) for of_one in places.values()}
        for of_one in places.values():
            in_order = [place for _, place in sorted(of_one.items())]
            assert in_order == [number % cycle for number in range(last + 1, last + 1 + count)]
        last += count


def test_none_is_refused_when_a_savepoint_goes_on_with_changes(story: Story) -> None:
    """With another number of tasks most series come from another one than before, in all of its samples."""
    assert story.refusals == {
        "another task": [[0] * MORE_GENERATORS] * len(REFUSALS),
        "one task of the sink": [[0]] * len(REFUSALS),
        "fewer samples": [[0]] * len(REFUSALS),
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
