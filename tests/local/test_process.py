import re
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local.errors import RunError
from local.process import Process, environment, free_port, run_to_end


def python(code: str, log: Path) -> Process:
    return Process(name="the server", command=[sys.executable, "-c", code], log=log)


def test_a_taken_port_is_avoided() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port


def test_a_free_port_is_kept() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert free_port(port) == port


def test_a_server_that_ends_while_it_starts_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    process = python("import sys; sys.exit('no such disk')", tmp_path / "log")
    process.start()
    with pytest.raises(RunError, match="the server ended while it started: no such disk"):
        process.wait_until(lambda: False)
    process.kill()


def test_the_log_is_named_by_its_own_path_and_not_by_a_link_that_goes_with_the_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    process = python("", tmp_path / "link" / "log")
    process.start()
    with pytest.raises(RunError, match=re.escape(f"(log: {tmp_path.resolve()}/run/log)")):
        process.wait_until(lambda: False)
    process.kill()


def test_a_server_that_is_never_ready_is_an_error(tmp_path: Path) -> None:
    process = python("import time; time.sleep(60)", tmp_path / "log")
    process.start()
    with pytest.raises(RunError, match="was not ready after 0 s"):
        process.wait_until(lambda: False, seconds=0.2)
    process.kill()
    assert not process.running


def test_killing_ends_the_children_as_well_even_those_that_do_not_listen(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);print('up', flush=True); time.sleep(60)"
    )
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {stubborn!r}])"
    process = python(code, tmp_path / "log")
    process.start()
    process.wait_until(lambda: "up" in process.log.read_text())
    (child,) = psutil.Process(process.pid).children()
    process.kill()
    assert not process.running
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_killing_what_was_never_started_does_nothing(tmp_path: Path) -> None:
    python("", tmp_path / "log").kill()


def test_a_tool_gives_its_output_and_status() -> None:
    result = run_to_end([sys.executable, "-c", "print('out'); raise SystemExit('why')"])
    assert (result.returncode, result.stdout.strip(), result.stderr.strip()) == (1, "out", "why")


@pytest.mark.parametrize(("given", "got"), [("C", "C.UTF-8"), ("POSIX", "C.UTF-8"), ("de_DE.UTF-8", "de_DE.UTF-8")])
def test_a_path_that_is_not_ascii_has_a_name_in_every_locale(
    monkeypatch: pytest.MonkeyPatch, given: str, got: str
) -> None:
    monkeypatch.setenv("LC_ALL", given)
    assert environment()["LC_ALL"] == got


def test_a_port_that_another_run_has_chosen_is_avoided_before_its_server_has_bound_it() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chosen = f"from local.process import free_port; print(free_port({port}), flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", chosen], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert int(other.stdout.readline()) == port
    assert free_port(port) != port
    other.communicate("\n")
    assert free_port(port) == port
