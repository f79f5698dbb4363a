"""Resource types that are strict: what is not there cannot be changed, and what others need cannot be deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.deploy.handler import Made, RefusedError, Request
from local.deploy.stack import Deployed, Stack


class KilledError(BaseException):
    """The process that deploys ends here, as by SIGKILL."""


@dataclass
class World:
    """All resources that there are, by their physical ids, and what shall go wrong."""

    things: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    #: Calls that are refused: ``create A``.
    refused: set[str] = field(default_factory=set)
    #: The number of the effect at which the process ends, and whether that has happened by then.
    killed_at: int | None = None
    after_effect: bool = False
    calls: list[str] = field(default_factory=list)

    def handler(self, kind: str) -> Handler:
        return Handler(self, kind)

    def of_type(self, kind: str) -> list[Mapping[str, Any]]:
        return [thing for thing in self.things.values() if thing["type"] == kind]

    def effect(self, call: str, what: Any) -> None:
        """Something that a call does; the process may end before or after it."""
        number = len(self.calls)
        self.calls.append(call)
        if call in self.refused:
            raise RefusedError(f"{call} is refused")
        if number == self.killed_at and not self.after_effect:
            raise KilledError
        what()
        if number == self.killed_at:
            raise KilledError


@dataclass(frozen=True)
class Handler:
    """A type of the world; a resource's ``Ref`` is its name, its attribute ``Text`` a property."""

    world: World
    kind: str

    def create(self, request: Request) -> Made:
        name = request.name
        assert name not in self.world.things
        self._check_needs(request.properties)
        request.note(name)
        thing = {"type": self.kind, "id": request.resource.logical_id, **request.properties}
        self.world.effect(f"create {request.resource.logical_id}", lambda: self.world.things.update({name: thing}))
        return self._made(name, request)

    def update(self, request: Request, before: Deployed) -> Made:
        name = before.physical_id
        assert name in self.world.things, f"{name} is changed, but not there"
        self._check_needs(request.properties)
        thing = {"type": self.kind, "id": request.resource.logical_id, **request.properties}
        self.world.effect(f"update {request.resource.logical_id}", lambda: self.world.things.update({name: thing}))
        return self._made(name, request)

    def delete(self, resource: Deployed, stack: Stack) -> None:
        name = resource.physical_id
        retained = {one.physical_id for one in stack.retained}  # they lose what they need, as they do in AWS
        users = [one for one, thing in self.world.things.items() if name in thing.get("needs", []) and one != name]
        users = [one for one in users if one not in retained]
        assert not users, f"{name} is deleted, but {users} need it"
        self.world.effect(f"delete {resource.logical_id}", lambda: self.world.things.pop(name, None))

    def _check_needs(self, properties: Mapping[str, Any]) -> None:
        for needed in properties.get("needs", []):
            assert needed in self.world.things, f"{needed} is needed, but not there"

    @staticmethod
    def _made(name: str, request: Request) -> Made:
        return Made(physical_id=name, attributes={"Text": str(request.properties.get("text", ""))})


def replaced(_kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Of these types, the property ``fixed`` is only taken when a resource is created."""
    return ["fixed"] if before.get("fixed") != after.get("fixed") else []
