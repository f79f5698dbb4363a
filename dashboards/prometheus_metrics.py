"""The dashboard of the Prometheus metrics' job: samples and requests, from the generators into the workspace."""

from __future__ import annotations

from constructs import Construct

from dashboards.scenario import ScenarioDashboard
from dashboards.widgets import Graph
from flink_apps.prometheus_metrics import metrics
from flink_constructs import metric_math
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication


class PrometheusMetricsDashboard(ScenarioDashboard):
    """From the alarms over the samples and requests to the application; what the samples say is for Grafana."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        application: FlinkApplication,
        alarms: ApplicationAlarms | None = None,
        dashboard_name: str | None = None,
    ) -> None:
        """Declare the dashboard.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            application: The job.
            alarms: Whose state is shown at the top. Default: none.
            dashboard_name: 1 to 255 letters, digits, ``-`` and ``_``. Default: a name that CloudFormation makes.

        """
        super().__init__(scope, construct_id, title="Prometheus metrics", alarms=alarms, dashboard_name=dashboard_name)
        self.add_section("Remote write", [_samples(application), _requests(application), _dropped(application)])
        self.add_application(application)


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
