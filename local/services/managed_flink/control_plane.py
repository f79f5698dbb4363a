"""The control plane: every call by its name, checked against the service's own model before and after."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore import xform_name

from local.services.managed_flink.lifecycle import LifecycleCalls
from local.services.managed_flink.listings import ListingCalls
from local.services.managed_flink.model import RefusedError, check_answer, check_request, error_codes, operation_model
from local.services.managed_flink.options import OptionCalls
from local.services.managed_flink.snapshots import SnapshotCalls

_CALLS_KEPT = 10_000


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that was made: who made it, and how it was refused, if it was."""

    operation: str
    #: The ARN of the application or snapshot that it is about; ``*`` where it is about none.
    resource: str
    #: The id of the access key with which the request was signed; empty where it was not.
    access_key_id: str = ""
    refused: str = ""


class ControlPlane(LifecycleCalls, SnapshotCalls, OptionCalls, ListingCalls):
    """The API of the service without HTTP."""

    #: The latest calls, the oldest one first.
    calls: deque[Call]

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - those of the core
        """Begin without applications, and without calls."""
        super().__init__(*arguments, **options)
        self.calls = deque(maxlen=_CALLS_KEPT)

    def call(self, name: str, parameters: dict[str, Any], *, access_key_id: str = "") -> dict[str, Any]:
        """Carry out a call.

        Args:
            name: The operation's, such as ``StartApplication``.
            parameters: Its parameters, as a client takes them.
            access_key_id: Who calls.

        Raises:
            RefusedError: where the service refuses it.

        """
        refused = ""
        try:
            return self._carry_out(name, parameters)
        except RefusedError as error:
            refused = error.code
            raise
        finally:
            self.calls.append(
                Call(operation=name, resource=self._resource(parameters), access_key_id=access_key_id, refused=refused)
            )

    def _resource(self, parameters: Mapping[str, Any]) -> str:
        if "ResourceARN" in parameters:
            return str(parameters["ResourceARN"])
        for member, kind in (("ApplicationName", "application"), ("SnapshotName", "snapshot")):
            if member in parameters:
                return self.arn(kind, str(parameters[member]))
        return "*"

    def _carry_out(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        operation = operation_model(name)
        if operation is None:
            raise RefusedError("UnknownOperationException", f"the service has no operation {name!r}")
        # Those about SQL applications, and about copies of snapshots in S3, are not there.
        carry_out = getattr(self, xform_name(name), None)
        if carry_out is None:
            raise RefusedError("UnsupportedOperationException", f"{name} is not there for an application of Flink here")
        check_request(operation, parameters)
        with self.lock:
            self.settle()
            try:
                answer: dict[str, Any] = carry_out(parameters)
            except RefusedError as error:
                if error.code not in error_codes(name):
                    raise AssertionError(f"{name} must not be refused with {error.code}") from error
                raise
            check_answer(operation, answer)
            self.settle()
        return answer
