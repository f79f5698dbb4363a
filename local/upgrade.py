"""Whether a changed application can go on from a savepoint: it is restored here, before anything is deployed."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rich.table import Table

from local.errors import RunError, UsageError
from local.flink import savepoints
from local.flink.rest import Failure, Job, root_cause
from local.flink.savepoints import OPERATORS, Operator, OperatorState, Origin
from local.run import LocalRun
from local.runs import new_folder
from local.services.registry import client_errors
from local.services.s3 import S3Service
from local.synth import MAIN_APPLICATION, synthesize
from local.terminal import console
from stacks.project import ROOT

#: Savepoints of each release: `savepoints/<release>/<scenario>`.
RELEASES = ROOT / "savepoints"
#: How the service's own messages, and so a stack trace, spell an operator's id.
_ID = re.compile(r"(?:_|operator )([0-9a-f]{32})(?=[_ ])")
#: What Flink says where it refuses state before any task starts.
_REFUSED = "rollback to checkpoint/savepoint"
#: What a broker says of a transaction that was begun elsewhere, when a sink commits it: it has read its state by then.
_TRANSACTION_OF_ELSEWHERE = "InvalidPidMappingException"


class Fate(StrEnum):
    """What becomes of an operator's state."""

    RESTORES = "restores"
    STARTS_EMPTY = "starts empty"
    DROPPED = "dropped"
    UNREADABLE = "cannot be read"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The fate of each operator that has state, by the operator's name, and what stands in the way."""

    fates: Mapping[str, Fate]
    sizes: Mapping[str, int]
    #: Why the savepoint cannot be restored; None if it can.
    cause: str | None = None
    allow_non_restored_state: bool = False

    @property
    def text(self) -> str:
        """The verdict in one line."""
        dropped = [name for name, fate in self.fates.items() if fate is Fate.DROPPED]
        if self.cause:
            return f"it does not restore: {self.cause}"
        if dropped and not self.allow_non_restored_state:
            return f"it needs allow-non-restored-state: {', '.join(dropped)} would be dropped"
        return "it restores"

    def check(self) -> None:
        """Refuse an upgrade that would fail, or lose state without consent.

        Raises:
            RunError: with the verdict.

        """
        if self.text != "it restores":
            raise RunError(self.text)

    def table(self) -> Table:
        """The fates for a terminal."""
        table = Table("operator", "state", "bytes", title="upgrade", title_style="bold")
        styles = {Fate.RESTORES: "green", Fate.STARTS_EMPTY: "yellow", Fate.DROPPED: "red", Fate.UNREADABLE: "red"}
        for name, fate in sorted(self.fates.items()):
            table.add_row(name, f"[{styles[fate]}]{fate}[/]", f"{self.sizes[name]:,}" if name in self.sizes else "")
        return table


def savepoint_of(text: str, scenario: str) -> tuple[Path, dict[str, str]]:
    """What ``--from`` names: the folder of a savepoint, and the context to begin with.

    That of a release, of which the repository keeps savepoints, is what its application was synthesized with; that of
    any other savepoint is empty.

    Raises:
        UsageError: for what is neither a folder nor a release.

    """
    kept = RELEASES / text / scenario
    if kept.is_dir():
        origin = Origin.read(kept)
        return kept, dict(origin.context) if origin else {}
    if not Path(text).exists():
        known = ", ".join(sorted(folder.name for folder in RELEASES.iterdir())) if RELEASES.is_dir() else "none"
        raise UsageError(f"--from must be the folder of a savepoint, or a release (got {text!r}); known is {known}")
    return Path(text), {}


def check(name: str, overrides: dict[str, str], savepoint: Path, *, allow_non_restored_state: bool) -> Verdict:
    """Restore a scenario's application from a savepoint, on local servers that hold no data.

    Raises:
        UsageError: for a context that the stack refuses, for what is no savepoint, or one of another application.
        RunError: where the application does not start for another reason.

    """
    before = savepoints.read(savepoint)
    origin = Origin.read(savepoint)
    if origin and origin.scenario != name:  # it may have operators of the same ids
        raise UsageError(
            f"--from must be a savepoint of {name} (got {str(savepoint)!r}, which is of {origin.scenario})"
        )
    folder = new_folder(name)
    with console.status("synthesizing the stack"):
        assembly = synthesize(name, overrides, folder / "cdk.out")
    with client_errors(), LocalRun(assembly, folder) as local:
        prepare(local)
        with console.status(f"starting {', '.join([*(service.title for service in local.services), 'Flink'])}"):
            local.start()
        with console.status("restoring the savepoint"):
            return restore(local, savepoint, before, allow_non_restored_state=allow_non_restored_state)


def prepare(local: LocalRun) -> None:
    """Let the servers of a run, before they start, take what was begun elsewhere.

    The application is alone in one TaskManager: nothing has to be fast, and none that feeds it is needed.
    """
    local.clusters = {MAIN_APPLICATION: local.cluster}
    local.cluster.gather(local.cluster.spec.parallelism)
    for service in local.services:
        if isinstance(service, S3Service):
            service.completes_any_upload = True


def restore(
    local: LocalRun,
    savepoint: Path,
    before: Mapping[str, OperatorState],
    *,
    allow_non_restored_state: bool = False,
    parallelism: int | None = None,
) -> Verdict:
    """Submit the application with the savepoint, see whether it runs, and stop it.

    Raises:
        UsageError: where the savepoint has nothing that is the application's.
        RunError: where the application does not start for another reason.

    """
    # State that is left over is told, not refused: what else would happen is to be seen, too.
    job = _submitted(local, savepoint, parallelism)
    now = savepoints.operators(local.cluster.operators)
    then = savepoints.operators(savepoint / OPERATORS)
    try:
        if before and not before.keys() & now.keys():
            raise UsageError(
                f"--from must be a savepoint of this application (got {str(savepoint)!r}): "
                f"none of its {len(before)} operators with state is in it"
            )
        failure = _first_failure(job) if isinstance(job, Job) else job
        after = {}
        if failure and _TRANSACTION_OF_ELSEWHERE in failure.stack_trace:
            failure = None
        elif isinstance(job, Job) and not failure:
            after = savepoints.read(job.savepoint((local.folder / "savepoints").as_uri()))
    finally:
        if isinstance(job, Job):
            job.cancel()
    fates = {operator: Fate.RESTORES if operator in now else Fate.DROPPED for operator in before}
    fates |= dict.fromkeys(after.keys() - before.keys(), Fate.STARTS_EMPTY)
    if failure:
        fates |= dict.fromkeys(_unreadable(failure, fates, now), Fate.UNREADABLE)
    names = {operator: _name(operator, now, then) for operator in fates}
    sizes = {names[operator]: state.bytes for operator, state in before.items()}
    return Verdict(
        fates={names[operator]: fate for operator, fate in fates.items()},
        sizes=sizes,
        cause=root_cause(failure.stack_trace) if failure else None,
        allow_non_restored_state=allow_non_restored_state,
    )


def _submitted(local: LocalRun, savepoint: Path, parallelism: int | None) -> Job | Failure:
    """The restored job, or why Flink refuses the state before any task starts."""
    try:
        return local.submit(checkpoint=savepoint, allow_non_restored_state=True, parallelism=parallelism)
    except RunError:
        said = local.cluster.client_log.read_text()
        if _REFUSED not in said:
            raise
        return Failure(task="", stack_trace=said)


def _first_failure(job: Job, *, seconds: float = 120) -> Failure | None:
    """What fails while the job is restored; None once all its tasks run."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if failure := job.failure():
            return failure
        if job.running_seconds() > 0:
            return None
        time.sleep(0.2)
    raise RunError(f"the restored job does not run after {seconds:.0f} s: it is {job.state}")


def _unreadable(failure: Failure, fates: Mapping[str, Fate], now: Mapping[str, Operator]) -> list[str]:
    """The operators whose state is what failed: those that the stack trace names, or else the task's own."""
    restored = [operator for operator, fate in fates.items() if fate is Fate.RESTORES]
    named = [operator for operator in _ID.findall(failure.stack_trace) if operator in restored]
    return named or [operator for operator in restored if now[operator].name in failure.task]


def _name(operator: str, now: Mapping[str, Operator], then: Mapping[str, Operator]) -> str:
    known = now.get(operator) or then.get(operator)
    return known.uid if known else f"operator {operator}"
