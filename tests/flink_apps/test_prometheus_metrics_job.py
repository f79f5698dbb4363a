"""The samples that the generators make, by Flink in an embedded cluster: their series, times and values."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from flink_apps.prometheus_metrics.schema import INSTANCE, METRICS
from flink_apps.prometheus_metrics.settings import GROUP
from flink_constructs.connector_jar import ConnectorJar
from tests.flink_apps.embedded import ROOT, rows, run_to_end

pytestmark = pytest.mark.integration

SOURCES, PAUSE, TICKS = 6, 5, 300
FEWEST, MOST = 2, 5
PROPERTIES = {
    "PrometheusWriteUrl": "http://127.0.0.1:9/api/v1/write",
    "Region": "eu-west-1",
    "GeneratorNumberOfDummySources": str(SOURCES),
    "GeneratorPauseBetweenTimeSeriesMs": str(PAUSE),
    "GeneratorMinNrOfSamplesPerTimeSeries": str(FEWEST),
    "GeneratorMaxNrOfSamplesPerTimeSeries": str(MOST),
}
Series = tuple[str, str]
Visit = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Generated:
    """The samples of a job with so many generators, in the order of each series."""

    generators: int
    samples: dict[Series, Visit]

    def visits(self, series: Series) -> list[Visit]:
        """The samples of a series, as they were generated together: a millisecond apart."""
        visits: list[Visit] = []
        for sample in self.samples[series]:
            if visits and sample["timestamp"] == visits[-1][-1]["timestamp"] + 1:
                visits[-1].append(sample)
            else:
                visits.append([sample])
        return visits


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Generated]:
    folder = tmp_path_factory.mktemp("samples")
    jar = ConnectorJar(project=ROOT / "flink_apps", module="prometheus_metrics").build(ROOT / "build" / "jars")
    orders = [
        {
            "groups": {GROUP: PROPERTIES},
            "parallelism": parallelism,
            "ticks": TICKS,
            "folder": str(folder / str(parallelism)),
        }
        for parallelism in (1, 2)
    ]
    run_to_end("prometheus_metrics_job.py", jar, orders, folder / "log")
    generated = {}
    for parallelism in (1, 2):
        samples: dict[Series, Visit] = defaultdict(list)
        for sample in rows(folder / str(parallelism)):
            assert list(sample["labels"]) == [INSTANCE]
            samples[sample["metric_name"], sample["labels"][INSTANCE]].append(sample)
        generated[parallelism] = Generated(generators=parallelism, samples=samples)
    return generated


@pytest.fixture(params=[1, 2], ids=["one task", "two tasks"])
def generated(jobs: dict[int, Generated], request: pytest.FixtureRequest) -> Generated:
    return jobs[request.param]


def test_each_instance_has_a_series_of_either_metric(generated: Generated) -> None:
    assert set(generated.samples) == {(metric, str(instance)) for metric in METRICS for instance in range(SOURCES)}


def test_with_every_tick_each_generator_has_one_series_of_all_its_own_in_turn(generated: Generated) -> None:
    each = TICKS * generated.generators / len(METRICS) / SOURCES
    assert {series: len(generated.visits(series)) for series in generated.samples} == dict.fromkeys(
        generated.samples, each
    )


def test_a_series_is_generated_again_after_all_others_of_its_generator(generated: Generated) -> None:
    turn = len(METRICS) * SOURCES // generated.generators * PAUSE
    for series in generated.samples:
        ends = [visit[-1]["timestamp"] for visit in generated.visits(series)]
        # Only a machine that lags far behind gives up some of the time between.
        assert all(after - before >= turn for before, after in pairwise(ends)), series
        assert Counter(after - before for before, after in pairwise(ends)).most_common(1)[0][0] == turn, series


def test_samples_of_a_series_are_in_the_order_of_their_times(generated: Generated) -> None:
    for series, samples in generated.samples.items():
        assert all(before["timestamp"] < after["timestamp"] for before, after in pairwise(samples)), series


def test_every_allowed_number_of_samples_comes_and_no_other(generated: Generated) -> None:
    sizes = Counter(len(visit) for series in generated.samples for visit in generated.visits(series))
    assert set(sizes) == set(range(FEWEST, MOST + 1))


def test_values_are_uniform_from_zero_to_one(generated: Generated) -> None:
    values = [sample["value"] for samples in generated.samples.values() for sample in samples]
    assert all(0 <= value < 1 for value in values)
    assert len(set(values)) == len(values)
    assert sum(values) / len(values) == pytest.approx(0.5, abs=0.06)
