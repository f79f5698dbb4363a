"""`FlinkApplication`: a job on Amazon Managed Service for Apache Flink, ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as kinesisanalytics
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct, IDependable

from flink_constructs import acknowledgment, application_checks, application_key, application_network
from flink_constructs.application_base import FlinkApplicationBase
from flink_constructs.application_checks import DEFAULT_MAX_KPUS
from flink_constructs.application_code import ApplicationCode
from flink_constructs.application_restore import Restore
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from flink_constructs.lifecycle import ApplicationLifecycle, checked_stable_for
from flink_constructs.validation import InvalidArgumentError

__all__ = ["FlinkApplication", "LogLevel", "MetricsLevel", "Runtime"]


class Runtime(StrEnum):
    """Runtime environment of the service: Flink and Python versions come with it."""

    FLINK_1_20 = "FLINK-1_20"
    """Apache Flink 1.20 with Java 11 and Python 3.11."""


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


class FlinkApplication(FlinkApplicationBase):
    """A Flink application with its code, role, log and, unless told otherwise, its start.

    Grant it what its sources and sinks need: it is the grantee, as in ``stream.grant_write(application)``.
    """

    application: kinesisanalytics.CfnApplication
    role: iam.IRole
    log_group: logs.ILogGroup
    metrics_level: MetricsLevel

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: ApplicationCode,
        property_groups: Mapping[str, Mapping[str, str]] | None = None,
        runtime: Runtime = Runtime.FLINK_1_20,
        description: str | None = None,
        parallelism: int = 1,
        parallelism_per_kpu: int = 1,
        max_kpus: int = DEFAULT_MAX_KPUS,
        auto_scaling: bool = False,
        checkpoint_interval: Duration | None = None,
        min_pause_between_checkpoints: Duration | None = None,
        snapshots: bool = True,
        restore: Restore | None = None,
        allow_non_restored_state: bool = False,
        system_rollback: bool = True,
        stable_for: Duration | None = None,
        enhanced_snapshots: bool = False,
        metrics_level: MetricsLevel = MetricsLevel.APPLICATION,
        log_level: LogLevel = LogLevel.INFO,
        log_group: logs.ILogGroup | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        role: iam.IRole | None = None,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] | None = None,
        encryption_key: kms.IKey | None = None,
        start: bool = True,
        stop: bool | None = None,
    ) -> None:
        """Declare the application.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            code: The job's code: a bundle, a zip or jar, or an object in S3.
            property_groups: Run-time properties that the job reads, at most 50 groups; of a Python job at most 49,
                as one with its run options is added. Default: none.
            runtime: Versions of Flink, Java and Python. Default: Flink 1.20 with Java 11 and Python 3.11.
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
            restore: The state that each start restores, after a create, an update and a stop alike.
                Default: that of the latest snapshot, none where there is no snapshot or ``snapshots`` is off.
            allow_non_restored_state: Start although the snapshot has state that the job has no operator for; that
                state is lost. Default: such a start fails.
            system_rollback: Let the service go back to the previous version where an update or a scaling fails.
                Default: on.
            stable_for: How long the job has to run without a restart until a start counts as a success, up to 10
                minutes; 0 takes the service's word for it. Default: a minute.
            enhanced_snapshots: Have snapshots that belong to the account instead of the application: they outlive it,
                and restore into others. An application cannot leave this mode once it is updated again. CloudFormation
                and ``lifecycle.role`` need the permissions to restore that the service's documentation lists.
                Default: off.
            metrics_level: How finely the service reports. Default: APPLICATION, which holds the job's custom metrics.
            log_level: The least severe messages that are kept. Default: INFO.
            log_group: An existing log group, in which the application gets a stream of its own. Default: a new one.
            log_retention: How long messages are kept in a new log group. Default: a month.
            removal_policy: What becomes of a new log group, and of the application's log stream, when they leave the
                stack. Default: they stay.
            role: An existing role that ``kinesisanalytics.amazonaws.com`` may assume. It is granted what every
                application needs, unless it is imported as immutable. Default: a new one.
            vpc: Where the application gets its network interfaces, which have private addresses only. Default: it runs
                outside a VPC and reaches public endpoints only.
            vpc_subnets: Subnets of ``vpc``, at most 16. Default: those with a way out through NAT where the VPC has
                them, its isolated ones otherwise.
            security_groups: Existing security groups in ``vpc``, 1 to 5. Default: a new one.
            encryption_key: Key for snapshots, checkpoints and running state; the policy of an imported key has to be
                extended by its owner. Whoever deploys needs the permissions that the service's documentation lists
                for API callers. Default: a key that the service owns.
            start: Start the application after each deployment. Default: on.
            stop: Stop the application before its deletion, whoever started it, while there still is what its job
                needs to end well. Default: as ``start``, which cannot be on without it.

        Raises:
            InvalidArgumentError: for an argument that the service would refuse.

        """
        checkpoint_interval = checkpoint_interval or Duration.seconds(60)
        min_pause_between_checkpoints = min_pause_between_checkpoints or Duration.seconds(5)
        property_groups = property_groups or {}
        stable_for = checked_stable_for(stable_for)
        restore = (restore or Restore.latest_snapshot()).where(snapshots=snapshots)
        application_checks.check_properties(property_groups, run_options=code.run_options, description=description)
        application_checks.check_parallelism(
            parallelism=parallelism, parallelism_per_kpu=parallelism_per_kpu, max_kpus=max_kpus
        )
        application_checks.check_checkpoints(interval=checkpoint_interval, min_pause=min_pause_between_checkpoints)
        subnets = application_checks.checked_subnets(vpc, vpc_subnets)
        application_checks.check_security_groups(vpc, security_groups)
        if start and stop is False:
            raise InvalidArgumentError("stop", "be on where start is", stop, "leave it out")
        super().__init__(scope, construct_id)
        self.metrics_level = metrics_level

        self.log_group = log_group or logs.LogGroup(
            self, "Logs", retention=log_retention, removal_policy=removal_policy
        )
        log_stream = logs.LogStream(
            self,
            "LogStream",
            log_group=self.log_group,
            # Several applications may share an existing group: CloudFormation makes a name for each of them.
            log_stream_name=None if log_group else "application",
            removal_policy=removal_policy,
        )
        self.role = role or iam.Role(
            self,
            "Role",
            # By account and region, not by application: the application names its role, so this cannot name it.
            # https://docs.aws.amazon.com/managed-flink/latest/java/iam-cross-service-confused-deputy-prevention.html
            assumed_by=iam.ServicePrincipal(
                application_key.SERVICE, conditions=application_key.from_applications(Stack.of(self))
            ),
            description="What the Flink application may do",
        )
        location = code.bind(self)
        location.grant_read(self.role).assert_success()
        self._grant_logging(log_stream)
        if log_group is not None:
            acknowledgment.wildcard_resource(
                self.role, log_group.log_group_arn, "It stands for the streams of this one log group, which are listed."
            )

        configuration: dict[str, Any] = {}
        if vpc is not None and subnets is not None:
            groups = security_groups or [
                ec2.SecurityGroup(self, "SecurityGroup", vpc=vpc, description="Flink application")
            ]
            self._connections = ec2.Connections(security_groups=list(groups))
            configuration["vpc_configurations"] = [
                application_network.vpc_configuration(
                    self.role, stack=Stack.of(self), subnets=subnets, security_groups=groups
                )
            ]
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
                application_code_configuration=location.as_configuration(),
                application_snapshot_configuration=l1.ApplicationSnapshotConfigurationProperty(
                    snapshots_enabled=snapshots
                ),
                application_system_rollback_configuration=l1.ApplicationSystemRollbackConfigurationProperty(
                    rollback_enabled=system_rollback
                ),
                environment_properties=_environment(property_groups, code.run_options),
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
            run_configuration=restore.run_configuration(allow_non_restored_state=allow_non_restored_state),
        )
        self.enhanced_snapshots = enhanced_snapshots
        if enhanced_snapshots:
            self._enhance_snapshots(restore)
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
        if start or stop:
            self.lifecycle = ApplicationLifecycle(
                self,
                "Lifecycle",
                application=self.application,
                log_group=self.log_group,
                log_stream_name=log_stream.log_stream_name,
                restore=restore,
                allow_non_restored_state=allow_non_restored_state,
                stable_for=stable_for,
                enhanced_snapshots=enhanced_snapshots,
                start=start,
                snapshots=snapshots,
            )
            self.starts_after(self.role, logging)
            if encryption_key is not None:
                application_key.allow_caller(encryption_key, self.lifecycle, stack=Stack.of(self))

    @staticmethod
    def from_application_arn(scope: Construct, construct_id: str, application_arn: str) -> FlinkApplicationBase:
        """An existing application, for its metrics and alarms.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            application_arn: Of an application in the stack's account and Region.

        Raises:
            InvalidArgumentError: for what is no ARN of an application.

        """
        return FlinkApplication.from_application_attributes(scope, construct_id, application_arn=application_arn)

    @staticmethod
    def from_application_attributes(
        scope: Construct,
        construct_id: str,
        *,
        application_arn: str,
        role: iam.IRole | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] = (),
    ) -> FlinkApplicationBase:
        """An existing application, for its metrics and alarms, for grants and for connections.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            application_arn: Of an application in the stack's account and Region.
            role: What it runs as, which ``grant_*`` grants to. Default: unknown, a grant is a warning at synthesis.
            security_groups: Those of its network interfaces. Default: unknown, it has no connections.

        Raises:
            InvalidArgumentError: for what is no ARN of an application.

        """
        application_checks.check_arn(application_arn)
        return _ExistingApplication(
            scope, construct_id, application_arn=application_arn, role=role, security_groups=security_groups
        )

    def starts_after(self, *dependables: IDependable) -> None:
        """Have these exist before the application starts, and until it is stopped: what the job needs to reach.

        Where ``start`` and ``stop`` are off, whoever starts the application sees to it.
        """
        if self.lifecycle is not None:
            self.lifecycle.starts_after(*dependables)

    def _enhance_snapshots(self, restore: Restore) -> None:
        """Set the mode of the snapshots, which the CDK does not know yet.

        Source: https://docs.aws.amazon.com/managed-flink/latest/java/snapshots-restore.html
        """
        self.application.add_property_override(
            "ApplicationConfiguration.ApplicationSnapshotConfiguration.SnapshotMode", "ENHANCED_SNAPSHOTS"
        )
        if restore.snapshot_name is not None:
            chosen = "RunConfiguration.ApplicationRestoreConfiguration"
            self.application.add_property_deletion_override(f"{chosen}.SnapshotName")
            self.application.add_property_override(f"{chosen}.SnapshotArn", restore.arn(Stack.of(self)))

    def _log_stream_arn(self, log_stream: logs.LogStream) -> str:
        return Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{self.log_group.log_group_name}:log-stream:{log_stream.log_stream_name}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _grant_logging(self, log_stream: logs.LogStream) -> None:
        for actions, resource in (
            (["logs:DescribeLogStreams"], self.log_group.log_group_arn),
            (["logs:PutLogEvents"], self._log_stream_arn(log_stream)),
        ):
            self.role.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
        # The service looks its log group up, and IAM knows a list of groups by no narrower name
        # (https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs.html).
        groups = Stack.of(self).format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        self.role.add_to_principal_policy(iam.PolicyStatement(actions=["logs:DescribeLogGroups"], resources=[groups]))
        acknowledgment.wildcard_resource(self.role, groups, "Groups are listed, and a list is of all of them.")


class _ExistingApplication(FlinkApplicationBase):
    """An application that is not of this stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        application_arn: str,
        role: iam.IRole | None,
        security_groups: Sequence[ec2.ISecurityGroup],
    ) -> None:
        super().__init__(scope, construct_id)
        self.application_arn = application_arn
        name = Stack.of(self).split_arn(application_arn, ArnFormat.SLASH_RESOURCE_NAME).resource_name
        self.application_name = str(name)
        self.role = role
        if security_groups:
            self._connections = ec2.Connections(security_groups=list(security_groups))

    def _without_connections(self) -> str:
        return "connections must be asked of an application whose security groups are known; pass security_groups"


def _environment(
    groups: Mapping[str, Mapping[str, str]], run_options: Mapping[str, str]
) -> kinesisanalytics.CfnApplication.EnvironmentPropertiesProperty | None:
    l1 = kinesisanalytics.CfnApplication
    everything = {**groups, RUN_OPTIONS_GROUP: run_options} if run_options else groups
    if not everything:
        return None
    return l1.EnvironmentPropertiesProperty(
        property_groups=[
            l1.PropertyGroupProperty(property_group_id=group, property_map=dict(properties))
            for group, properties in everything.items()
        ]
    )
