"""Functions, and the custom resources behind which they are: their handlers run in processes of their own.

The CDK's provider framework is code in JavaScript between CloudFormation and a handler. What it does is done here: it
calls the handler, and then asks the second one at an interval, until that says that it is complete or time is over.
Source: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html#the-provider-framework
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import IO, Any, Self

from local.deploy import cdk_functions
from local.deploy.handler import Made, RefusedError, Request
from local.deploy.rehearsal import Rehearsal
from local.deploy.stack import Deployed, Stack
from local.errors import RunError
from local.properties import local_text
from local.template import PSEUDO_PARAMETERS

FUNCTION_TYPE = "AWS::Lambda::Function"
_INVOKE = Path(__file__).parent / "invoke.py"
#: Handlers are asked more often than in AWS, where a call costs something: a rehearsal is waited for.
_LONGEST_INTERVAL = 1.0
_FRAMEWORK = "framework.onEvent"


class FunctionError(RefusedError):
    """What a function raised."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message or kind)
        self.kind = kind


class Functions:
    """``AWS::Lambda::Function``: kept by the stack, and run where a custom resource needs it."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal

    def create(self, request: Request) -> Made:
        """Check that its code is there."""
        name = str(request.properties.get("FunctionName", request.name))[:64]
        code = request.properties["Code"]
        found = self._rehearsal.access.client("s3").head_object(Bucket=code["S3Bucket"], Key=code["S3Key"])
        if not found["ContentLength"]:
            raise RefusedError(f"Code must not be empty (got s3://{code['S3Bucket']}/{code['S3Key']})")
        arn = f"arn:aws:lambda:{PSEUDO_PARAMETERS['AWS::Region']}:{PSEUDO_PARAMETERS['AWS::AccountId']}:function:{name}"
        return Made(physical_id=name, attributes={"Arn": arn})

    def update(self, request: Request, before: Deployed) -> Made:
        """Take other code or settings from the next call on."""
        self.create(request)
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, stack: Stack) -> None:
        """It was nothing but a record."""


@dataclass
class Process:
    """A function's process, which keeps its modules and clients from one call to the next."""

    function: Deployed
    rehearsal: Rehearsal
    log: Path
    _popen: subprocess.Popen[str] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        """Start it with the role's credentials, and nothing of this process's environment."""
        properties = self.function.properties
        variables = {key: str(value) for key, value in properties.get("Environment", {}).get("Variables", {}).items()}
        environment = self.rehearsal.access.environment(str(properties["Role"]))
        code = self._code(properties["Code"])
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-P", str(_INVOKE), str(properties["Handler"])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=code,
                env={
                    **environment,
                    "AWS_LAMBDA_FUNCTION_NAME": self.function.physical_id,
                    "PYTHONDONTWRITEBYTECODE": "1",
                    **variables,
                },
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""
        if self._popen is not None:
            self._popen.kill()
            with suppress(BrokenPipeError):
                self._popen.communicate()

    def call(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The function's answer to an event.

        Raises:
            FunctionError: with what it raised, or that it took too long.

        """
        if self._popen is None:
            raise RunError(f"{self.function.logical_id} has not been started")
        seconds = float(self.function.properties.get("Timeout", 3))
        late = Timer(seconds, self._popen.kill)
        late.start()
        try:
            _pipe(self._popen.stdin).write(json.dumps(event) + "\n")
            _pipe(self._popen.stdin).flush()
            line = _pipe(self._popen.stdout).readline()
        except BrokenPipeError:
            line = ""
        finally:
            timed_out = late.finished.is_set()
            late.cancel()
        if not line:
            what = f"Task timed out after {seconds:.2f} seconds" if timed_out else f"its process ended; log: {self.log}"
            raise FunctionError("Runtime.ExitError", what)
        answer = json.loads(line)
        if "error" in answer:
            raise FunctionError(answer["error"], answer["message"])
        return answer["result"] or {}

    def _code(self, code: Mapping[str, str]) -> Path:
        """The folder of the code, unpacked from the zip in S3."""
        folder = self.rehearsal.folder / "functions" / Path(code["S3Key"]).stem
        if not folder.exists():
            zipped = self.rehearsal.access.client("s3").get_object(Bucket=code["S3Bucket"], Key=code["S3Key"])
            unpacked = folder.with_name(f"{folder.name}.{uuid.uuid4()}")
            with zipfile.ZipFile(io.BytesIO(zipped["Body"].read())) as bundle:
                bundle.extractall(unpacked)
            try:
                unpacked.rename(folder)
            except OSError:  # another deployment was faster
                shutil.rmtree(unpacked)
        return folder


class CustomResources:
    """``Custom::…``: made by the function that ``ServiceToken`` names."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal

    def create(self, request: Request) -> Made:
        """Ask the function to make it."""
        return self._ask("Create", request.resource, request.stack, request=request)

    def update(self, request: Request, before: Deployed) -> Made:
        """Ask the function to change it."""
        return self._ask("Update", request.resource, request.stack, request=request, before=before)

    def delete(self, resource: Deployed, stack: Stack) -> None:
        """Ask the function to delete it."""
        self._ask("Delete", resource, stack)

    def _ask(
        self,
        kind: str,
        resource: Deployed,
        stack: Stack,
        *,
        request: Request | None = None,
        before: Deployed | None = None,
    ) -> Made:
        function = _function(stack, str(resource.properties["ServiceToken"]))
        event: dict[str, Any] = {
            "RequestType": kind,
            "RequestId": str(uuid.uuid4()),
            "ResponseURL": self._rehearsal.address,
            "ServiceToken": resource.properties["ServiceToken"],
            "StackId": stack.id,
            "LogicalResourceId": resource.logical_id,
            "ResourceType": resource.type,
            "ResourceProperties": self._localized(resource),
        }
        if kind != "Create":
            event["PhysicalResourceId"] = resource.physical_id
        if before is not None:
            event["OldResourceProperties"] = self._localized(before)
        if function.properties["Handler"] == _FRAMEWORK:
            return self._framework(event, function, stack, request)
        carry_out = cdk_functions.FUNCTIONS.get(resource.type)
        if carry_out is None:
            raise RefusedError(f"{resource.type} is behind a function in JavaScript of which nothing is known here")
        return carry_out(event, self._rehearsal.access)

    def _framework(self, event: dict[str, Any], function: Deployed, stack: Stack, request: Request | None) -> Made:
        """What the framework's own functions and state machine do."""
        variables = function.properties["Environment"]["Variables"]
        with ExitStack() as processes:
            on_event = self._process(processes, stack, variables["USER_ON_EVENT_FUNCTION_ARN"])
            answer = on_event.call(event)
            physical_id = str(answer.get("PhysicalResourceId") or event.get("PhysicalResourceId") or event["RequestId"])
            if event["RequestType"] == "Delete" and physical_id != event["PhysicalResourceId"]:
                raise RefusedError(f"DELETE: it must not change its id (got {physical_id})")
            if request is not None and event["RequestType"] == "Create":
                request.note(physical_id)
            data = answer.get("Data", {})
            if "USER_IS_COMPLETE_FUNCTION_ARN" in variables:
                is_complete = self._process(processes, stack, variables["USER_IS_COMPLETE_FUNCTION_ARN"])
                waiter = _waiter(stack, variables["WAITER_STATE_MACHINE_ARN"])
                poll = {**event, **answer, "PhysicalResourceId": physical_id}
                data = {**data, **self._wait(is_complete, poll, waiter)}
        return Made(physical_id=physical_id, attributes=data)

    def _wait(self, function: Process, event: Mapping[str, Any], waiter: Mapping[str, Any]) -> dict[str, Any]:
        interval, seconds = float(waiter["IntervalSeconds"]), float(waiter["IntervalSeconds"] * waiter["MaxAttempts"])
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = function.call(event)
            if answer.get("IsComplete"):
                return dict(answer.get("Data", {}))
            time.sleep(min(interval, _LONGEST_INTERVAL))
        raise RefusedError(f"Operation timed out: it was not complete after {seconds:g} s")

    def _process(self, processes: ExitStack, stack: Stack, arn: str) -> Process:
        function = _function(stack, arn)
        log = stack.folder / "functions" / f"{function.logical_id}.log"
        return processes.enter_context(Process(function, self._rehearsal, log))

    def _localized(self, resource: Deployed) -> dict[str, Any]:
        """The properties as CloudFormation passes them: every scalar is a text; and addresses are of this machine."""
        replacements = self._rehearsal.replacements

        def text(value: Any) -> Any:  # noqa: ANN401 - any JSON
            if isinstance(value, Mapping):
                return {key: text(item) for key, item in value.items()}
            if isinstance(value, list):
                return [text(item) for item in value]
            return local_text(str(value).lower() if isinstance(value, bool) else str(value), replacements)

        passed: dict[str, Any] = text(resource.properties)
        return passed


def _function(stack: Stack, arn: str) -> Deployed:
    for resource in stack.resources.values():
        if resource.type == FUNCTION_TYPE and resource.attributes.get("Arn") == arn:
            return resource
    raise RefusedError(f"ServiceToken must be a function of the stack (got {arn})")


def _waiter(stack: Stack, arn: str) -> Mapping[str, Any]:
    """How often the state machine of the framework tries, and at what interval."""
    for resource in stack.resources.values():
        if resource.physical_id == arn:
            found = re.search(r'"Retry":\[(\{.*?\})\]', str(resource.properties["DefinitionString"]))
            if found:
                waiter: Mapping[str, Any] = json.loads(found[1])
                return waiter
    raise RefusedError(f"the state machine {arn} must have a retry (got none)")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RunError("the process has no pipe")
    return pipe
