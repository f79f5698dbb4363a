"""Embedded Flink clusters: each in a process of its own, with the JVM as its child, for tests that may kill it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pyflink.common import Configuration
from pyflink.java_gateway import get_gateway

from flink_apps.common import environment as environments

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable)


def start(
    driver: str,
    jar: Path | Sequence[Path],
    jobs: Sequence[Mapping[str, Any]],
    log: Path,
    *,
    environment: Mapping[str, str] = os.environ,
) -> subprocess.Popen[bytes]:
    """Start the script ``driver`` of this folder, which runs the jobs by :func:`run_jobs`."""
    jars = [jar] if isinstance(jar, Path) else jar
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
                "HADOOP_CLASSPATH": os.pathsep.join(str(one.resolve()) for one in jars),
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
    jar: Path | Sequence[Path],
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


class _OwnConnections:
    """The connections to the JVM, one for each thread, in the place of py4j's pool for all of them.

    A connection has a thread in the JVM, and Flink's planner keeps what belongs to a plan at its thread. Where another
    Python thread may take the connection in between, a statement is made in one thread of the JVM and planned in a
    second one ("NullPointerException: metadataHandlerProvider").
    """

    def __init__(self) -> None:
        self._own = threading.local()

    def pop(self) -> object:
        """The thread's connection; IndexError lets py4j make one."""
        return self._own.__dict__.setdefault("connections", []).pop()

    def append(self, connection: object) -> None:
        self._own.__dict__.setdefault("connections", []).append(connection)


def in_threads(run: Callable[[Any], Any], jobs: Iterable[Any], *, at_a_time: int) -> list[Any]:
    """Run the jobs, several at a time, in threads that have each its own connection to the JVM."""
    get_gateway()._gateway_client.deque = _OwnConnections()
    with ThreadPoolExecutor(at_a_time) as threads:
        return list(threads.map(run, jobs))


def run_jobs(run: Callable[[dict[str, Any]], None], *, at_a_time: int = 1) -> None:
    """Run the jobs that the standard input has. A small job mostly waits, so that several take little longer."""
    in_threads(run, json.load(sys.stdin), at_a_time=at_a_time)


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
