"""`SnapshotSchedule`: snapshots of an application at regular times, of which the old ones go."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from flink_constructs import application_key, handler_function, validation
from flink_constructs.application_base import FlinkApplicationBase
from flink_constructs.validation import InvalidArgumentError

__all__ = ["SnapshotSchedule"]

HANDLER = "lifecycle_handler"
ACTIONS = (
    "kinesisanalytics:CreateApplicationSnapshot",
    "kinesisanalytics:DeleteApplicationSnapshot",
    "kinesisanalytics:DescribeApplication",
    "kinesisanalytics:ListApplicationSnapshots",
)
#: Service quota "snapshots per application" (https://docs.aws.amazon.com/managed-flink/latest/java/limits.html), of
#: which updates, stops and people take some as well.
MAX_KEPT = 500


class SnapshotSchedule(Construct):
    """Takes a snapshot of an application at regular times, if it runs, and deletes the old ones of those.

    The names begin with ``scheduled-``. A snapshot with any other name is somebody else's, and stays. So do the newest
    finished one, and the one that the application is configured to restore, however old they are. What fails counts in
    ``metric_failures``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        application: FlinkApplicationBase,
        every: Duration | None = None,
        keep: int = 10,
        max_age: Duration | None = None,
        encryption_key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
    ) -> None:
        """Add the schedule and its function.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            application: The application, which has to take snapshots.
            every: The time from one snapshot to the next, 15 minutes to 30 days. Default: 6 hours.
            keep: How many finished snapshots stay, 1 to 500. Default: 10.
            max_age: The age at which a snapshot goes, a day to 10 years. Default: 7 days.
            encryption_key: The key of the application, where it has one of its own. Default: none.
            log_retention: How long the function's log is kept. Default: a month.

        Raises:
            InvalidArgumentError: for a value out of range.

        """
        every, max_age = every or Duration.hours(6), max_age or Duration.days(7)
        validation.duration(
            "every", every, low=Duration.minutes(15), high=Duration.days(30), fix="6 hours suit most jobs"
        )
        validation.integer("keep", keep, low=1, high=MAX_KEPT, fix="an application has 1,000 snapshots at most")
        validation.duration(
            "max_age", max_age, low=Duration.days(1), high=Duration.days(3650), fix="7 days suit most jobs"
        )
        if application.enhanced_snapshots:
            rule, fix = "have snapshots of its own", "leave enhanced_snapshots out, or schedule CreateSnapshot yourself"
            raise InvalidArgumentError("application", rule, "enhanced snapshots", fix)
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        role.add_to_policy(iam.PolicyStatement(actions=list(ACTIONS), resources=[application.application_arn]))
        if encryption_key is not None:
            application_key.allow_caller(encryption_key, role, stack=Stack.of(self))
        self.function = handler_function.function(
            self,
            "Function",
            handler=HANDLER,
            entry="scheduled.on_schedule",
            role=role,
            log_group=log_group,
            environment={
                "APPLICATION_NAME": application.application_name,
                "KEEP": str(keep),
                "MAX_AGE_SECONDS": str(max_age.to_seconds()),
            },
        )
        caller = iam.Role(
            self,
            "CallerRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
        )
        scheduler.Schedule(
            self,
            "Schedule",
            schedule=scheduler.ScheduleExpression.rate(every),
            description="Snapshots of a Flink application",
            target=targets.LambdaInvoke(
                self.function,
                role=caller,
                input=scheduler.ScheduleTargetInput.from_object({"time": scheduler.ContextAttribute.scheduled_time}),
                # The next snapshot is due anyway.
                max_event_age=Duration.minutes(15),
                retry_attempts=3,
            ),
        )
        handler_function.acknowledge_invocation(caller, self.function)

    def metric_failures(self) -> cloudwatch.Metric:
        """Snapshots that could not be taken, or had failed when the next one was due; their number in an hour."""
        return self.function.metric_errors(statistic=cloudwatch.Stats.SUM, period=Duration.hours(1))
