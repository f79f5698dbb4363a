"""Prometheus metrics: CPU and memory of many instances, into Amazon Managed Service for Prometheus."""

from __future__ import annotations

from typing import Any, ClassVar

from constructs import Construct
from pydantic import Field

from dashboards import prometheus_metrics as dashboard
from dashboards.prometheus_rules import RULES
from flink_apps.prometheus_metrics import settings
from flink_apps.prometheus_metrics.metrics import REQUESTS_FAILED, SAMPLES_DROPPED, SAMPLES_PERHAPS_STORED
from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication
from flink_constructs.metrics_workspace import MetricsWorkspace
from stacks.config import ScenarioConfig, from_option
from stacks.ends import workspace_sink
from stacks.scenario import ScenarioStack

#: The name of the namespace of the rules.
RULES_NAMESPACE = "prometheus-metrics"


class PrometheusMetricsConfig(ScenarioConfig):
    """Context of the Prometheus metrics."""

    scenario: ClassVar[str] = "prometheus-metrics"

    sources: int = from_option(settings.SOURCES)
    pause_millis: int = from_option(settings.PAUSE)
    min_samples: int = from_option(settings.MIN_SAMPLES)
    max_samples: int = from_option(settings.MAX_SAMPLES)
    sink_parallelism_divisor: int = from_option(settings.DIVISOR)
    max_retries: int = from_option(settings.WORKSPACE.max_retries)
    workspace_alias: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="alias of the workspace in the console; by default it has none",
    )
    rules: bool = Field(default=True, description="install recording rules and alert rules in the workspace")

    def check(self) -> None:
        """The parallelism must be constant: the job divides its instances evenly among the tasks."""
        if self.auto_scaling:
            rule = "be false: the service would choose a parallelism that the sources are no multiple of"
            raise self.error("auto_scaling", rule)


class PrometheusMetricsStack(ScenarioStack):
    """The workspace with its rules, the job that may write to it, and what watches over both."""

    config_type = PrometheusMetricsConfig
    purpose = "CPU and memory of many instances, by signed remote write into Prometheus"

    def __init__(self, scope: Construct, construct_id: str, *, config: PrometheusMetricsConfig) -> None:
        """Declare the workspace, and an application that may write to just that."""
        super().__init__(scope, construct_id, config=config)
        self._config = config
        workspace = MetricsWorkspace(
            self, "Workspace", alias=config.workspace_alias, removal_policy=self.removal_policy
        )
        if config.rules:
            workspace.add_rules("Rules", RULES_NAMESPACE, RULES)
        self.add_output("WorkspaceId", workspace.workspace_id, "the workspace, for a data source of Grafana")
        self.add_output("QueryUrl", workspace.query_url, "where the workspace answers PromQL, signed for aps")
        application = self.add_application([workspace_sink(workspace, settings.WORKSPACE, region=self.region)])
        self._add_alarms_and_dashboard(application)

    def check_settings(self, job: str, settings: Any) -> None:  # noqa: ANN401, ARG002 - see the base class
        """The tasks have to share the work evenly."""
        settings.at(self._config.parallelism)

    def _add_alarms_and_dashboard(self, application: FlinkApplication) -> None:
        alarms = self.add_alarms(application)
        alarms.alarm(
            "SamplesDropped",
            metric=metric_math.total_increase(application, SAMPLES_DROPPED),
            threshold=0,
            description="Prometheus refuses samples for good, or a sample's name is illegal. The application's log has"
            " the reason of each request, and of the first sample. After a restart of the job it is about samples that"
            " were sent before, and nothing is lost.",
        )
        alarms.alarm(
            "SamplesRefused",
            metric=metric_math.total_increase(application, SAMPLES_PERHAPS_STORED),
            threshold=0,
            description="The workspace refuses requests because of some of their samples. It stores the others. The"
            " application's log has the reason of each request: samples out of order, too old, or beyond a quota.",
        )
        alarms.alarm(
            "WriteRequestsFailed",
            metric=metric_math.total_increase(application, REQUESTS_FAILED),
            threshold=0,
            description="Requests are given up: refused by Prometheus, without permission, or repeated in vain. Look"
            " at the application's log, the workspace's quotas, and the role.",
        )
        dashboard.add_sections(self.add_dashboard(dashboard.TITLE, alarms), application=application)
