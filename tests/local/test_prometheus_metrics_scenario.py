"""What the local run makes of the samples in Prometheus, without servers."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console, RenderableType

from flink_apps.common.ends.prometheus import CONNECTOR
from flink_apps.prometheus_metrics.metrics import SAMPLES_DROPPED, SAMPLES_PERHAPS_STORED
from flink_apps.prometheus_metrics.schema import INSTANCE
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios.prometheus_metrics.scenario import PAGE, PrometheusMetrics
from local.services.prometheus import Series

START = datetime(2024, 1, 31, 8, tzinfo=UTC)


def series(metric: str, instance: int, *values: float) -> Series:
    samples = tuple((START + timedelta(seconds=place), value) for place, value in enumerate(values))
    return Series(labels={"__name__": metric, INSTANCE: str(instance)}, samples=samples)


@dataclass
class FakePrometheus:
    """Series in memory."""

    held: list[Series] = field(default_factory=list)
    address: str = "http://127.0.0.1:9090"

    def samples(self, _selector: str) -> list[Series]:
        return self.held

    def count(self, metric: str) -> int:
        return sum(len(one.samples) for one in self.held if one.metric == metric)


class FakeCluster:
    """A cluster whose sink dropped one sample."""

    def final_count(self, _job: Job, name: str) -> int:
        return {SAMPLES_DROPPED: 1, SAMPLES_PERHAPS_STORED: 0}[name]


@dataclass
class FakeRun:
    folder: Path
    prometheus: FakePrometheus
    cluster: FakeCluster = field(default_factory=FakeCluster)

    def service(self, _kind: type) -> FakePrometheus:
        return self.prometheus


class FakeJob:
    """A job whose sink has read five samples."""

    def records_read(self, vertex: str) -> int:
        return {CONNECTOR: 5}[vertex]


@pytest.fixture
def run(tmp_path: Path) -> LocalRun:
    held = [series("Memory", 10, 0.5), series("CPU", 2, 0.25, 0.75), series("CPU", 10, 0.1)]
    return cast("LocalRun", FakeRun(tmp_path, FakePrometheus(held)))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, whose time a test may change."""
    now = [0.0]
    monkeypatch.setattr("local.scenarios.prometheus_metrics.scenario.time.monotonic", lambda: now[0])
    return now


def shown(what: Any) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(cast("RenderableType", what))
    return cast("io.StringIO", console.file).getvalue()


def test_at_first_the_address_is_told_where_the_series_are_drawn(run: LocalRun, later: list[float]) -> None:  # noqa: ARG001
    assert list(PrometheusMetrics(run).news()) == [
        "graphs: http://127.0.0.1:9090/graph?g0.expr=CPU&g0.tab=0&g0.range_input=5m"
    ]


def test_then_the_last_samples_are_shown_every_ten_seconds_by_instance(run: LocalRun, later: list[float]) -> None:
    scenario = PrometheusMetrics(run)
    list(scenario.news())
    later[0] = 9.9
    assert list(scenario.news()) == []
    later[0] = 10.0
    [table] = scenario.news()
    text = shown(table)
    assert re.findall(r'(\w+\{InstanceId="\d+"\}) +│ +(\d+) .*│ +(0\.\d+)', text) == [
        ('CPU{InstanceId="2"}', "2", "0.750"),
        ('CPU{InstanceId="10"}', "1", "0.100"),
        ('Memory{InstanceId="10"}', "1", "0.500"),
    ]


def test_the_outcome_is_what_left_the_generators_and_what_prometheus_returns(run: LocalRun) -> None:
    outcome = PrometheusMetrics(run).outcome(cast("Job", FakeJob()))
    assert (outcome.records_in, outcome.records_out, outcome.dead_letters) == (5, {"prometheus": 4}, 1)
    assert [str(account) for account in outcome.accounts] == ["5 = 4 stored + 1 dropped"]


def test_the_metrics_are_shown_in_figures_at_the_end(run: LocalRun) -> None:
    text = shown(PrometheusMetrics(run).epilogue())
    assert re.search(r"CPU +│ 2 +│ 3 +│ 0\.\d+ +│ 0\.100 +│ 0\.750", text)
    assert re.search(r"Memory +│ 1 +│ 1 +│ 0\.500", text)


def test_without_samples_there_is_nothing_to_show(tmp_path: Path) -> None:
    empty = cast("LocalRun", FakeRun(tmp_path, FakePrometheus()))
    assert PrometheusMetrics(empty).epilogue() is None


def test_a_page_shows_the_series(run: LocalRun, tmp_path: Path) -> None:
    assert PrometheusMetrics(run).page() == tmp_path / PAGE
    assert "CPU" in (tmp_path / PAGE).read_text()
