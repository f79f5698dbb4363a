"""Deploys a template as CloudFormation does: in order, in place or by replacement, and back if anything fails.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

import dataclasses
import secrets
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.deploy import order
from local.deploy.handler import Handler, Made, RefusedError, Request
from local.deploy.schemas import replaced_by
from local.deploy.stack import RETAIN, RETAIN_EXCEPT_ON_CREATE, STACK_TYPE, Deployed, Event, Stack, now
from local.errors import RunError
from local.template import Resource, Template

#: Gives the handler of a type.
Handlers = Callable[[str], Handler]
#: What the types of custom resources begin with.
CUSTOM = "Custom::"
_CLEANUP = "_CLEANUP_IN_PROGRESS"
_CHANCE = string.ascii_uppercase + string.digits


class FailedError(RunError):
    """A deployment failed; the stack is as it was before, or the message says what is in the way of that."""


@dataclass
class Engine:
    """Changes one stack, one resource after the other."""

    stack: Stack
    handlers: Handlers
    listener: Callable[[Event], None] = lambda _event: None
    #: The properties whose change makes a resource of a type another one.
    replaced_by: Callable[[str, Mapping[str, Any], Mapping[str, Any]], list[str]] = replaced_by

    def deploy(self, document: Mapping[str, Any], context: Mapping[str, str] | None = None) -> bool:
        """Make the stack what a template says; False where it is that already.

        Args:
            document: The parsed template.
            context: What it was synthesized with.

        Raises:
            FailedError: where a resource fails; what was changed has been rolled back then.

        """
        stack = self.stack
        if stack.exists and stack.template == document:
            return False
        kind = "UPDATE" if stack.exists else "CREATE"
        stack.begin(f"{kind}_IN_PROGRESS")
        self._stack_event("rehearsed")
        template = Template(document, stack.pseudo_parameters)
        bodies: Mapping[str, Mapping[str, Any]] = document["Resources"]
        try:
            all_needs = {one: order.needs(body, bodies) for one, body in bodies.items()}
            for logical_id in order.ordered(all_needs):
                self._converge(logical_id, template, bodies[logical_id], all_needs[logical_id])
            outputs = {
                name: str(template.resolve(output["Value"], self._attribute))
                for name, output in document.get("Outputs", {}).items()
            }
        except (RefusedError, RunError, KeyboardInterrupt) as error:
            reason = _reason(error)
            self.roll_back(reason)
            raise FailedError(f"{stack.name} was rolled back: {reason}") from error
        stack.status = f"{kind}_COMPLETE{_CLEANUP}"  # from here on there is no way back
        stack.template, stack.outputs, stack.context = dict(document), outputs, dict(context or {})
        gone = [one for logical_id, one in stack.resources.items() if logical_id not in bodies]
        for resource in gone:
            self._doom(resource, resource.deletion_policy)
            del stack.resources[resource.logical_id]
        if stack.doomed:
            self._stack_event("")
        self._finish(f"{kind}_COMPLETE")
        return True

    def resume(self) -> None:
        """Finish what a process had begun that was killed: a clean-up, a deletion, or the way back.

        Raises:
            FailedError: where a resource is in the way of that.

        """
        status = self.stack.status
        if status == "DELETE_IN_PROGRESS":
            self.destroy()
        elif status.endswith(_CLEANUP):
            self._finish(status.removesuffix(_CLEANUP))
        elif self.stack.interrupted:
            failed = status.endswith("_FAILED")
            self.roll_back("once more" if failed else "the process that deployed it was killed")

    def roll_back(self, reason: str) -> None:
        """Put the stack back to what it was when the change began that is under way.

        Args:
            reason: Why.

        Raises:
            FailedError: where a resource cannot be put back.

        """
        stack, before = self.stack, self.stack.before or {}
        prefix = "UPDATE_ROLLBACK" if stack.template else "ROLLBACK"
        self._status(f"{prefix}_IN_PROGRESS", reason)
        try:
            # As an update to the previous template: what others need comes back before them.
            for resource in _in_order(before.values()):
                self._restore(resource)
        except RefusedError as error:
            self._status(f"{prefix}_FAILED", str(error))
            raise FailedError(
                f"{stack.name} could not be rolled back ({error}), after: {reason}; destroy it, and deploy again"
            ) from error
        for resource in [one for logical_id, one in stack.resources.items() if logical_id not in before]:
            policy = resource.deletion_policy
            self._doom(resource, "Delete" if policy == RETAIN_EXCEPT_ON_CREATE else policy)
            if stack.template:
                del stack.resources[resource.logical_id]
        if stack.template:
            self._status(f"{prefix}_COMPLETE{_CLEANUP}", reason)
            self._finish(f"{prefix}_COMPLETE", reason)
            return
        self._delete_all(f"{prefix}_COMPLETE", f"{prefix}_FAILED", reason)

    def destroy(self) -> None:
        """Delete all resources of the stack but those that their policies retain.

        Raises:
            FailedError: where one cannot be deleted; the others are.

        """
        stack = self.stack
        if not stack.template:  # it has never been there: what was made is no one's
            self.roll_back("it is destroyed")
            return
        before = list((stack.before or {}).values())
        stack.begin("DELETE_IN_PROGRESS")
        self._stack_event("")
        there = {_identity(one) for one in stack.resources.values()}
        replaced = [one for one in before if _identity(one) not in there]
        for resource in [*stack.resources.values(), *replaced]:
            self._doom(resource, resource.deletion_policy)
        self._delete_all("DELETE_COMPLETE", "DELETE_FAILED")

    def _finish(self, status: str, reason: str = "") -> None:
        """End a change whose resources are all as they shall be; what cannot be deleted stays, and is told."""
        stuck = self._clean_up()
        self.stack.end(status, "; ".join([*filter(None, [reason]), *(f"not deleted: {one}" for one in stuck)]))
        self._stack_event(self.stack.reason)

    def _delete_all(self, done: str, failed: str, reason: str = "") -> None:
        """Delete the stack with all that is doomed.

        Raises:
            FailedError: where something cannot be deleted; the stack has that alone then.

        """
        stuck = self._clean_up()
        stack = self.stack
        if stuck:
            left = {one.logical_id: one for one in stack.doomed}
            stack.resources, stack.doomed = left, []
            stack.template = stack.template or {"Resources": {}}  # it is there, though it is not complete
            stack.end(failed, "; ".join(stuck))
            self._stack_event(stack.reason)
            why = f" after: {reason}" if reason else ""
            raise FailedError(f"{stack.name} could not be deleted: {stack.reason}; destroy it again{why}")
        stack.end(done, reason)
        self._stack_event(reason)
        stack.forget()
        stack.save()

    # One resource.

    def _converge(self, logical_id: str, template: Template, body: Mapping[str, Any], needs: tuple[str, ...]) -> None:
        """Create, update or replace a resource, or leave it as it is."""
        wanted = Deployed(
            logical_id=logical_id,
            type=body["Type"],
            properties=template.resolve(body.get("Properties", {}), self._attribute),
            name=self._new_name(logical_id),
            needs=needs,
            deletion_policy=body.get("DeletionPolicy", "Delete"),
            replace_policy=body.get("UpdateReplacePolicy", "Delete"),
        )
        current = self.stack.resources.get(logical_id)
        if current is None:
            self._create(wanted)
        elif current.type != wanted.type:
            self._replace(current, wanted, f"the type changed from {current.type}")
        elif current.properties != wanted.properties:
            changed = self.replaced_by(wanted.type, current.properties, wanted.properties)
            if changed:
                self._replace(current, wanted, f"requires a new resource: {', '.join(changed)}")
            else:
                self._update(current, wanted)
        else:
            kept = dataclasses.replace(current, needs=needs, deletion_policy=wanted.deletion_policy)
            self._keep(dataclasses.replace(kept, replace_policy=wanted.replace_policy))

    def _create(self, wanted: Deployed, kind: str = "CREATE", reason: str = "") -> None:
        begun = dataclasses.replace(wanted, status=f"{kind}_IN_PROGRESS")
        self._keep(begun, reason, event=True)
        made = self._attempt(begun, kind, lambda request: self.handlers(wanted.type).create(request))
        self._keep(_made(begun, made, f"{kind}_COMPLETE"), event=True)

    def _replace(self, current: Deployed, wanted: Deployed, reason: str) -> None:
        """Make the new one first; the old one goes in the clean-up, when nobody needs it any more."""
        self._create(wanted, "UPDATE", reason)
        self._doom(current, current.replace_policy)

    def _update(self, current: Deployed, wanted: Deployed) -> None:
        begun = dataclasses.replace(
            wanted,
            name=current.name,
            physical_id=current.physical_id,
            attributes=current.attributes,
            status="UPDATE_IN_PROGRESS",
        )
        self._keep(begun, event=True)
        made = self._attempt(begun, "UPDATE", lambda request: self.handlers(wanted.type).update(request, current))
        updated = _made(begun, made, "UPDATE_COMPLETE")
        self._keep(updated, event=True)
        if made.physical_id != current.physical_id:
            self._spare(updated)
            self._doom(current, current.replace_policy)

    def _restore(self, resource: Deployed) -> None:
        """Put back what has been changed of one of the resources from before."""
        self._spare(resource)
        current = self.stack.resources.get(resource.logical_id)
        if current is None or (current.properties, _identity(current)) == (resource.properties, _identity(resource)):
            self._keep(resource)
        elif _identity(current) == _identity(resource) or (
            # Only its handler knows whether it is another one.
            current.type == resource.type and current.type.startswith(CUSTOM) and current.physical_id
        ):
            self._update(current, resource)
        else:
            self._keep(dataclasses.replace(resource, status="UPDATE_COMPLETE"), event=True)
            self._doom(current, "Delete")

    def _attempt(self, resource: Deployed, kind: str, work: Callable[[Request], Made]) -> Made:
        def note(physical_id: str) -> None:
            self._keep(dataclasses.replace(self.stack.resources[resource.logical_id], physical_id=physical_id))

        try:
            return work(Request(resource=resource, stack=self.stack, note=note))
        except (RefusedError, RunError, KeyboardInterrupt) as error:
            failed = dataclasses.replace(self.stack.resources[resource.logical_id], status=f"{kind}_FAILED")
            self._keep(failed, _reason(error), event=True)
            raise RefusedError(f"{resource.logical_id}: {_reason(error)}") from error

    def _doom(self, resource: Deployed, policy: str) -> None:
        """Have the clean-up do with a resource what the policy says."""
        if _identity(resource) not in map(_identity, self.stack.doomed):
            self.stack.doomed.append(dataclasses.replace(resource, deletion_policy=policy))
            self.stack.save()

    def _spare(self, resource: Deployed) -> None:
        """Let the clean-up leave a resource alone."""
        self.stack.doomed = [one for one in self.stack.doomed if _identity(one) != _identity(resource)]

    def _clean_up(self) -> list[str]:
        """Delete or retain what is doomed, whoever needs others first; gives what could not be deleted."""
        stuck = []
        for resource in reversed(_in_order(self.stack.doomed)):
            if reason := self._delete(resource):
                stuck.append(f"{resource.logical_id}: {reason}")
                continue
            self._spare(resource)
            current = self.stack.resources.get(resource.logical_id)
            if current is not None and _identity(current) == _identity(resource):
                del self.stack.resources[resource.logical_id]
            self.stack.save()
        return stuck

    def _delete(self, resource: Deployed) -> str:
        """Delete or retain a resource; gives why it could not be deleted."""
        if resource.deletion_policy in (RETAIN, RETAIN_EXCEPT_ON_CREATE):
            if _identity(resource) not in map(_identity, self.stack.retained):
                self.stack.retained.append(resource)
            self._event(resource.logical_id, resource.type, "DELETE_SKIPPED", "its policy retains it")
            return ""
        if not resource.physical_id:
            return ""  # nothing was made
        self._event(resource.logical_id, resource.type, "DELETE_IN_PROGRESS")
        try:
            self.handlers(resource.type).delete(resource, self.stack)
        except (RefusedError, RunError) as error:
            self._event(resource.logical_id, resource.type, "DELETE_FAILED", _reason(error))
            return _reason(error)
        self._event(resource.logical_id, resource.type, "DELETE_COMPLETE")
        return ""

    # What is noted and told.

    def _keep(self, resource: Deployed, reason: str = "", *, event: bool = False) -> None:
        self.stack.resources[resource.logical_id] = resource
        if event:
            self._event(resource.logical_id, resource.type, resource.status, reason)
        else:
            self.stack.save()

    def _event(self, logical_id: str, kind: str, status: str, reason: str = "") -> None:
        event = Event(at=now(), logical_id=logical_id, type=kind, status=status, reason=reason)
        self.stack.events.append(event)
        self.stack.save()
        self.listener(event)

    def _stack_event(self, reason: str) -> None:
        self._event(self.stack.name, STACK_TYPE, self.stack.status, reason)

    def _status(self, status: str, reason: str = "") -> None:
        self.stack.status, self.stack.reason = status, reason
        self._stack_event(reason)

    def _attribute(self, resource: Resource, name: str) -> Any:  # noqa: ANN401 - a list is an attribute, too
        deployed = self.stack.resources[resource.logical_id]
        if name == "Ref":
            return deployed.physical_id
        if name not in deployed.attributes:
            raise RunError(f"{resource.logical_id} ({resource.type}) has no attribute {name} here")
        return deployed.attributes[name]

    def _new_name(self, logical_id: str) -> str:
        chance = "".join(secrets.choice(_CHANCE) for _ in range(12))
        return f"{self.stack.name}-{logical_id[:24]}-{chance}"


def _made(resource: Deployed, made: Made, status: str) -> Deployed:
    return dataclasses.replace(resource, physical_id=made.physical_id, attributes=dict(made.attributes), status=status)


def _identity(resource: Deployed) -> tuple[str, str, str]:
    return resource.logical_id, resource.type, resource.physical_id


def _in_order(resources: Iterable[Deployed]) -> list[Deployed]:
    """Resources so that each comes after what it needs; of a replaced one, there may be two."""
    given = list(resources)
    all_needs: dict[str, list[str]] = {}
    for one in given:
        all_needs.setdefault(one.logical_id, []).extend(one.needs)
    place = {logical_id: number for number, logical_id in enumerate(order.ordered(all_needs))}
    return sorted(given, key=lambda one: place[one.logical_id])


def _reason(error: BaseException) -> str:
    return "interrupted" if isinstance(error, KeyboardInterrupt) else " ".join(str(error).split())
