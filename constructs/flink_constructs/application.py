"""`FlinkApplication`: a Python job on Amazon Managed Service for Apache Flink, ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import jsii
from aws_cdk import ArnFormat, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as kinesisanalytics
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct, IDependable

from flink_constructs import acknowledgment, application_checks, application_key
from flink_constructs.application_checks import DEFAULT_MAX_KPUS
from flink_constructs.bundle import RUN_OPTIONS, RUN_OPTIONS_GROUP, JobBundle
from flink_constructs.lifecycle import ApplicationLifecycle

__all__ = ["FlinkApplication", "LogLevel", "MetricsLevel", "Runtime"]

#: Where the service reports, both its own metrics and the job's.
METRIC_NAMESPACE = "AWS/KinesisAnalytics"


class Runtime(StrEnum):
    """Runtime environment of the service: Flink and Python versions come with it."""

    FLINK_1_20 = "FLINK-1_20"
    """Apache Flink 1.20 with Python 3.11."""


class MetricsLevel(StrEnum):
    """How finely the service reports to CloudWatch; each level holds the ones before it, and costs more."""

    APPLICATION = "APPLICATION"
    TASK = "TASK"
    OPERATOR = "OPERATOR"
    PARALLELISM = "PARALLELISM"


class LogLevel(StrEnum):
    """The least severe messages that are kept."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class FlinkApplication(Construct):
    """A PyFlink application with its code, role, log and, unless told otherwise, its start.

    Grant it what its sources and sinks need: it is the grantee, as in ``stream.grant_write(application)``.
    """

    application: kinesisanalytics.CfnApplication
    application_name: str
    application_arn: str
    role: iam.Role
    log_group: logs.LogGroup
    metrics_level: MetricsLevel
    lifecycle: ApplicationLifecycle | None
    """What starts the application, where it is started."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bundle: JobBundle,
        property_groups: Mapping[str, Mapping[str, str]],
        runtime: Runtime = Runtime.FLINK_1_20,
        description: str | None = None,
        parallelism: int = 1,
        parallelism_per_kpu: int = 1,
        max_kpus: int = DEFAULT_MAX_KPUS,
        auto_scaling: bool = False,
        checkpoint_interval: Duration | None = None,
        min_pause_between_checkpoints: Duration | None = None,
        snapshots: bool = True,
        metrics_level: MetricsLevel = MetricsLevel.APPLICATION,
        log_level: LogLevel = LogLevel.INFO,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        encryption_key: kms.IKey | None = None,
        start: bool = True,
    ) -> None:
        """Declare the application.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            bundle: The job's code.
            property_groups: Run-time properties that the job reads, at most 49 groups; the one with the run options is
                added.
            runtime: Versions of Flink and Python. Default: Flink 1.20 with Python 3.11.
            description: What the service's console shows, up to 1,024 characters. Default: nothing.
            parallelism: Initial parallelism of every operator. Default: 1.
            parallelism_per_kpu: Tasks that share one KPU (1 vCPU, 4 GB), 1 to 8. Default: 1.
            max_kpus: The account's quota of KPUs for one application. Default: 64, the service's own default.
            auto_scaling: Let the service change the parallelism with the load, from ``parallelism`` up to the quota.
                Default: off.
            checkpoint_interval: Time between two checkpoints, 1 s to 1 hour; it bounds what is replayed after a
                failure. Default: 60 s.
            min_pause_between_checkpoints: Time from the end of a checkpoint to the next one, 0 to 1 hour. Default: 5 s.
            snapshots: Keep the state over updates and stops. Default: on.
            metrics_level: How finely the service reports. Default: APPLICATION, which holds the job's custom metrics.
            log_level: The least severe messages that are kept. Default: INFO.
            log_retention: How long messages are kept. Default: a month.
            removal_policy: What becomes of the log group when it leaves the stack. Default: it stays.
            vpc: Where the application gets its network interfaces, which have private addresses only. Default: it runs
                outside a VPC and reaches public endpoints only.
            vpc_subnets: Subnets of ``vpc``, at most 16. Default: those with a way out through NAT where the VPC has
                them, its isolated ones otherwise.
            encryption_key: Key for snapshots, checkpoints and running state; the policy of an imported key has to be
                extended by its owner. Whoever deploys needs the permissions that the service's documentation lists
                for API callers. Default: a key that the service owns.
            start: Start the application after each deployment, and stop it before deletion. Default: on.

        Raises:
            InvalidArgumentError: for an argument that the service would refuse.

        """
        checkpoint_interval = checkpoint_interval or Duration.seconds(60)
        min_pause_between_checkpoints = min_pause_between_checkpoints or Duration.seconds(5)
        application_checks.check_properties(property_groups, description=description)
        application_checks.check_parallelism(
            parallelism=parallelism, parallelism_per_kpu=parallelism_per_kpu, max_kpus=max_kpus
        )
        application_checks.check_checkpoints(interval=checkpoint_interval, min_pause=min_pause_between_checkpoints)
        subnets = application_checks.checked_subnets(vpc, vpc_subnets)
        super().__init__(scope, construct_id)
        self.metrics_level = metrics_level

        self.log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=removal_policy)
        log_stream = logs.LogStream(
            self, "LogStream", log_group=self.log_group, log_stream_name="application", removal_policy=removal_policy
        )
        self.role = iam.Role(
            self,
            "Role",
            # By account and region, not by application: the application names its role, so this cannot name it.
            # https://docs.aws.amazon.com/managed-flink/latest/java/iam-cross-service-confused-deputy-prevention.html
            assumed_by=iam.ServicePrincipal(
                application_key.SERVICE, conditions=application_key.from_applications(Stack.of(self))
            ),
            description="What the Flink application may do",
        )
        code = self._code(bundle)
        self._permit_logs(log_stream)

        self._connections: ec2.Connections | None = None
        configuration: dict[str, Any] = {}
        if vpc is not None and subnets is not None:
            configuration["vpc_configurations"] = [self._vpc_configuration(vpc, subnets)]
        if encryption_key is not None:
            application_key.allow_service(encryption_key, stack=Stack.of(self))
            configuration["application_encryption_configuration"] = (
                kinesisanalytics.CfnApplication.ApplicationEncryptionConfigurationProperty(
                    key_type="CUSTOMER_MANAGED_KEY", key_id=encryption_key.key_arn
                )
            )
        l1 = kinesisanalytics.CfnApplication
        self.application = l1(
            self,
            "Application",
            runtime_environment=runtime,
            service_execution_role=self.role.role_arn,
            application_description=description,
            application_configuration=l1.ApplicationConfigurationProperty(
                application_code_configuration=code,
                application_snapshot_configuration=l1.ApplicationSnapshotConfigurationProperty(
                    snapshots_enabled=snapshots
                ),
                environment_properties=l1.EnvironmentPropertiesProperty(
                    property_groups=[
                        l1.PropertyGroupProperty(property_group_id=group, property_map=dict(properties))
                        for group, properties in {**property_groups, RUN_OPTIONS_GROUP: RUN_OPTIONS}.items()
                    ]
                ),
                flink_application_configuration=l1.FlinkApplicationConfigurationProperty(
                    checkpoint_configuration=l1.CheckpointConfigurationProperty(
                        configuration_type="CUSTOM",
                        checkpointing_enabled=True,
                        checkpoint_interval=checkpoint_interval.to_milliseconds(),
                        min_pause_between_checkpoints=min_pause_between_checkpoints.to_milliseconds(),
                    ),
                    monitoring_configuration=l1.MonitoringConfigurationProperty(
                        configuration_type="CUSTOM", log_level=log_level, metrics_level=metrics_level
                    ),
                    parallelism_configuration=l1.ParallelismConfigurationProperty(
                        configuration_type="CUSTOM",
                        auto_scaling_enabled=auto_scaling,
                        parallelism=parallelism,
                        parallelism_per_kpu=parallelism_per_kpu,
                    ),
                ),
                **configuration,
            ),
        )
        # The service reads the code with the role while it creates the application.
        self.application.node.add_dependency(self.role)
        self.application_name = self.application.ref
        self.application_arn = Stack.of(self).format_arn(
            service="kinesisanalytics", resource="application", resource_name=self.application_name
        )
        logging = kinesisanalytics.CfnApplicationCloudWatchLoggingOption(
            self,
            "LoggingOption",
            application_name=self.application_name,
            cloud_watch_logging_option=kinesisanalytics.CfnApplicationCloudWatchLoggingOption.CloudWatchLoggingOptionProperty(
                log_stream_arn=self._log_stream_arn(log_stream)
            ),
        )
        self.lifecycle = None
        if start:
            self.lifecycle = ApplicationLifecycle(
                self,
                "Lifecycle",
                application=self.application,
                log_group=self.log_group,
                log_stream_name=log_stream.log_stream_name,
            )
            self.starts_after(self.role, logging)
            if encryption_key is not None:
                application_key.allow_caller(encryption_key, self.lifecycle, stack=Stack.of(self))

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """What a ``grant_*`` of another construct grants to."""
        return self.role

    @property
    def connections(self) -> ec2.Connections:
        """The network side of the application; nothing may be said of it outside a VPC."""
        if self._connections is None:
            raise ValueError("connections must be asked of an application in a VPC (got none); pass vpc")
        return self._connections

    def starts_after(self, *dependables: IDependable) -> None:
        """Have these exist before the application starts, and until it is stopped: what the job needs to reach.

        Where ``start`` is off, whoever starts the application sees to it.
        """
        if self.lifecycle is not None:
            self.lifecycle.starts_after(*dependables)

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

        It is -1 until the source has read. The dimensions are what the connector's metric gets where it is not split
        by shard; a dash of the stream's name is an underscore there.
        """
        return cloudwatch.Metric(
            namespace=METRIC_NAMESPACE,
            metric_name="millisBehindLatest",
            dimensions_map={
                "Application": self.application_name,
                "Flow": "Input",
                "Id": Fn.join("_", Fn.split("-", stream_name)),
            },
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

    def _code(self, bundle: JobBundle) -> kinesisanalytics.CfnApplication.ApplicationCodeConfigurationProperty:
        # A stack that is not chosen is synthesized, but nothing is built for it: its entry script stands for the zip.
        path = bundle.build() if Stack.of(self).bundling_required else bundle.main
        asset = s3_assets.Asset(self, "Code", path=str(path.resolve()), asset_hash=bundle.input_hash())
        iam.Grant.add_to_principal(
            grantee=self.role,
            actions=["s3:GetObject", "s3:GetObjectVersion"],
            resource_arns=[asset.bucket.arn_for_objects(asset.s3_object_key)],
        ).assert_success()
        return kinesisanalytics.CfnApplication.ApplicationCodeConfigurationProperty(
            code_content_type="ZIPFILE",
            code_content=kinesisanalytics.CfnApplication.CodeContentProperty(
                s3_content_location=kinesisanalytics.CfnApplication.S3ContentLocationProperty(
                    bucket_arn=asset.bucket.bucket_arn, file_key=asset.s3_object_key
                )
            ),
        )

    def _log_stream_arn(self, log_stream: logs.LogStream) -> str:
        return Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{self.log_group.log_group_name}:log-stream:{log_stream.log_stream_name}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _permit_logs(self, log_stream: logs.LogStream) -> None:
        for actions, resource in (
            (["logs:DescribeLogStreams"], self.log_group.log_group_arn),
            (["logs:PutLogEvents"], self._log_stream_arn(log_stream)),
        ):
            self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))

    def _vpc_configuration(
        self, vpc: ec2.IVpc, subnets: ec2.SelectedSubnets
    ) -> kinesisanalytics.CfnApplication.VpcConfigurationProperty:
        security_group = ec2.SecurityGroup(self, "SecurityGroup", vpc=vpc, description="Flink application")
        self._connections = ec2.Connections(security_groups=[security_group])
        stack = Stack.of(self)
        interfaces = stack.format_arn(service="ec2", resource="network-interface", resource_name="*")
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "ec2:CreateNetworkInterface",
                    "ec2:CreateNetworkInterfacePermission",
                    "ec2:DeleteNetworkInterface",
                ],
                resources=[
                    interfaces,
                    stack.format_arn(
                        service="ec2", resource="security-group", resource_name=security_group.security_group_id
                    ),
                    *(
                        stack.format_arn(service="ec2", resource="subnet", resource_name=subnet)
                        for subnet in subnets.subnet_ids
                    ),
                ],
            )
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "ec2:DescribeDhcpOptions",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                ],
                resources=["*"],
            )
        )
        acknowledgment.wildcard_resource(self, "*", "EC2's Describe actions know no narrower resource.")
        acknowledgment.wildcard_resource(
            self, interfaces, "The service creates the network interfaces, so nobody knows their ids beforehand."
        )
        return kinesisanalytics.CfnApplication.VpcConfigurationProperty(
            security_group_ids=[security_group.security_group_id], subnet_ids=subnets.subnet_ids
        )
