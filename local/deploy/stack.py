"""A stack as it is deployed: what it consists of, on the disk after each step, and who may change it."""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.errors import RunError
from local.template import PSEUDO_PARAMETERS

RECORD = "stack.json"
STACK_TYPE = "AWS::CloudFormation::Stack"
RETAIN, RETAIN_EXCEPT_ON_CREATE = "Retain", "RetainExceptOnCreate"


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A resource as it was made: also one whose making has only begun."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    #: The name that it gets, where nothing else names it: as CloudFormation's, of stack, resource and chance.
    name: str
    #: Empty as long as nobody knows it.
    physical_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"
    status: str = "CREATE_IN_PROGRESS"

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Deployed:
        """Read what :func:`vars` gives of one."""
        return cls(**{**body, "needs": tuple(body["needs"])})


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that became of a resource, or of the stack itself."""

    at: str
    logical_id: str
    type: str
    status: str
    reason: str = ""


@dataclass
class Stack:
    """A stack, which is written to its folder at each change.

    While something is under way, ``before`` has the resources as they were when it began, and ``doomed`` what is to be
    deleted at its end; so a process that is killed leaves all that is needed to go back.
    """

    folder: Path
    name: str
    id: str = ""
    status: str = ""
    reason: str = ""
    context: dict[str, str] = field(default_factory=dict)
    #: The parsed template; that of before, while another one is on its way.
    template: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, Deployed] = field(default_factory=dict)
    before: dict[str, Deployed] | None = None
    doomed: list[Deployed] = field(default_factory=list)
    #: Of those deleted, what their policies kept.
    retained: list[Deployed] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    @classmethod
    def load(cls, folder: Path, name: str) -> Stack:
        """The stack of a folder, which need not exist yet."""
        if not (folder / RECORD).exists():
            return cls(folder, name)
        body = json.loads((folder / RECORD).read_text())
        resources = {key: Deployed.from_json(one) for key, one in body.pop("resources").items()}
        before = body.pop("before")
        return cls(
            folder,
            resources=resources,
            before=None if before is None else {key: Deployed.from_json(one) for key, one in before.items()},
            doomed=[Deployed.from_json(one) for one in body.pop("doomed")],
            retained=[Deployed.from_json(one) for one in body.pop("retained")],
            events=[Event(**one) for one in body.pop("events")],
            **body,
        )

    def save(self) -> None:
        """Write it down: whoever reads sees it as it was, or as it is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        body = {key: value for key, value in vars(self).items() if key != "folder"}
        written = self.folder / f"{RECORD}.new"
        written.write_text(json.dumps(body, default=vars))
        written.replace(self.folder / RECORD)

    @property
    def exists(self) -> bool:
        """Whether there is such a stack: one that is deleted is none."""
        return bool(self.id)

    @property
    def interrupted(self) -> bool:
        """Whether something was under way when its process ended."""
        return self.before is not None

    def begin(self, status: str) -> None:
        """Begin to change it."""
        if not self.id:
            arn = PSEUDO_PARAMETERS["AWS::StackId"].rpartition(":")[0]
            self.id = f"{arn}:stack/{self.name}/{uuid.uuid4()}"
        self.before = dict(self.resources)
        self.status, self.reason = status, ""
        self.save()

    def end(self, status: str, reason: str = "") -> None:
        """Nothing is under way any more."""
        self.before, self.doomed = None, []
        self.status, self.reason = status, reason
        self.save()

    def forget(self) -> None:
        """It is deleted: what stays of it is the list of what it left behind."""
        self.id, self.template, self.outputs, self.context = "", {}, {}, {}
        self.resources = {}

    @property
    def pseudo_parameters(self) -> dict[str, str]:
        """What the pseudo parameters stand for in it."""
        return {**PSEUDO_PARAMETERS, "AWS::StackName": self.name, "AWS::StackId": self.id}


def now() -> str:
    """The time, as events have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """Be the only one that changes a stack; the lock goes with the process.

    Args:
        folder: Where the locks of all stacks are.
        name: The stack's.

    Raises:
        RunError: where somebody else does.

    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise RunError(f"the stack {name} is being changed by another process; wait until it has ended") from None
    try:
        yield
    finally:
        os.close(lock)


def is_locked(folder: Path, name: str) -> bool:
    """Whether another process changes a stack."""
    try:
        with locked(folder, name):
            return False
    except RunError:
        return True
