"""The dashboard of the Prometheus metrics' job: samples and requests, from the generators into the workspace."""

from __future__ import annotations

from dashboards.scenario import ScenarioDashboard
from dashboards.widgets import Graph
from flink_apps.prometheus_metrics import metrics
from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication

#: The heading of the dashboard.
TITLE = "Prometheus metrics"


def add_sections(
    dashboard: ScenarioDashboard,
    *,
    application: FlinkApplication,
) -> None:
    """Add the samples and requests, and the application; what the samples say is for Grafana.

    Args:
        dashboard: What they are added to, from top to bottom.
        application: The job.

    """
    dashboard.add_section("Remote write", [_samples(application), _requests(application), _dropped(application)])
    dashboard.add_application(application)


def _samples(application: FlinkApplication) -> Graph:
    """The two lines are one as long as Prometheus keeps up."""
    return Graph(
        title="Samples (in 5 minutes)",
        left=[
            metric_math.total_increase(application, metrics.GENERATED_SAMPLES, label="generated"),
            metric_math.total_increase(application, metrics.SAMPLES_OUT, label="accepted by Prometheus"),
        ],
    )


def _requests(application: FlinkApplication) -> Graph:
    """Requests, and how often one was tried again."""
    return Graph(
        title="Write requests and retries (in 5 minutes)",
        left=[metric_math.total_increase(application, metrics.REQUESTS_OUT, label="accepted")],
        right=[
            metric_math.total_increase(application, metrics.RETRIES, label="retries"),
            metric_math.total_increase(application, metrics.REQUESTS_FAILED, label="given up"),
        ],
    )


def _dropped(application: FlinkApplication) -> Graph:
    """Samples that are lost, of which the other two lines are the reasons that a server has."""
    return Graph(
        title="Dropped samples (in 5 minutes)",
        left=[
            metric_math.total_increase(application, metrics.SAMPLES_DROPPED, label="all"),
            metric_math.total_increase(application, metrics.SAMPLES_REFUSED, label="refused by Prometheus"),
            metric_math.total_increase(application, metrics.SAMPLES_EXHAUSTED, label="retries used up"),
        ],
    )
