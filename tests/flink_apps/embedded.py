"""Embedded Flink clusters: each in a process of its own, with the JVM as its child, for tests that may kill it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pyflink.common import Configuration

from flink_apps.common import environment as environments

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable)


def start(
    driver: str,
    jar: Path,
    jobs: Sequence[Mapping[str, Any]],
    log: Path,
    *,
    environment: Mapping[str, str] = os.environ,
) -> subprocess.Popen[bytes]:
    """Start the script ``driver`` of this folder, which runs the jobs by :func:`run_jobs`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(PYTHON), str(Path(__file__).with_name(driver))],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={
                **environment,
                "PYTHONPATH": str(ROOT),
                "FLINK_LOG_DIR": str(log.parent),
                # On the JVM's own classpath: a jar of a job is loaded, and compiled, anew by each job. Hadoop has
                # nothing to do with it, PyFlink takes no other variable.
                "HADOOP_CLASSPATH": str(jar.resolve()),
                # Functions in the JVM's own Python are of the ``python`` that comes first.
                "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
            },
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(json.dumps(jobs).encode())
    process.stdin.close()
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_to_end(
    driver: str,
    jar: Path,
    jobs: Sequence[Mapping[str, Any]],
    log: Path,
    *,
    environment: Mapping[str, str] = os.environ,
) -> None:
    process = start(driver, jar, jobs, log, environment=environment)
    try:
        assert process.wait(timeout=600) == 0, log.read_text(errors="replace")[-3_000:]
    finally:
        if process.returncode is None:
            stop(process)


def run_jobs(run: Callable[[dict[str, Any]], None], *, at_a_time: int = 1) -> None:
    """Run the jobs that the standard input has. A small job mostly waits, so that several take little longer."""
    with ThreadPoolExecutor(at_a_time) as threads:
        list(threads.map(run, json.load(sys.stdin)))


def configuration(config: Mapping[str, str]) -> Configuration:
    """What the environment of a job is made with."""
    return environments.configuration({"parallelism.default": "1", **config})


def json_files(folder: str) -> dict[str, str]:
    """The options of a table of JSON files, written or read."""
    return {
        "connector": "filesystem",
        "path": folder,
        "format": "json",
        # Files become visible with the next checkpoint, not in half an hour.
        "sink.rolling-policy.rollover-interval": "200 ms",
        "sink.rolling-policy.check-interval": "100 ms",
    }


def rows(folder: Path) -> list[dict[str, Any]]:
    """What a job has written and committed, in the order of one task's files."""
    files = sorted(folder.glob("part-*"), key=lambda file: int(file.name.rpartition("-")[2]))
    return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
