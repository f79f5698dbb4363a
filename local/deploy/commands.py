"""What ``deploy`` and ``destroy`` do: servers, assets in S3, the engine, and what there is to tell at the end."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.deploy import rehearsal as rehearsals
from local.deploy.access import Access
from local.deploy.engine import Engine
from local.deploy.progress import progress
from local.deploy.rehearsal import Rehearsal
from local.deploy.stack import Stack, is_locked, locked
from local.deploy.types import WITHOUT_COUNTERPART, handlers, unknown
from local.errors import RunError, UsageError
from local.permissions.names import named
from local.permissions.verdict import Permissions, case_of
from local.properties import local_text
from local.services.managed_flink import DEFAULT_PORT
from local.services.registry import client_errors
from local.synth import Assembly, synthesize
from local.template import PSEUDO_PARAMETERS, Resource, Template
from local.terminal import console
from stacks.project import BUILD, ROOT, STAGE_PATTERN, file_context, stack_name

#: Where stacks are synthesized, and locked.
WORK = BUILD / "rehearsal"
_TITLES = {"kinesisanalyticsv2": "control plane (kinesisanalyticsv2)", "*": "S3, logs, IAM and all others"}


def deploy(scenario: str, overrides: dict[str, str], port: int = DEFAULT_PORT) -> None:
    """Deploy a scenario's stack on this machine.

    Args:
        scenario: Its name.
        overrides: Values of the context, by their keys.
        port: The port that a new control plane prefers.

    Raises:
        UsageError: for a context that the stack refuses.
        RunError: where it fails; the stack is as it was before then.

    """
    name = _name(scenario, overrides)
    with client_errors(), locked(WORK, name):
        if rehearsals.swept():
            console.print("the servers of the last rehearsal had been killed; what they left has been stopped")
        with _synthesized(scenario, overrides, WORK / f"{name}.cdk.out") as assembly:
            kinds = {str(body["Type"]) for body in assembly.template.document["Resources"].values()}
            if strange := unknown(kinds):
                raise RunError(f"the template has resources that nothing here stands for: {', '.join(strange)}")
            with console.status("starting the servers"):
                rehearsal = Rehearsal.start(port)
            try:
                _deploy(rehearsal, assembly, overrides)
            finally:
                _end_if_empty(rehearsal, but=name)


def _deploy(rehearsal: Rehearsal, assembly: Assembly, overrides: dict[str, str]) -> None:
    stack = Stack.load(rehearsal.stacks / assembly.stack, assembly.stack)
    with _changing(stack), progress() as listener:
        engine = Engine(stack, handlers(rehearsal), listener)
        _resume(engine)
        if stack.exists and not stack.status.endswith("_COMPLETE"):
            raise RunError(
                f"{stack.name} must be complete to be deployed (it is {stack.status}); destroy it, and deploy again"
            )
        _upload(assembly, rehearsal.access)
        changed = engine.deploy(assembly.template.document, overrides)
    if not changed:
        console.print(f"{stack.name} is as the template says already: no changes")
    _tell(rehearsal, stack)


def destroy(scenario: str, overrides: Mapping[str, str]) -> None:
    """Delete a scenario's stack, and with the last one the servers, unless they hold what was retained.

    Args:
        scenario: Its name.
        overrides: Values of the context, of which the stage says which of the scenario's stacks it is.

    Raises:
        UsageError: where there is no such stack.
        RunError: where a resource cannot be deleted.

    """
    name = _name(scenario, overrides)
    with client_errors(), locked(WORK, name):
        swept = rehearsals.swept()
        rehearsal = Rehearsal.find()
        stack = Stack.load(rehearsal.stacks / name, name) if rehearsal else None
        if rehearsal is None or stack is None or not stack.exists:
            why = "its servers had been killed; what they left has been stopped" if swept else "nothing has deployed it"
            raise UsageError(f"SCENARIO must be one that is deployed here (got {scenario!r}, stack {name}: {why})")
        try:
            with _changing(stack), progress() as listener:
                Engine(stack, handlers(rehearsal), listener).destroy()
            for one in stack.retained:
                _print(f"retained: {one.type} {one.physical_id}")
        finally:
            ended = _end_if_empty(rehearsal, but=name)
    console.print("the servers have been stopped" if ended else "the servers go on; python -m local stop ends them")


def permissions(scenario: str, overrides: Mapping[str, str]) -> Permissions:
    """What the roles of a stack have called since the servers began, and what its policies say of it.

    Args:
        scenario: Its name.
        overrides: Values of the context, of which the stage says which of the scenario's stacks it is.

    Raises:
        UsageError: where there is no such stack.
        RunError: where the servers or the simulator of IAM do not answer.

    """
    name = _name(scenario, overrides)
    rehearsal = Rehearsal.find()
    stack = Stack.load(rehearsal.stacks / name, name) if rehearsal else None
    if rehearsal is None or stack is None or not stack.exists:
        raise UsageError(f"SCENARIO must be one that is deployed here (got {scenario!r}, stack {name})")
    resources = stack.resources

    def attribute(resource: Resource, wanted: str) -> str:
        made = resources[resource.logical_id]
        return made.physical_id if wanted == "Ref" else str(made.attributes.get(wanted, named(resource, wanted)))

    calls, unnamed = rehearsal.calls
    template = Template(stack.template, stack.pseudo_parameters)
    return Permissions.of(case_of(template, attribute, calls), unnamed)


def _name(scenario: str, overrides: Mapping[str, str]) -> str:
    """The name of a scenario's stack; it is the name of files, too."""
    stage = str(overrides.get("stage", file_context().get("stage") or ""))
    if stage and not re.fullmatch(STAGE_PATTERN, stage):
        raise UsageError(
            f"stage must be up to 20 small letters, digits and dashes (got {stage!r}); for example -c stage=load"
        )
    return stack_name(scenario, stage)


@contextmanager
def _changing(stack: Stack) -> Iterator[None]:
    """Say what becomes of a stack whose way back or deletion is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        if not stack.interrupted:
            raise
        message = f"{stack.name} was interrupted ({stack.status}); the next deploy or destroy ends that first"
        raise RunError(message) from None


def _resume(engine: Engine) -> None:
    """Finish what a process that was killed had begun."""
    if engine.stack.interrupted:
        console.print(
            f"the last change of {engine.stack.name} was interrupted ({engine.stack.status}): it is ended first"
        )
        engine.resume()


@contextmanager
def _synthesized(scenario: str, overrides: Mapping[str, str], output: Path) -> Iterator[Assembly]:
    shutil.rmtree(output, ignore_errors=True)
    try:
        with console.status("synthesizing the stack"):
            assembly = synthesize(scenario, overrides, output)
        yield assembly
    finally:
        shutil.rmtree(output, ignore_errors=True)


def _upload(assembly: Assembly, access: Access) -> None:
    """Put the assets where the template says that they are, as the CDK's command line does."""
    s3 = access.client("s3")
    manifest = json.loads((assembly.folder / f"{assembly.stack}.assets.json").read_text())
    for file in manifest["files"].values():
        for destination in file["destinations"].values():
            bucket, key = (_substituted(destination[name]) for name in ("bucketName", "objectKey"))
            s3.create_bucket(Bucket=bucket)
            try:
                s3.head_object(Bucket=bucket, Key=key)  # it is named by its content
            except ClientError:
                s3.put_object(Bucket=bucket, Key=key, Body=_packed(assembly.folder, file["source"]))


def _packed(folder: Path, source: Mapping[str, Any]) -> bytes:
    path = folder / str(source["path"])
    if source["packaging"] != "zip":
        return path.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle:
        for file in sorted(path.rglob("*")):
            if file.is_file():
                bundle.write(file, file.relative_to(path))
    return packed.getvalue()


def _substituted(text: str) -> str:
    for name, value in PSEUDO_PARAMETERS.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _tell(rehearsal: Rehearsal, stack: Stack) -> None:
    """Where everything is, what the outputs are, and what could not be shown."""
    addresses = dict.fromkeys(rehearsal.endpoints.values(), "")
    for service, address in rehearsal.endpoints.items():
        addresses[address] = ", ".join(filter(None, [addresses[address], _TITLES.get(service, service)]))
    lines = [f"{titles}: {address}" for address, titles in addresses.items()]
    here = rehearsal.replacements
    outputs = {name: local_text(value, here) for name, value in stack.outputs.items() if not name.endswith("Command")}
    lines += [f"{name}: {value}" for name, value in outputs.items()]
    folder = rehearsal.folder
    lines += [f"files: {folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder}"]
    lines += [
        f"without a counterpart: {kind}: {reason}"
        for kind, reason in WITHOUT_COUNTERPART.items()
        if any(resource.type == kind for resource in stack.resources.values())
    ]
    for line in lines:
        _print(line)


def _print(line: str) -> None:
    console.print(line, soft_wrap=True, markup=False, highlight=False, emoji=False)


def _end_if_empty(rehearsal: Rehearsal, *, but: str) -> bool:
    """End the servers if no stack is there, or on its way, and nothing that one has left; whether they were ended.

    Args:
        rehearsal: The servers.
        but: The name of the stack that this process has locked.

    """
    names = {folder.name for folder in rehearsal.stacks.glob("*")} | {file.stem for file in WORK.glob("*.lock")}
    stacks = [Stack.load(rehearsal.stacks / name, name) for name in names]
    if any(stack.exists or stack.retained for stack in stacks):
        return False
    if any(is_locked(WORK, name) for name in names - {but}):
        return False
    rehearsal.end()
    return True
