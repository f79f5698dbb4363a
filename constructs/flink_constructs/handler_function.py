"""The functions behind custom resources: their code, and what cdk-nag finds on those who may invoke them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct, IConstruct

from flink_constructs import acknowledgment

INVOCATION = (
    "The provider framework may invoke this one function and its versions (':*' is what follows the function's"
    " own ARN); the grant is the framework's and cannot be narrowed."
)


def code(handler: str) -> lambda_.Code:
    """The modules of a handler, a folder of this package.

    The folder itself is in the zip, so that its modules import each other there as they do here.
    """
    return lambda_.Code.from_asset(
        str(Path(__file__).parent), exclude=["*", f"!{handler}", f"!{handler}/*.py"], ignore_mode=IgnoreMode.GIT
    )


def function(
    scope: Construct,
    construct_id: str,
    *,
    handler: str,
    entry: str,
    role: iam.IRole,
    log_group: logs.ILogGroup,
    environment: Mapping[str, str] | None = None,
    timeout: Duration | None = None,
) -> lambda_.Function:
    """Declare a function of a handler.

    Args:
        scope: The parent.
        construct_id: The id, unique in ``scope``.
        handler: The folder of the handler.
        entry: The module in it and what is called there, as in ``index.on_event``.
        role: What the function may do; it has to be allowed to write to ``log_group``.
        log_group: Where the function logs.
        environment: Its variables. Default: none.
        timeout: How long a call may take. Default: 2 minutes.

    """
    return lambda_.Function(
        scope,
        construct_id,
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        handler=f"{handler}.{entry}",
        code=code(handler),
        role=role,
        timeout=timeout or Duration.minutes(2),
        memory_size=256,
        environment=environment,
        log_group=log_group,
    )


def acknowledge_invocation(role: IConstruct, *functions: IConstruct) -> None:
    """Acknowledge on a role of the provider framework that it may invoke ``functions``, whatever their version."""
    findings = {f"AwsSolutions-IAM5[Resource::<{_logical_id(one)}.Arn>:*]": INVOCATION for one in functions}
    acknowledgment.findings(role, findings)


def _logical_id(function: IConstruct) -> str:
    """The logical id of a function, as findings name it."""
    resource = function.node.default_child
    if not isinstance(resource, lambda_.CfnFunction):
        raise TypeError(f"{function.node.path} is not a Lambda function")
    return str(Stack.of(function).resolve(resource.logical_id))
