"""The dashboard of the Prometheus metrics: samples and requests, from the generators into the workspace."""

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
    """Add sections about samples, requests and the application; Grafana shows the samples' values.

    Args:
        dashboard: Gets the sections, from top to bottom.
        application: The job.

    """
    dashboard.add_section("Remote write", [_samples(application), _requests(application), _dropped(application)])
    dashboard.add_application(application)


def _samples(application: FlinkApplication) -> Graph:
    """Samples generated and accepted: the lines coincide while Prometheus keeps up."""
    return Graph(
        title="Samples (in 5 minutes)",
        left=[
            metric_math.total_increase(application, metrics.GENERATED_SAMPLES, label="generated"),
            metric_math.total_increase(application, metrics.SAMPLES_OUT, label="accepted by Prometheus"),
        ],
    )


def _requests(application: FlinkApplication) -> Graph:
    """Requests and retries."""
    return Graph(
        title="Write requests and retries (in 5 minutes)",
        left=[metric_math.total_increase(application, metrics.REQUESTS_OUT, label="accepted")],
        right=[
            metric_math.total_increase(application, metrics.RETRIES, label="retries"),
            metric_math.total_increase(application, metrics.REQUESTS_FAILED, label="given up"),
        ],
    )


def _dropped(application: FlinkApplication) -> Graph:
    """Dropped samples: all of them, and those for each of the server's two reasons; beside them the refused ones."""
    return Graph(
        title="Dropped and refused samples (in 5 minutes)",
        left=[
            metric_math.total_increase(application, metrics.SAMPLES_DROPPED, label="dropped"),
            metric_math.total_increase(application, metrics.SAMPLES_REFUSED, label="refused by Prometheus"),
            metric_math.total_increase(application, metrics.SAMPLES_EXHAUSTED, label="retries used up"),
            metric_math.total_increase(application, metrics.SAMPLES_PERHAPS_STORED, label="refused, perhaps stored"),
        ],
    )
