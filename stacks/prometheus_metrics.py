"""Prometheus metrics: CPU and memory of many instances, into Amazon Managed Service for Prometheus."""

from __future__ import annotations

from typing import ClassVar

from constructs import Construct
from pydantic import Field, ValidationInfo, field_validator

from dashboards.prometheus_metrics import PrometheusMetricsDashboard
from dashboards.prometheus_rules import RULES
from flink_apps.common.properties import Property
from flink_apps.prometheus_metrics import settings
from flink_apps.prometheus_metrics.metrics import REQUESTS_FAILED, SAMPLES_DROPPED
from flink_constructs import metric_math
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.metrics_workspace import MetricsWorkspace
from flink_constructs.network import EndpointService
from stacks.config import ScenarioConfig, TopicArn, gateways_of_a_vpc
from stacks.scenario import ScenarioStack, of_the_job

#: The name of the namespace of the rules.
RULES_NAMESPACE = "prometheus-metrics"


class PrometheusMetricsConfig(ScenarioConfig):
    """Context of the Prometheus metrics."""

    scenario: ClassVar[str] = "prometheus-metrics"

    sources: int = of_the_job(settings.SOURCES, low=1, high=settings.MAX_SOURCES)
    pause_millis: int = of_the_job(settings.PAUSE, low=1, high=settings.MAX_PAUSE_MILLIS)
    min_samples: int = of_the_job(settings.MIN_SAMPLES, low=1, high=settings.MAX_SAMPLES_PER_SERIES)
    max_samples: int = of_the_job(settings.MAX_SAMPLES, low=1, high=settings.MAX_SAMPLES_PER_SERIES)
    sink_parallelism_divisor: int = of_the_job(settings.DIVISOR, low=1, high=settings.MAX_DIVISOR)
    max_retries: int = of_the_job(settings.MAX_RETRIES, low=0, high=settings.MOST_RETRIES)
    workspace_alias: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="what the console calls the workspace; by default its id",
    )
    rules: bool = Field(default=True, description="have the workspace evaluate recording rules and alert rules")
    vpc: bool = Field(default=False, description="run inside a VPC, which reaches the workspace by an endpoint")
    nat_gateways: int = Field(default=0, ge=0, le=2, description="gateways from the VPC to the internet")
    alarm_topic_arn: TopicArn | None = Field(
        default=None, description="the SNS topic that alarms are sent to; by default none"
    )

    @field_validator("auto_scaling")
    @classmethod
    def _the_parallelism_stays(cls, auto_scaling: bool) -> bool:
        if auto_scaling:
            raise ValueError("be false: the service would choose a parallelism that the sources are no multiple of")
        return auto_scaling

    @field_validator("sources")
    @classmethod
    def _each_task_has_as_many(cls, sources: int, others: ValidationInfo) -> int:
        parallelism = others.data.get("parallelism", 1)
        if sources % parallelism:
            raise ValueError(f"be a multiple of the parallelism, {parallelism}")
        return sources

    @field_validator("max_samples")
    @classmethod
    def _each_sample_has_its_millisecond(cls, most: int, others: ValidationInfo) -> int:
        known = others.data
        if most < known.get("min_samples", 0):
            raise ValueError(f"be at least min-samples, {known['min_samples']}")
        if {"parallelism", "sources", "pause_millis"} <= known.keys():
            room = settings.room_millis(**{key: known[key] for key in ("parallelism", "sources", "pause_millis")})
            if most > room:
                raise ValueError(f"be at most {room}, the milliseconds until a series is next")
        return most

    @field_validator("sink_parallelism_divisor")
    @classmethod
    def _a_task_is_left_for_the_sink(cls, divisor: int, others: ValidationInfo) -> int:
        parallelism = others.data.get("parallelism", divisor)
        if divisor > parallelism:
            raise ValueError(f"be at most the parallelism, {parallelism}")
        return divisor

    @field_validator("nat_gateways")
    @classmethod
    def _gateways_of_a_vpc(cls, gateways: int, others: ValidationInfo) -> int:
        return gateways_of_a_vpc(gateways, in_vpc=bool(others.data.get("vpc")))


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
        application = self._add_job(workspace)
        self._watch(application)

    def _add_job(self, workspace: MetricsWorkspace) -> FlinkApplication:
        config = self._config
        network = (
            self.add_network(nat_gateways=config.nat_gateways, calls=[EndpointService.APS_WORKSPACES])
            if config.vpc
            else None
        )
        values: dict[Property, str | int] = {
            settings.REGION: self.region,
            settings.WRITE_URL: workspace.remote_write_url,
            settings.DIVISOR: config.sink_parallelism_divisor,
            settings.MAX_RETRIES: config.max_retries,
            settings.MIN_SAMPLES: config.min_samples,
            settings.MAX_SAMPLES: config.max_samples,
            settings.SOURCES: config.sources,
            settings.PAUSE: config.pause_millis,
        }
        application = self.add_application(
            config,
            property_groups={settings.GROUP: {prop.key: str(value) for prop, value in values.items()}},
            vpc=network.vpc if network else None,
        )
        workspace.grant_remote_write(application)
        if network:
            application.starts_after(network)
        return application

    def _watch(self, application: FlinkApplication) -> None:
        """Add alarms and the dashboard that shows them."""
        config = self._config
        alarms = ApplicationAlarms(
            self,
            "Alarms",
            application=application,
            topic=self.alarm_topic(config.alarm_topic_arn),
            always_running=config.start,
        )
        alarms.alarm(
            "SamplesDropped",
            metric=metric_math.total_increase(application, SAMPLES_DROPPED),
            threshold=0,
            description="Prometheus refuses samples for good, or a sample's name is illegal. The application's log has"
            " the reason of each request, and of the first sample. After a restart of the job it is about samples that"
            " were sent before, and nothing is lost.",
        )
        alarms.alarm(
            "WriteRequestsFailed",
            metric=metric_math.total_increase(application, REQUESTS_FAILED),
            threshold=0,
            description="Requests are given up: refused by Prometheus, without permission, or repeated in vain. Look"
            " at the application's log, the workspace's quotas, and the role.",
        )
        dashboard = PrometheusMetricsDashboard(self, "Dashboard", application=application, alarms=alarms)
        self.add_output("DashboardUrl", dashboard.url, "the dashboard of the job, in CloudWatch")
