"""Names of resources that stay when their stack goes."""

from __future__ import annotations

from aws_cdk import Fn, Names, Stack
from constructs import Construct

UUID_LENGTH = 36


def unique_name(scope: Construct, *, max_length: int, prefix: str = "") -> str:
    """A name that no other stack uses, not even a later one of the same name: what stays must not be in its way.

    Args:
        scope: What is named; its path is the readable part.
        max_length: The longest name that the service takes.
        prefix: The beginning that the service wants.

    """
    path = Names.unique_resource_name(scope, max_length=max_length - len(prefix) - UUID_LENGTH - 1, separator="-")
    return Fn.join("", [f"{prefix}{path}-", stack_uuid(scope)])


def stack_uuid(scope: Construct) -> str:
    """The part of the stack's id that no other stack has; known at deployment."""
    return Fn.select(2, Fn.split("/", Stack.of(scope).stack_id))
