"""The functions behind custom resources: their code, and what cdk-nag finds on those who may invoke them."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import IgnoreMode, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct

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
