"""What a savepoint or checkpoint has in it, by Flink's own reader."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.errors import UsageError
from local.flink.compiled import compiled
from local.flink.jvm import classpath
from local.process import java, run_to_end

_SOURCE = Path(__file__).parent / "SavepointReader.java"
#: The file with the operators of a submitted job; a savepoint that a local run keeps has it beside its metadata.
OPERATORS = "operators.txt"
#: What application it is of, in the same folder.
_APPLICATION = "application.json"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a kept savepoint is of: a scenario, and the context that its application was synthesized with."""

    scenario: str
    context: Mapping[str, str]

    @classmethod
    def read(cls, savepoint: Path) -> Origin | None:
        """That of a savepoint; None for one that no local run has kept."""
        file = savepoint / _APPLICATION
        return cls(**json.loads(file.read_text())) if file.exists() else None

    def write(self, savepoint: Path) -> None:
        """Put it beside a savepoint."""
        (savepoint / _APPLICATION).write_text(json.dumps({"scenario": self.scenario, "context": dict(self.context)}))


@dataclass(frozen=True, kw_only=True)
class OperatorState:
    """The state of one operator: its size, and what it was kept at."""

    parallelism: int
    max_parallelism: int
    bytes: int


def reader() -> Path:
    """The folder with the reader's jar."""
    return compiled(_SOURCE, name="savepoint-reader")


def read(savepoint: Path) -> dict[str, OperatorState]:
    """The operators that have state, by the ids of their state.

    Raises:
        UsageError: for what is no savepoint, or one that this Flink cannot read.

    """
    if not (savepoint / "_metadata").is_file():
        raise UsageError(f"--from must be the folder of a savepoint, with a file _metadata (got {str(savepoint)!r})")
    command = [java(), "-cp", f"{reader() / 'savepoint-reader.jar'}:{classpath()}", "local.flink.SavepointReader"]
    done = run_to_end([*command, str(savepoint.resolve())])
    if done.returncode != 0:
        thrown = re.search(r'^Exception in thread "main" (.+)', done.stderr, re.MULTILINE)
        cause = thrown[1] if thrown else done.stderr.strip()
        raise UsageError(f"--from must be a savepoint that this Flink can read (got {str(savepoint)!r}: {cause})")
    states = {}
    for line in done.stdout.splitlines():
        operator, *numbers = line.split("\t")
        parallelism, max_parallelism, size = map(int, numbers)
        states[operator] = OperatorState(parallelism=parallelism, max_parallelism=max_parallelism, bytes=size)
    return states


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator of a submitted job: the id that it was given, and what Flink calls it."""

    uid: str
    name: str


def operators(file: Path) -> dict[str, Operator]:
    """The operators that a submission has listed, by the ids of their state; none without the list."""
    found = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        state, uid, name = line.split("\t")
        found[state] = Operator(uid=uid, name=name)
    return found
