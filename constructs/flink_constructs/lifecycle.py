"""Started, not just created: a custom resource that starts an application, and stops it before it is deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import jsii
from aws_cdk import (
    ArnFormat,
    CustomResource,
    Duration,
    IStableAnyProducer,
    Lazy,
    RemovalPolicy,
    Stack,
)
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as cr
from aws_cdk.aws_kinesisanalyticsv2 import CfnApplication
from constructs import Construct, IDependable

from flink_constructs import acknowledgment, handler_function, validation
from flink_constructs.application_restore import Restore

__all__ = ["ApplicationLifecycle"]

HANDLER = "lifecycle_handler"
# A start takes 1 to 5 minutes, so polling more often only costs calls.
QUERY_INTERVAL = Duration.seconds(15)
# The handler ends a request itself, with a reason; the framework's own end, which has none, comes later.
MARGIN = Duration.minutes(5)
# CloudFormation waits an hour at most for a custom resource.
LONGEST = Duration.minutes(50)
TIMEOUT = Duration.minutes(20)
LONGEST_STABLE = Duration.minutes(10)

# What a stop and an update of an application with enhanced snapshots take besides.
SYSTEM_SNAPSHOT = "kinesisanalytics:CreateSystemSnapshot"
# What the handler asks of the stack: the application's name, before it may depend on the application.
STACK_ACTIONS = ("cloudformation:DescribeStackResource", "cloudformation:DescribeStacks")
# What the handler asks of every application: it is stopped before it is deleted.
APPLICATION_ACTIONS = (
    "kinesisanalytics:DescribeApplication",
    "kinesisanalytics:ListApplicationOperations",
    "kinesisanalytics:StopApplication",
)
# Of one that it starts: also why a start failed.
START_ACTIONS = ("kinesisanalytics:DescribeApplicationOperation", "kinesisanalytics:StartApplication")
# Of one that has snapshots, or had some before they were switched off: a start restores the latest one if there is one.
# One is taken before an update, and the oldest of those go.
SNAPSHOT_ACTIONS = (
    "kinesisanalytics:CreateApplicationSnapshot",
    "kinesisanalytics:DeleteApplicationSnapshot",
    "kinesisanalytics:ListApplicationSnapshots",
)


@jsii.implements(iam.IGrantable)
class ApplicationLifecycle(Construct):
    """Starts the application after create and update, stops it before delete, and passes a failure on.

    The stack waits until the job has run without a restart for ``stable_for``. The service says RUNNING while Flink
    restarts a job again and again, or its Python process has failed; so the application's log decides. When the job
    does not start or does not keep running, the service rolls an update back, or the time is over, the resource fails,
    and the stack event shows the job's root cause. A job that does not keep running is stopped by force before that:
    CloudFormation can then put the previous version back, which starts from the latest snapshot, while a job that
    fails can take none.

    Before CloudFormation changes the application, a second resource refuses a snapshot that does not exist, and takes
    one of the running job, whose name begins with ``before-update-``; the newest five of those stay. A job that can
    take none is not updated, unless its state is not wanted.

    A delete stops the application with a snapshot (when snapshots are on), by force when that fails or takes more than
    half of ``timeout``, and never keeps the stack from being deleted.

    Restarts are found in messages of level INFO, failed tasks in those of level WARN. Of an application that logs
    errors alone, only a failed Python process is noticed. A job that fails later is what alarms on ``fullRestarts`` and
    ``downtime`` are for. Escape hatches on the application (``add_property_override``) do not count as a change of its
    configuration.

    Each application has a provider of its own: one for the whole stack would have to hold the permissions on every
    application at once, and its roles would grow with each of them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        application: CfnApplication,
        log_group: logs.ILogGroup,
        log_stream_name: str,
        timeout: Duration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        restore: Restore | None = None,
        allow_non_restored_state: bool = False,
        stable_for: Duration | None = None,
        enhanced_snapshots: bool = False,
        start: bool = True,
        snapshots: bool = True,
    ) -> None:
        """Add the custom resource and its provider.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            application: The application, whose name and configuration are read at synthesis.
            log_group: Where the application logs; failures are read from there.
            log_stream_name: The application's log stream in ``log_group``.
            timeout: How long one start or stop may take, from 5 to 50 minutes; an application in a VPC takes longer.
                Default: 20 minutes.
            log_retention: How long the logs of the handler's functions are kept. Default: a month.
            restore: The state that a start restores. CloudFormation restarts a running application that is updated,
                with the application's own run configuration: give both the same. Default: the latest snapshot's.
            allow_non_restored_state: Start although the snapshot has state that the job has no operator for; the same
                holds of it as of ``restore``. Default: such a start fails.
            stable_for: How long the job has to run without a restart, up to 10 minutes and half of ``timeout``; 0
                takes the service's word for it. Default: a minute.
            enhanced_snapshots: The application's snapshots are the account's. Default: its own.
            start: Start the application. Default: on; without it, the application is stopped before its deletion, and
                nothing else.
            snapshots: The application takes snapshots. Default: on.

        Raises:
            InvalidArgumentError: for a value out of range.

        """
        timeout = timeout or TIMEOUT
        validation.duration(
            "timeout",
            timeout,
            low=Duration.minutes(5),
            high=LONGEST,
            fix="a start takes 1 to 5 minutes, longer in a VPC, and CloudFormation waits for an hour at most",
        )
        stable_for = checked_stable_for(stable_for, timeout=timeout)
        validation.matching(
            "log_stream_name",
            log_stream_name,
            pattern=r"[^:*]{1,512}",
            rule="have 1 to 512 characters, without ':' and '*'",
            fix="give the name of the application's own log stream",
        )
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        # Nothing in it is of use once the application is gone: the stack event has the outcome.
        self.log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)

        application_arn = stack.format_arn(
            service="kinesisanalytics", resource="application", resource_name=application.ref
        )
        log_stream_arn = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{log_group.log_group_name}:log-stream:{log_stream_name}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.role = self._function_role("IsCompleteRole")
        restore = restore or Restore.latest_snapshot()
        enhanced: list[iam.PolicyStatement] = []
        if enhanced_snapshots:
            enhanced = [iam.PolicyStatement(actions=[SYSTEM_SNAPSHOT], resources=[application_arn])]
            if restore.snapshot_name is not None:
                arn = restore.arn(stack)
                enhanced += [iam.PolicyStatement(actions=["kinesisanalytics:DescribeSnapshot"], resources=[arn])]
        permissions = iam.Policy(
            self,
            "Permissions",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(
                    actions=application_actions(start=start, snapshots=snapshots), resources=[application_arn]
                ),
                *([iam.PolicyStatement(actions=["logs:GetLogEvents"], resources=[log_stream_arn])] if start else []),
                *enhanced,
            ],
        )

        stack_permissions = iam.Policy(
            self,
            "StackPermissions",
            roles=[self.role],
            statements=[iam.PolicyStatement(actions=list(STACK_ACTIONS), resources=[stack.stack_id])],
        )

        handlers = [
            self._function("OnEvent", "on_event", self._function_role("OnEventRole"), {}),
            self._function(
                "IsComplete",
                "is_complete",
                self.role,
                {
                    "LOG_GROUP_NAME": log_group.log_group_name,
                    "LOG_STREAM_NAME": log_stream_name,
                    "TIMEOUT_SECONDS": str(timeout.to_seconds()),
                    "STABLE_SECONDS": str(stable_for.to_seconds()),
                },
            ),
        ]
        framework_roles = [self._function_role("FrameworkOnEventRole"), self._function_role("FrameworkCompleteRole")]
        provider = cr.Provider(
            self,
            "Provider",
            on_event_handler=handlers[0],
            is_complete_handler=handlers[1],
            # The framework's own functions say nothing but fatal errors (its default), so the request stays unlogged.
            framework_on_event_role=framework_roles[0],
            framework_complete_and_timeout_role=framework_roles[1],
            log_group=self.log_group,
            query_interval=QUERY_INTERVAL,
            total_timeout=timeout.plus(MARGIN),
            disable_waiter_state_machine_logging=True,
        )
        acknowledge_framework(provider, framework_roles, handlers)

        fingerprint = Fingerprint(application)
        properties = {
            **choice_of_state(restore, enhanced_snapshots=enhanced_snapshots, stack=stack),
            # Both change whenever the application's configuration does, which makes CloudFormation call again.
            "ConfigurationDigest": Lazy.any(DigestProducer(fingerprint)),
            "ConfigurationReferences": Lazy.any(ReferencesProducer(fingerprint)),
        }
        self.resource = self._resource(
            "Resource",
            "Custom::FlinkApplicationLifecycle",
            provider,
            timeout,
            {
                **properties,
                "ApplicationName": application.ref,
                "AllowNonRestoredState": allow_non_restored_state,
                "Start": start,
            },
        )
        # The application itself comes first through its name.
        self.resource.node.add_dependency(permissions)
        before_update = self._resource(
            "BeforeUpdate",
            "Custom::FlinkApplicationBeforeUpdate",
            provider,
            timeout,
            {**properties, "ApplicationLogicalId": application.logical_id},
        )
        before_update.node.add_dependency(stack_permissions)
        application.node.add_dependency(before_update)

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """Who starts and stops the application; a key that protects it has to admit this role."""
        return self.role

    def starts_after(self, *dependables: IDependable) -> None:
        """Have these exist before the application starts, and until it is stopped: policies, logging options, …."""
        self.resource.node.add_dependency(*dependables)

    def _resource(
        self, name: str, resource_type: str, provider: cr.Provider, timeout: Duration, properties: Mapping[str, Any]
    ) -> CustomResource:
        return CustomResource(
            self,
            name,
            resource_type=resource_type,
            service_token=provider.service_token,
            service_timeout=timeout.plus(MARGIN).plus(MARGIN),
            properties=properties,
        )

    def _function_role(self, name: str) -> iam.Role:
        """Make a role that may write to this construct's log group, and nothing else yet."""
        role = iam.Role(self, name, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group.grant_write(role)
        return role

    def _function(self, name: str, function: str, role: iam.Role, environment: Mapping[str, str]) -> lambda_.Function:
        return handler_function.function(
            self,
            name,
            handler=HANDLER,
            entry=f"index.{function}",
            role=role,
            log_group=self.log_group,
            environment=environment,
        )


def application_actions(*, start: bool, snapshots: bool) -> list[str]:
    """What the handler asks of an application that it starts or only stops, and that takes snapshots or does not."""
    of_snapshots = SNAPSHOT_ACTIONS if start or snapshots else ()
    return sorted((*APPLICATION_ACTIONS, *(START_ACTIONS if start else ()), *of_snapshots))


def checked_stable_for(stable_for: Duration | None, *, timeout: Duration | None = None) -> Duration:
    """How long a job has to run without a restart.

    Args:
        stable_for: Up to 10 minutes and half of ``timeout``. Default: a minute.
        timeout: How long a start may take. Default: 20 minutes.

    Raises:
        InvalidArgumentError: for a value out of range.

    """
    stable_for = stable_for or Duration.minutes(1)
    half = Duration.millis((timeout or TIMEOUT).to_milliseconds() // 2)
    validation.duration(
        "stable_for",
        stable_for,
        low=Duration.seconds(0),
        high=min(LONGEST_STABLE, half, key=Duration.to_milliseconds),
        fix="a job that fails does so within a minute as a rule",
    )
    return stable_for


def choice_of_state(restore: Restore, *, enhanced_snapshots: bool, stack: Stack) -> dict[str, Any]:
    """The choice of state as the handler's properties have it."""
    choice: dict[str, Any] = {"RestoreType": restore.restore_type}
    if restore.snapshot_name is not None:
        choice["SnapshotName"] = restore.snapshot_name
    if enhanced_snapshots:
        # They are overrides of the application, which its fingerprint does not have.
        choice["EnhancedSnapshots"] = True
        if restore.snapshot_name is not None:
            choice["SnapshotArn"] = restore.arn(stack)
    return choice


def acknowledge_framework(provider: cr.Provider, roles: list[iam.Role], handlers: list[lambda_.Function]) -> None:
    """Say, next to their cause, why cdk-nag's findings on the provider framework stand."""
    waiter = provider.node.find_child("waiter-state-machine")
    framework = [provider.node.find_child(f"framework-{name}") for name in ("isComplete", "onTimeout")]
    for role in roles:
        handler_function.acknowledge_invocation(role, *handlers)
    handler_function.acknowledge_invocation(waiter.node.find_child("Role"), *framework)
    acknowledgment.findings(
        waiter,
        {
            "AwsSolutions-SF1": "The state machine only repeats one poll; its outcome is the stack event, and every"
            " poll is in the handler's log. Logging it takes a role on all resources.",
            "AwsSolutions-SF2": "The state machine only repeats one poll, and the provider framework cannot switch"
            " tracing on.",
        },
    )


class Fingerprint:
    """What identifies a configuration of an application, without showing its values.

    The configuration itself would do as a property, but its property groups may hold up to 2,500 values of 2,048
    characters each, where Step Functions takes an input of 256 KB, and every value would be kept in clear in the
    execution's history. So the texts go into a digest, and only the references (names and ARNs, which
    CloudFormation resolves at deployment) are passed as they are: a few KB, and the properties of the configuration
    that are known now stay out of every log.
    """

    def __init__(self, application: CfnApplication) -> None:
        self.application = application

    def resolved(self) -> Any:  # noqa: ANN401 - any JSON
        """Resolve what an update restarts the application for."""
        application = self.application
        return Stack.of(application).resolve(
            {
                "ApplicationConfiguration": application.application_configuration,
                "RunConfiguration": application.run_configuration,
                "RuntimeEnvironment": application.runtime_environment,
                "ServiceExecutionRole": application.service_execution_role,
            }
        )

    def digest(self) -> str:
        """Return the SHA-256 of the configuration as the template has it, in hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.resolved(), sort_keys=True).encode()).hexdigest()

    def references(self) -> list[Any]:
        """Return each of CloudFormation's references in the configuration once, in a stable order."""
        found = {json.dumps(one, sort_keys=True) for one in references_in(self.resolved())}
        return [json.loads(one) for one in sorted(found)]


def references_in(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    """Return the intrinsic functions in a resolved value; of a join its parts, so that its texts stay out."""
    if isinstance(value, Mapping):
        [*keys] = value
        if len(keys) == 1 and keys[0] != "Fn::Join" and (keys[0] == "Ref" or keys[0].startswith("Fn::")):
            return [value]
        return [one for key in keys for one in references_in(value[key])]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [one for item in value for one in references_in(item)]
    return []


@jsii.implements(IStableAnyProducer)
class DigestProducer:
    """Computes the digest at synthesis, when every change to the application has been made."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self.fingerprint = fingerprint

    def produce(self) -> Any:  # noqa: ANN401 - the CDK's signature
        """Return the digest."""
        return self.fingerprint.digest()


@jsii.implements(IStableAnyProducer)
class ReferencesProducer:
    """Lists the references at synthesis, when every change to the application has been made."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self.fingerprint = fingerprint

    def produce(self) -> Any:  # noqa: ANN401 - the CDK's signature
        """Return the references."""
        return self.fingerprint.references()
