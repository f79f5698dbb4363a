"""The command as a user has it: in a process of its own, with real servers."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from local.process import listening
from stacks.project import ROOT

pytestmark = pytest.mark.integration

COMMAND = [sys.executable, "-m", "local"]
#: As in a terminal where nothing has been activated.
ENVIRONMENT = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
#: Nothing listens there: a client that takes this proxy to a server of this machine fails.
PROXY = dict.fromkeys(("HTTP_PROXY", "http_proxy"), "http://127.0.0.1:1")


def processes_of(folder: str) -> list[str]:
    """The processes, other than this one's, whose command or environment names a run's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.environ().get("FLINK_CONF_DIR", "")]
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if any(folder in word for word in words):
            found.append(" ".join(words)[:100])
    return found


def run_folder(output: str) -> str:
    found = re.search(r"logs: (\S+)", output)
    assert found, output
    return str(ROOT / found[1])


@pytest.fixture
def taken_ports() -> Iterator[list[int]]:
    """Somebody has the ports that the servers prefer."""
    ports = [4567, 8081, 9092]
    with ExitStack() as stack:
        for port in ports:
            taken = stack.enter_context(socket.socket())
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):  # really taken
                taken.bind(("127.0.0.1", port))
                taken.listen()
        yield ports


def test_a_run_reports_what_arrived_and_keeps_its_servers_until_they_are_stopped_also_behind_a_proxy(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.json"
    context = ["-c", "data-generator.sinks=kinesis,kafka", "-c", "data-generator.records-per-second=1000"]
    result = subprocess.run(
        [*COMMAND, "run", "data-generator", *context, "--duration", "10s", "--keep", "--report", str(report)],
        cwd=ROOT,
        env={**ENVIRONMENT, **PROXY},
        capture_output=True,
        text=True,
        check=False,
    )
    folder = run_folder(result.stdout)
    try:
        assert result.returncode == 0, result.stderr
        figures = json.loads(report.read_text())
        assert set(figures) == {
            *("scenario", "records_in", "records_out", "dead_letters", "duration_seconds", "records_per_second"),
            *("parallelism", "versions", "accounts"),
        }
        assert figures["records_in"] == pytest.approx(10_000, rel=0.05)
        assert figures["records_out"] == dict.fromkeys(("kinesis", "kafka"), figures["records_in"])
        assert figures["dead_letters"] == 0
        flink = re.search(r"Flink: http://127.0.0.1:(\d+)", result.stdout)
        assert flink
        assert listening(int(flink[1]))
    finally:
        stopped = subprocess.run(
            [*COMMAND, "stop"], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True
        )
    assert "stopped the JobManager" in stopped.stdout
    assert processes_of(folder) == []
    assert not listening(int(flink[1]))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_run_leaves_no_process_and_fights_for_no_port(
    taken_ports: list[int], ending: signal.Signals
) -> None:
    run = subprocess.Popen(
        [*COMMAND, "run", "data-generator", "-c", "data-generator.sinks=kinesis,kafka", "--duration", "10m"],
        cwd=ROOT,
        env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell has what it starts in the background ignore Ctrl-C, these tests perhaps, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert run.stdout
    said = ""
    while "logs: " not in said:
        line = run.stdout.readline()
        assert line, run.communicate()
        said += line
    assert not any(f":{port}\n" in said for port in taken_ports)
    assert processes_of(run_folder(said))
    time.sleep(3)  # in the middle of the submission
    run.send_signal(ending)
    run.communicate(timeout=60)
    assert run.returncode == 128 + ending
    assert processes_of(run_folder(said)) == []


def test_a_missing_tool_is_named_and_nothing_stays_behind(tmp_path: Path) -> None:
    result = subprocess.run(
        [*COMMAND, "run", "data-generator", "-c", "data-generator.sinks=kafka", "--records", "1"],
        cwd=ROOT,
        env={**ENVIRONMENT, "JAVA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("error: missing: Java 11 or 17")
    assert result.stderr.count("\n") == 1
    assert processes_of(str(tmp_path)) == []
