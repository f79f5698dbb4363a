"""How applications are: what the service says of each, beside the metrics of its job."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table

from ops.account import Account

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2.type_defs import ApplicationDetailTypeDef

NAMESPACE = "AWS/KinesisAnalytics"
#: Over which time restarts are counted, and a metric counts as current.
_WINDOW = timedelta(hours=1)
#: Counters of restarts: Flink 2.2 has the second one only.
_RESTARTS = ("fullRestarts", "numRestarts")
#: How far a source is behind: of Kinesis in milliseconds, of Kafka in records.
_LAGS = {"millisBehindLatest": "ms", "records_lag_max": "records"}
_STYLES = {"RUNNING": "green", "READY": "yellow"}


@dataclass(frozen=True, kw_only=True)
class Status:
    """One application. What nobody has measured is None."""

    application: str
    status: str
    version: int
    runtime: str
    #: With the one that orchestrates, which is billed, too.
    kpus: int
    since: datetime | None
    last_checkpoint: datetime | None
    lag: str | None
    restarts: int | None

    def json(self) -> dict[str, Any]:
        """As a script reads it: times in ISO 8601."""
        return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(self).items()}


def kpus(detail: ApplicationDetailTypeDef) -> int:
    """The KPUs that are billed while the application runs."""
    flink: Any = detail.get("ApplicationConfigurationDescription", {}).get(
        "FlinkApplicationConfigurationDescription", {}
    )
    parallelism = flink.get("ParallelismConfigurationDescription", {})
    tasks = int(parallelism.get("CurrentParallelism") or parallelism.get("Parallelism", 1))
    return math.ceil(tasks / int(parallelism.get("ParallelismPerKPU", 1))) + 1


def status(account: Account, name: str) -> Status:
    """Look at one application.

    Raises:
        UsageError: where there is none of this name.

    """
    _, detail = account.application(name)
    metrics = Metrics(account, name)
    running = detail["ApplicationStatus"] == "RUNNING"
    return Status(
        application=name,
        status=detail["ApplicationStatus"],
        version=detail["ApplicationVersionId"],
        runtime=detail["RuntimeEnvironment"],
        kpus=kpus(detail) if running else 0,
        since=detail.get("LastUpdateTimestamp"),
        last_checkpoint=metrics.latest("lastCheckpointDuration") if running else None,
        lag=metrics.lag() if running else None,
        restarts=metrics.rise(*_RESTARTS) if running else None,
    )


class Metrics:
    """CloudWatch's metrics of an application over the last hour."""

    def __init__(self, account: Account, application: str) -> None:
        """Nothing is asked yet."""
        self._client = account.client("cloudwatch")
        self._application = application

    def latest(self, metric: str) -> datetime | None:
        """When a metric was last reported."""
        return max((at for at, _ in self._points(metric)), default=None)

    def rise(self, *metrics: str) -> int | None:
        """By how much a counter has grown; that of the first metric that there is."""
        for metric in metrics:
            if values := [value for _, value in self._points(metric)]:
                return int(max(values) - min(values))
        return None

    def lag(self) -> str | None:
        """How far the source that is most behind is, by its latest value."""
        found = [f"{points[-1][1]:,.0f} {unit}" for metric, unit in _LAGS.items() if (points := self._points(metric))]
        return ", ".join(found) or None

    def _points(self, metric: str) -> list[tuple[datetime, float]]:
        """The maxima of each minute, the oldest first, over all series with this application."""
        try:
            series = self._series(metric)
            if not series:
                return []
            answer = self._client.get_metric_data(
                StartTime=datetime.now(UTC) - _WINDOW,
                EndTime=datetime.now(UTC),
                MetricDataQueries=[
                    {"Id": f"m{number}", "MetricStat": {"Metric": one, "Period": 60, "Stat": "Maximum"}}
                    for number, one in enumerate(series)
                ],
            )
        except (ClientError, BotoCoreError):  # the status is worth telling without them
            return []
        highest: dict[datetime, float] = {}
        for result in answer["MetricDataResults"]:
            for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                highest[at] = max(value, highest.get(at, value))
        return sorted(highest.items())

    def _series(self, metric: str) -> list[dict[str, Any]]:
        dimension = {"Name": "Application", "Value": self._application}
        pages = self._client.get_paginator("list_metrics").paginate(
            Namespace=NAMESPACE, MetricName=metric, Dimensions=[dimension]
        )
        return [
            {key: one[key] for key in ("Namespace", "MetricName", "Dimensions")}
            for page in pages
            for one in page["Metrics"]
        ]


def table(found: Iterable[Status]) -> Table:
    """One line for each application."""
    columns = (
        "application",
        "status",
        "version",
        "runtime",
        "KPUs",
        "since",
        "last checkpoint",
        "lag",
        "restarts in 1 h",
    )
    shown = Table()
    for column in columns:
        shown.add_column(column, overflow="fold")  # a name that is cut is none
    for one in found:
        shown.add_row(
            one.application,
            f"[{_STYLES.get(one.status, 'red')}]{one.status}[/]",
            str(one.version),
            one.runtime,
            str(one.kpus),
            _ago(one.since),
            _ago(one.last_checkpoint),
            one.lag or "-",
            "-" if one.restarts is None else str(one.restarts),
        )
    return shown


def _ago(at: datetime | None) -> str:
    if at is None:
        return "-"
    seconds = max(0, int((datetime.now(UTC) - at).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"
