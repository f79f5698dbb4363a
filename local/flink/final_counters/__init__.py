"""What the counters of a job had counted when its tasks ended: a metric reporter, and its reader."""

from __future__ import annotations

import csv
import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyflink

from local.errors import RunError
from local.process import java, run_to_end
from stacks.project import BUILD

_SOURCE = Path(__file__).parent / "FinalCounters.java"
_CLASS = "local.flink.FinalCounters"
#: By what Flink finds a reporter in a plugin's jar.
_SERVICE = "META-INF/services/org.apache.flink.metrics.reporter.MetricReporterFactory"


def reporter() -> Path:
    """The folder with the reporter's jar; compiled only where it is missing, or of another source.

    Raises:
        RunError: without a Java compiler, or where it refuses the source.

    """
    folder = BUILD / "services" / f"final-counters-{hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        compiler = shutil.which(Path(java()).resolve().with_name("javac"))
        if compiler is None:
            raise RunError("missing: the Java compiler; get it: apt-get install openjdk-17-jdk-headless")
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        classes = partial / "classes"
        libraries = ":".join(map(str, (Path(pyflink.__file__).parent / "lib").glob("flink-dist*.jar")))
        compiled = run_to_end(
            [compiler, "--release", "11", "-cp", libraries, "-d", str(classes), str(_SOURCE)],
            env={"LC_ALL": "C.UTF-8"},  # or Java finds no file whose path is not ASCII
        )
        if compiled.returncode != 0:
            raise RunError(f"the reporter of counters was not compiled: {compiled.stdout}{compiled.stderr}")
        with zipfile.ZipFile(partial / "final-counters.jar", "w") as jar:
            for file in sorted(classes.rglob("*.class")):
                jar.write(file, file.relative_to(classes))
            jar.writestr(_SERVICE, _CLASS)
        shutil.rmtree(classes)
        partial.rename(folder)
    return folder


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
