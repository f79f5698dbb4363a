"""The names that dashboards and alarms use are those that the connectors, and the generator's job, register."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flink_apps.data_generator import metrics
from flink_apps.data_generator.job import Draw
from flink_apps.data_generator.profiles import constant
from flink_apps.data_generator.settings import Settings
from flink_apps.prometheus_metrics import metrics as prometheus
from flink_apps.replay import metrics as replay
from flink_apps.streaming_etl.metrics import BULK_BLOCKED, DOCUMENTS_REJECTED
from stacks.project import ROOT


@pytest.mark.parametrize(
    ("connector", "name"),
    [
        ("replaysource", replay.REPLAYED_EVENT_RATE),
        ("replaysource", replay.REPLAY_LAG_MILLIS),
        ("replaysource", replay.GAPS),
        ("replaysource", replay.OUT_OF_ORDER),
        ("replaysource", replay.UNTIMED),
        ("replaysource", replay.UNREAD_FILES),
        ("opensearch", DOCUMENTS_REJECTED),
        ("opensearch", BULK_BLOCKED),
        ("prometheus", prometheus.SAMPLES_OUT),
        ("prometheus", prometheus.REQUESTS_OUT),
        ("prometheus", prometheus.RETRIES),
        ("prometheus", prometheus.SAMPLES_DROPPED),
        ("prometheus", prometheus.SAMPLES_REFUSED),
        ("prometheus", prometheus.SAMPLES_EXHAUSTED),
        ("prometheus", prometheus.SAMPLES_PERHAPS_STORED),
        ("prometheus", prometheus.REQUESTS_FAILED),
    ],
)
def test_the_connector_registers_the_metric(connector: str, name: str) -> None:
    sources = (ROOT / "flink_apps" / "connectors" / connector / "src" / "main").rglob("*.java")
    assert f'"{name}"' in "".join(source.read_text(encoding="utf-8") for source in sources)


class Registry:
    """Stands for the context of a function and its metric group: notes what is registered, and where."""

    def __init__(self) -> None:
        self.groups: dict[str, Registry] = {}
        self.gauges: dict[str, Callable[[], int]] = {}
        self.counters: list[str] = []

    def get_metric_group(self) -> Registry:
        return self

    def add_group(self, name: str) -> Registry:
        return self.groups.setdefault(name, Registry())

    def counter(self, name: str) -> None:
        self.counters.append(name)

    def gauge(self, name: str, value: Callable[[], int]) -> None:
        self.gauges[name] = value


def test_the_generator_registers_its_metrics_in_the_group_that_is_handed_on() -> None:
    registry = Registry()
    Draw(settings=Settings(profile=constant(rate=10)), parallelism=2).open(registry)
    [(group, registered)] = registry.groups.items()
    assert group == metrics.METRIC_GROUP
    assert registered.counters == [metrics.RECORD_COUNT_METRIC]
    assert set(registered.gauges) == {metrics.RECORD_RATE_METRIC, metrics.PARALLELISM_METRIC}
    assert registered.gauges[metrics.PARALLELISM_METRIC]() == 2
