"""What a `FlinkApplication` and an existing application share: the principal, the connections and the metrics."""

from __future__ import annotations

from typing import cast

import jsii
from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from flink_constructs.lifecycle import ApplicationLifecycle

__all__ = ["FlinkApplicationBase"]

#: Where the service reports, both its own metrics and the job's.
METRIC_NAMESPACE = "AWS/KinesisAnalytics"


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class FlinkApplicationBase(Construct):
    """An application, of this stack or an existing one.

    Grant it what its sources and sinks need: it is the grantee, as in ``stream.grant_write(application)``.
    """

    application_name: str
    application_arn: str
    role: iam.IRole | None
    """What the application runs as; none where an existing application came without it."""

    lifecycle: ApplicationLifecycle | None = None
    """What starts the application, where this stack does."""

    enhanced_snapshots: bool = False
    """Whether its snapshots are the account's, where that is known."""

    _connections: ec2.Connections | None = None

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """What a ``grant_*`` of another construct grants to; of an unknown role, the CDK warns of what it lacks."""
        if self.role is not None:
            return self.role
        return cast(iam.IPrincipal, iam.UnknownPrincipal(resource=self))  # its stub lacks the account

    @property
    def connections(self) -> ec2.Connections:
        """The network side of the application.

        Raises:
            ValueError: the application is outside a VPC, or its security groups are unknown.

        """
        if self._connections is None:
            raise ValueError(self._without_connections())
        return self._connections

    def _without_connections(self) -> str:
        return "connections must be asked of an application in a VPC (got none); pass vpc"

    def metric(
        self,
        name: str,
        *,
        statistic: str = cloudwatch.Stats.AVERAGE,
        period: Duration | None = None,
        label: str | None = None,
    ) -> cloudwatch.Metric:
        """A metric of the application, in the namespace ``AWS/KinesisAnalytics``; by default its mean of a minute.

        This is also where metrics arrive that the job registers in the group ``kinesisanalytics``
        (https://docs.aws.amazon.com/managed-flink/latest/java/monitoring-metrics-custom.html), at every metrics level:
        a finer one adds series with more dimensions and keeps this one
        (https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs-levels.html).
        """
        return cloudwatch.Metric(
            namespace=METRIC_NAMESPACE,
            metric_name=name,
            dimensions_map={"Application": self.application_name},
            statistic=statistic,
            period=period or Duration.minutes(1),
            label=label,
        )

    def metric_downtime_millis(self) -> cloudwatch.Metric:
        """Milliseconds since the job last ran, 0 while it runs; the largest in a minute."""
        return self.metric("downtime", statistic=cloudwatch.Stats.MAXIMUM)

    def metric_uptime_millis(self) -> cloudwatch.Metric:
        """Milliseconds that the job has run without interruption, -1 once it has ended; the smallest in a minute."""
        return self.metric("uptime", statistic=cloudwatch.Stats.MINIMUM)

    def metric_full_restarts(self) -> cloudwatch.Metric:
        """Times that the job restarted since it was started; the largest in a minute."""
        return self.metric("fullRestarts", statistic=cloudwatch.Stats.MAXIMUM)

    def metric_failed_checkpoints(self) -> cloudwatch.Metric:
        """Checkpoints that failed since the job was started; the largest in a minute."""
        return self.metric("numberOfFailedCheckpoints", statistic=cloudwatch.Stats.MAXIMUM)

    def metric_checkpoint_duration_millis(self) -> cloudwatch.Metric:
        """Milliseconds that the last checkpoint took; the largest in a minute."""
        return self.metric("lastCheckpointDuration", statistic=cloudwatch.Stats.MAXIMUM)

    def metric_checkpoint_size_bytes(self) -> cloudwatch.Metric:
        """Bytes of the last checkpoint; the largest in a minute."""
        return self.metric("lastCheckpointSize", statistic=cloudwatch.Stats.MAXIMUM)

    def metric_cpu_percent(self) -> cloudwatch.Metric:
        """CPU use of the TaskManagers' containers, in per cent."""
        return self.metric("containerCPUUtilization")

    def metric_memory_percent(self) -> cloudwatch.Metric:
        """Memory use of the TaskManagers' containers, in per cent."""
        return self.metric("containerMemoryUtilization")

    def metric_heap_memory_percent(self) -> cloudwatch.Metric:
        """Use of the heap of the TaskManagers' JVMs, in per cent."""
        return self.metric("heapMemoryUtilization")

    def metric_millis_behind_latest(self, stream_name: str) -> cloudwatch.Metric:
        """Milliseconds that the job's Kinesis source is behind the head of the stream; the largest in a minute.

        It is -1 until the source has read. The Kinesis connector of this project registers it, with the stream as its
        dimension: see flink_apps/connectors/kinesis.
        """
        return cloudwatch.Metric(
            namespace=METRIC_NAMESPACE,
            metric_name="millisBehindLatest",
            dimensions_map={"Application": self.application_name, "Stream": stream_name},
            statistic=cloudwatch.Stats.MAXIMUM,
            period=Duration.minutes(1),
        )

    def metric_max_records_lag(self) -> cloudwatch.MathExpression:
        """Records that the job's Kafka source is behind, in the partition where it is most; the largest in a minute.

        A Metrics Insights query finds the metric whatever its other dimensions are: they differ between versions of
        the connector.
        """
        return cloudwatch.MathExpression(
            expression=f'SELECT MAX(records_lag_max) FROM "{METRIC_NAMESPACE}" '  # noqa: S608 - metrics, no database
            f"WHERE Application = '{self.application_name}'",
            label="records_lag_max",
            period=Duration.minutes(1),
        )
