"""Prometheus metrics: what a real Prometheus says of the samples that were written to it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table

from flink_apps.common.ends.prometheus import CONNECTOR
from flink_apps.prometheus_metrics.metrics import SAMPLES_DROPPED, SAMPLES_PERHAPS_STORED
from flink_apps.prometheus_metrics.schema import INSTANCE, METRICS
from local.account import Account
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios import Outcome, Scenario
from local.scenarios.prometheus_metrics import page
from local.services.prometheus import PrometheusService, Series

PAGE = "prometheus-metrics.html"
#: All series of the job.
ALL = f'{{__name__=~"{"|".join(METRICS)}"}}'
#: How often the running job's series are shown, and how many of each metric.
NEWS_SECONDS, SHOWN_INSTANCES = 10, 2


class PrometheusMetrics(Scenario):
    """Shows a few series while the job runs, and counts all samples at its end."""

    def __init__(self, run: LocalRun) -> None:
        """Nothing has been shown yet."""
        super().__init__(run)
        self._shown: float | None = None

    def news(self) -> Iterable[RenderableType]:
        """Where Prometheus draws the series, then the latest samples of a few."""
        prometheus, now = self.run.service(PrometheusService), time.monotonic()
        if self._shown is None:
            self._shown = now
            yield f"graphs: {prometheus.address}/graph?g0.expr={METRICS[0]}&g0.tab=0&g0.range_input=5m"
        elif now >= self._shown + NEWS_SECONDS:
            self._shown = now
            yield _latest(prometheus.samples(ALL))

    def records_so_far(self, job: Job) -> int:
        """The samples that the generators have handed to the sink."""
        return job.records_read(CONNECTOR)

    def outcome(self, job: Job) -> Outcome:
        """Count the samples that Prometheus returns; a dead letter is one that the sink has dropped."""
        handed_over = self.records_so_far(job)
        stored = sum(self.run.service(PrometheusService).count(metric) for metric in METRICS)
        dropped = self.run.cluster.final_count(job, SAMPLES_DROPPED)
        account = Account(
            title="account: prometheus",
            went_in=handed_over,
            came_out={"stored": stored, "dropped": dropped},
            at_least_once=True,
            unknown="refused, perhaps stored" if self.run.cluster.final_count(job, SAMPLES_PERHAPS_STORED) else None,
        )
        return Outcome(
            records_in=handed_over, records_out={"prometheus": stored}, dead_letters=dropped, accounts=(account,)
        )

    def epilogue(self) -> RenderableType | None:
        """The metrics in figures."""
        summary = page.summarize(page.series_by_metric(self._series()))
        table = Table("metric", "series", "samples", "average", "lowest", "highest", title="in Prometheus")
        for name, metric in summary.metrics.items():
            figures = (f"{value:.3f}" for value in (metric.average, metric.lowest, metric.highest))
            table.add_row(name, f"{metric.series:,}", f"{metric.samples:,}", *figures)
        return table if table.row_count else None

    def page(self) -> Path:
        """CPU and memory of all instances over time."""
        path = self.run.folder / PAGE
        page.write(path, series=self._series())
        return path

    def _series(self) -> list[Series]:
        return self.run.service(PrometheusService).samples(ALL)


def _latest(series: Iterable[Series]) -> Table:
    """The last sample of the first instances of either metric."""
    table = Table("series", "samples", "last at", "value")
    by_name = sorted(series, key=lambda one: (int(one.labels[INSTANCE]), one.metric))
    for one in by_name[: SHOWN_INSTANCES * len(METRICS)]:
        at, value = one.samples[-1]
        name = f'{one.metric}{{{INSTANCE}="{one.labels[INSTANCE]}"}}'
        table.add_row(name, f"{len(one.samples):,}", f"{at.astimezone():%H:%M:%S}", f"{value:.3f}")
    return table
