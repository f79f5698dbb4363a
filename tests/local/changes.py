"""Changed applications, each restored from one savepoint of the unchanged one."""

from __future__ import annotations

import os
import signal
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

from local import upgrade
from local.errors import RunError
from local.flink import savepoints
from local.run import LocalRun
from local.upgrade import Fate, Verdict
from tests.local.failures import wait_for

Groups = Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is changed, and what the verdict has to be: the fates of what does not restore, and a part of the cause."""

    #: In the code: a file of the project, a text in it, and what stands there instead.
    edits: tuple[tuple[str, str, str], ...] = ()
    #: In the property groups; None removes a property.
    properties: Groups = field(default_factory=dict)
    parallelism: int | None = None
    #: Whether the TaskManagers must have run no other version: Python functions in threads share its modules.
    afresh: bool = False
    fates: Mapping[str, Fate] = field(default_factory=dict)
    cause: str | None = None

    def editing(self, *edits: tuple[str, str, str]) -> Change:
        """The same with edits of the code."""
        return replace(self, edits=(*self.edits, *edits))

    def having(self, fates: Mapping[str, Fate]) -> Change:
        """The same with another verdict."""
        return replace(self, fates=fates)


@contextmanager
def changed(run: LocalRun, change: Change) -> Iterator[None]:
    """The run's application, with a change."""
    packages = run.unpacked_code() / "lib" / "packages.zip"
    before = packages.read_bytes()
    packages.write_bytes(_edited(packages, change))
    groups = run.property_groups()
    for group, properties in change.properties.items():
        for key, value in properties.items():
            groups.setdefault(group, {}).pop(key, None)
            if value is not None:
                groups[group][key] = value
        if not groups[group]:  # a group that is there may switch something on
            del groups[group]
    try:
        with patch.object(run, "property_groups", lambda _name=None: groups):
            yield
    finally:
        packages.write_bytes(before)


def verdicts(run: LocalRun, savepoint: Path, changes: Mapping[str, Change]) -> dict[str, Verdict | str]:
    """The verdict of each change, or the error that its application ends with."""
    before = savepoints.read(savepoint)
    found: dict[str, Verdict | str] = {}
    for name, change in changes.items():
        with changed(run, change):
            if change.afresh:
                replace_the_task_managers(run)
            try:
                found[name] = upgrade.restore(run, savepoint, before, parallelism=change.parallelism)
            except RunError as error:
                found[name] = str(error)
    return found


def replace_the_task_managers(run: LocalRun) -> None:
    """Give the cluster new processes."""
    cluster = run.cluster
    for process in cluster.task_managers:
        os.kill(process.pid, signal.SIGTERM)  # they take their leave: of lost ones the JobManager hears seconds later
    wait_for("their leave", lambda: cluster.rest.task_managers() == 0)
    for process in cluster.task_managers:
        process.kill()
    cluster.task_managers = [cluster.new_task_manager(number) for number, _ in enumerate(cluster.task_managers, 1)]
    for process in cluster.task_managers:
        process.start()
    wait_for("the new ones", lambda: cluster.rest.task_managers() == len(cluster.task_managers))


def check(change: Change, verdict: Verdict | str) -> None:
    """Compare a verdict with what it has to be."""
    assert isinstance(verdict, Verdict), verdict
    others = {name: fate for name, fate in verdict.fates.items() if fate is not Fate.RESTORES}
    assert others == change.fates, verdict.text
    if change.cause is None:
        assert verdict.cause is None
    else:
        assert verdict.cause is not None
        assert change.cause in verdict.cause
    dropped = Fate.DROPPED in change.fates.values()
    assert (verdict.text == "it restores") == (change.cause is None and not dropped)


def _edited(packages: Path, change: Change) -> bytes:
    edited = packages.with_suffix(".edited")
    left = list(change.edits)
    with zipfile.ZipFile(packages) as old, zipfile.ZipFile(edited, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            for edit in change.edits:
                file, text, replacement = edit
                if item.filename == file:
                    assert text.encode() in content, f"{file} does not have {text!r} any more"
                    content = content.replace(text.encode(), replacement.encode())
                    left.remove(edit)
            new.writestr(item, content)
    assert not left, f"no such file: {left}"
    return edited.read_bytes()
