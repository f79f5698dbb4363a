import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local import runs as run
from local.runs import PROCESSES, new_folder, stop_kept


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "RUNS", tmp_path / "local")
    return tmp_path / "local"


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def note(folder: Path, *, run_pid: int, run_created: float, server: subprocess.Popen[bytes]) -> None:
    created = psutil.Process(server.pid).create_time()
    noted = [
        {"name": "the run itself", "pid": run_pid, "created": run_created},
        {"name": "the server", "pid": server.pid, "created": created},
    ]
    (folder / PROCESSES).write_text(json.dumps(noted))


def test_what_a_run_has_left_is_stopped(server: subprocess.Popen[bytes]) -> None:
    folder = new_folder("data-generator")
    note(folder, run_pid=os.getpid(), run_created=0.0, server=server)  # another process had this id then
    assert stop_kept() == [f"the server of {folder.name}"]
    assert not psutil.pid_exists(server.pid)
    assert stop_kept() == []


def test_a_run_that_still_runs_is_left_alone(server: subprocess.Popen[bytes]) -> None:
    note(new_folder("x"), run_pid=os.getpid(), run_created=psutil.Process().create_time(), server=server)
    assert stop_kept() == []
    assert server.poll() is None


def test_a_process_that_only_has_the_id_of_one_that_is_gone_is_left_alone(server: subprocess.Popen[bytes]) -> None:
    folder = new_folder("data-generator")
    noted = [{"name": name, "pid": server.pid, "created": 0.0} for name in ("the run itself", "the server")]
    (folder / PROCESSES).write_text(json.dumps(noted))
    assert stop_kept() == []
    assert server.poll() is None


def test_only_the_last_few_runs_are_remembered_and_none_that_still_has_servers(runs: Path) -> None:
    kept = new_folder("kept")
    (kept / PROCESSES).write_text("[]")
    for _ in range(10):
        new_folder("data-generator")
    assert kept.exists()
    assert len(list(runs.iterdir())) == 6
