"""The folders of runs: a new one for each, what ended ones leave, and what kept or killed ones have left running."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil

from local.errors import RunError
from local.plain import remove_link
from local.process import Process, signal_group
from stacks.project import BUILD

RUNS = BUILD / "local"
#: The file in a run's folder that lists the processes it has started.
PROCESSES = "processes.json"
#: What is worth keeping of a finished run are its logs, and those of the last few.
_BULKY = ("cdk.out", "code", "savepoints", "*/checkpoints", "*/data", "*/lib", "*/links", "*/plugins", "*/tmp")
_RUNS_KEPT = 5


def new_folder(scenario: str) -> Path:
    """A folder for one run; the oldest ones are removed."""
    RUNS.mkdir(parents=True, exist_ok=True)
    ended = sorted(folder for folder in RUNS.iterdir() if folder.is_dir() and not (folder / PROCESSES).exists())
    for folder in ended[: -(_RUNS_KEPT - 1)]:
        shutil.rmtree(folder, ignore_errors=True)
    folder = RUNS / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{scenario}"
    folder.mkdir()
    return folder


def note_processes(folder: Path, processes: Iterable[Process], *, detached: bool = False) -> None:
    """Write down what a run has started, so that a later ``stop`` finds it.

    Args:
        folder: The run's.
        processes: What it has started.
        detached: Whether nobody waits for the run itself, so that it is one of those that ``stop`` ends.

    """
    started = [("the run itself", os.getpid()), *((process.name, process.pid) for process in processes)]
    running = []
    for name, pid in started:
        with suppress(psutil.NoSuchProcess):  # one that ended at once, which the wait for its start reports
            running.append({"name": name, "pid": pid, "created": psutil.Process(pid).create_time()})
    running[0]["detached"] = detached
    (folder / PROCESSES).write_text(json.dumps(running, indent=2))


def remove_bulk(folder: Path) -> None:
    """Remove all but the logs of a run that has ended, and the link that it had to its folder."""
    for pattern in _BULKY:
        for bulky in folder.glob(pattern):
            shutil.rmtree(bulky, ignore_errors=True)
    (folder / PROCESSES).unlink(missing_ok=True)
    remove_link(folder.readlink() if folder.is_symlink() else folder)


def stop_kept() -> list[str]:
    """Stop what kept or killed runs have left, but no run that still goes on; gives the names of what it stopped."""
    stopped = []
    for note in sorted(RUNS.glob(f"*/{PROCESSES}")):
        run = json.loads(note.read_text())[0]
        if run.get("detached") or not same_process(run["pid"], run["created"]):
            stopped += stop_run(note.parent)
    return stopped


def stop_run(folder: Path) -> list[str]:
    """Stop what a run has started, and first the run itself where nobody waits for it; gives the names."""
    run, *processes = json.loads((folder / PROCESSES).read_text())
    stopped = []
    for process in [*([run] if run.get("detached") else []), *reversed(processes)]:
        if same_process(process["pid"], process["created"]):
            _end(process["pid"], process["name"])
            stopped.append(f"{process['name']} of {folder.name}")
    remove_bulk(folder)
    return stopped


def same_process(pid: int, created: float) -> bool:
    """Whether the process that was noted still lives, and its id has not gone to another."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - created) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _end(pid: int, name: str) -> None:
    try:
        signal_group(pid, signal.SIGKILL)
    except PermissionError:
        owner = psutil.Process(pid).username()
        raise RunError(f"{name} must be yours to stop (process {pid} is {owner}'s); have {owner} stop it") from None
    with suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
        psutil.Process(pid).wait(10)
