"""Acknowledging what cdk-nag finds, next to the cause and one resource at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import IConstruct


def findings(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings on ``construct`` and what is below it: the reason of each by the finding's id."""
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=finding, reason=reason) for finding, reason in reasons.items())
    )


def wildcard_resource(grantee: iam.IGrantable, arn: str, reason: str) -> None:
    """Acknowledge on ``grantee`` that its policy names ``arn``, which holds a ``*``, and nothing more.

    A grantee without a construct of its own, such as a service principal, has no policy to acknowledge it on. Where
    the grantee is in another stack than the resource, the policy names an export instead, which stays a finding there.
    """
    principal: Any = grantee.grant_principal  # an imported role is a construct of no class of Python's
    if not hasattr(principal, "node"):
        return
    resource = _flat(Stack.of(principal).resolve(arn))
    findings(principal, {f"AwsSolutions-IAM5[Resource::{resource}]": reason})


def _flat(value: Any) -> str:  # noqa: ANN401 - a resolved CloudFormation value has any shape
    """Write a resolved value as cdk-nag writes it into the id of a finding."""
    match value:
        case str():
            return value.replace("${", "<").replace("}", ">")
        case {"Fn::Join": [delimiter, items]}:
            return str(delimiter).join(map(_flat, items))
        case {"Fn::Sub": str(text)}:
            return _flat(text)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{_flat(resource)}.{_flat(attribute)}>"
        case {"Ref": name}:
            return f"<{_flat(name)}>"
        case _:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
