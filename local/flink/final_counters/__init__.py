"""What the counters of a job had counted when its tasks ended: a metric reporter, and its reader."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from local.flink.compiled import compiled

_SOURCE = Path(__file__).parent / "FinalCounters.java"
_CLASS = "local.flink.FinalCounters"
#: By what Flink finds a reporter in a plugin's jar.
_SERVICE = "META-INF/services/org.apache.flink.metrics.reporter.MetricReporterFactory"


def reporter() -> Path:
    """The folder with the reporter's jar.

    Raises:
        RunError: without a Java compiler, or where it refuses the source.

    """
    return compiled(_SOURCE, name="final-counters", resources={_SERVICE: _CLASS})


def reporter_options(folder: Path) -> dict[str, str]:
    """Flink's options of the reporter, which writes below ``folder``."""
    return {"metrics.reporter.final.factory.class": _CLASS, "metrics.reporter.final.folder": str(folder)}


def final_counts(folder: Path, job_id: str, name: str) -> list[int]:
    """What the counters whose identifier ends in ``name`` held, one a subtask: those of its last attempt."""
    last: dict[tuple[str, int], tuple[int, int]] = {}
    for job, operator, subtask, attempt, identifier, count in _lines(folder):
        if job == job_id and identifier.endswith(f".{name}"):
            key = (operator, int(subtask))
            last[key] = max(last.get(key, (-1, 0)), (int(attempt), int(count)))
    return [count for _, count in last.values()]


def _lines(folder: Path) -> Iterator[list[str]]:
    for file in sorted(folder.glob("final-counters-*.tsv")):
        with file.open(encoding="utf-8", newline="") as lines:
            yield from csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
