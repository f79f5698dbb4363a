"""Checks of construct arguments: one plain function per rule.

Every message names the argument, the rule, the value received and the fix. Values that CloudFormation resolves only at
deployment (tokens) pass unchecked: nothing is known about them yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, Token

__all__ = ["InvalidArgumentError"]


class InvalidArgumentError(ValueError):
    """An argument that breaks its rule: the message has the name, the rule, the value received and the fix."""

    def __init__(self, name: str, rule: str, value: object, fix: str) -> None:
        super().__init__(f"{name} must {rule} (got {value!r}); {fix}")


def integer(name: str, value: int, *, low: int, high: int, fix: str) -> None:
    """Refuse what is no integer from ``low`` to ``high``, both included."""
    if Token.is_unresolved(value):
        return
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidArgumentError(name, f"be an integer from {low} to {high}", value, fix)


def duration(name: str, value: Duration, *, low: Duration, high: Duration, fix: str) -> None:
    """Refuse a duration that is not from ``low`` to ``high``, both included."""
    if value.is_unresolved():
        return
    if not low.to_milliseconds() <= value.to_milliseconds() <= high.to_milliseconds():
        rule = f"be from {low.to_human_string()} to {high.to_human_string()}"
        raise InvalidArgumentError(name, rule, value.to_human_string(), fix)


def matching(name: str, value: str, *, pattern: str, rule: str, fix: str) -> None:
    """Refuse a text that ``pattern`` does not match from end to end."""
    if Token.is_unresolved(value):
        return
    if not re.fullmatch(pattern, value):
        raise InvalidArgumentError(name, rule, value, fix)


def one_of(name: str, value: Any, allowed: tuple[Any, ...], *, fix: str) -> None:  # noqa: ANN401 - any closed set
    """Refuse a value that is not in the closed set ``allowed``."""
    if Token.is_unresolved(value):
        return
    if value not in allowed:
        raise InvalidArgumentError(name, f"be one of {', '.join(map(str, allowed))}", value, fix)


def short_text(name: str, value: str, *, low: int, high: int, fix: str) -> None:
    """Refuse a text with fewer than ``low`` or more than ``high`` characters; the message counts them."""
    if Token.is_unresolved(value):
        return
    if not low <= len(value) <= high:
        raise InvalidArgumentError(name, f"have {low} to {high:,} characters", f"{len(value):,} characters", fix)


def property_groups(name: str, groups: Mapping[str, Mapping[str, str]], *, high: int = 50) -> None:
    """Refuse property groups that the service would, and more than ``high`` of them.

    A group has 1 to 50 properties, an id of up to 50 characters, and keys and values of up to 2,048
    (https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_PropertyGroup.html).
    """
    if len(groups) > high:
        raise InvalidArgumentError(name, f"hold at most {high} groups", len(groups), "merge some of them")
    for group, properties in groups.items():
        matching(
            f"{name} id",
            group,
            pattern=r"[a-zA-Z0-9_.-]{1,50}",
            rule="have 1 to 50 letters, digits, '_', '.' or '-'",
            fix="rename the group",
        )
        if not 1 <= len(properties) <= 50:
            raise InvalidArgumentError(
                f"{name}[{group!r}]",
                "hold 1 to 50 properties",
                len(properties),
                "leave an empty group out, split a full",
            )
        for key, value in properties.items():
            where = f"{name}[{group!r}][{key[:50]!r}]"
            short_text(f"the key of {where}", key, low=1, high=2048, fix="rename it")
            if not isinstance(value, str):
                raise InvalidArgumentError(where, "be a text", value, "write it as str(…)")
            short_text(where, value, low=1, high=2048, fix="shorten it, or leave it out")


def known_at_synthesis(name: str, value: Any, *, fix: str) -> None:  # noqa: ANN401 - whatever may be a token
    """Refuse a token where the value decides what the template holds."""
    if Token.is_unresolved(value):
        raise InvalidArgumentError(name, "be known at synthesis", value, fix)
