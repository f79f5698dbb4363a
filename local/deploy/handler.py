"""What the engine asks of a resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from local.deploy.stack import Deployed, Stack


class RefusedError(Exception):
    """A resource cannot be made, changed or deleted; the message is the reason that the event tells."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that there is now: what ``Ref`` and ``Fn::GetAtt`` give of it."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a resource shall be."""

    resource: Deployed
    stack: Stack
    #: Writes down under which id the resource will be, before it is made: so it is found whatever happens.
    note: Callable[[str], None]

    @property
    def properties(self) -> Mapping[str, Any]:
        """The wanted properties, resolved."""
        return self.resource.properties

    @property
    def name(self) -> str:
        """The name for what the template does not name."""
        return self.resource.name


class Handler(Protocol):
    """A resource type. Each method ends when the resource is as it shall be.

    Raises:
        RefusedError: where it cannot be.

    """

    def create(self, request: Request) -> Made:
        """Make a resource."""

    def update(self, request: Request, before: Deployed) -> Made:
        """Change a resource in place; another physical id says that it has become another one."""

    def delete(self, resource: Deployed, stack: Stack) -> None:
        """Delete a resource, or what there is of it: it may have been begun only, or be gone."""
