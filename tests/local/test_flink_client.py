"""Flink's client: one JVM for several commands, which is gone when it should be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyflink.version
import pytest

from local.errors import RunError
from local.flink.client import Client
from local.flink.jvm import CLIENT, FLINK_HOME
from tests.local.failures import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "conf").symlink_to(FLINK_HOME / "conf")
    client = Client(
        command=CLIENT.command(tmp_path, "client", "--die-on-broken-pipe", "--enable-auth", "0"),
        env={"FLINK_CONF_DIR": str(tmp_path / "conf"), "FLINK_LIB_DIR": str(FLINK_HOME / "lib")},
        log=tmp_path / "client.log",
    )
    yield client
    client.close()


def jvms(folder: Path) -> list[psutil.Process]:
    """The JVMs that have a file of the folder among their options."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "java" and any(str(folder) in text for text in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_the_output_of_each_command_is_its_own_and_all_run_in_one_jvm(client: Client, tmp_path: Path) -> None:
    status, output = client.run(["--version"])
    assert (status, output.count("\n")) == (0, 1)
    assert output.startswith(f"Version: {pyflink.version.__version__}, ")
    [jvm] = jvms(tmp_path)
    status, output = client.run(["run", "nowhere.jar"])
    assert status == 1
    assert "JAR file does not exist: nowhere.jar" in output
    assert "Version" not in output
    assert jvms(tmp_path) == [jvm]
    assert client.log.stat().st_mode & 0o77 == 0, "its first lines have a secret"


def test_a_jvm_that_has_died_is_told_and_replaced(client: Client, tmp_path: Path) -> None:
    client.run(["--version"])
    [jvm] = jvms(tmp_path)
    jvm.kill()
    jvm.wait()
    status, output = client.run(["--version"])
    assert (status, bool(output)) == (1, True)
    assert client.run(["--version"])[0] == 0


def test_an_abandoned_command_ends_with_its_jvm(client: Client, tmp_path: Path) -> None:
    endless = tmp_path / "endless.jar"
    os.mkfifo(endless)  # to read it takes for ever
    with pytest.raises(RunError, match="the submission was abandoned"):
        client.run(["run", str(endless)], abandoned=lambda: True)
    assert jvms(tmp_path) == []


def test_a_jvm_that_does_not_start_is_told_with_its_log(client: Client) -> None:
    client.command = [*client.command[:1], "-XX:NoSuchOption"]
    with pytest.raises(RunError, match=r"Flink's client ended while it started \(log: .*client.log\)"):
        client.run(["--version"])


def test_the_jvm_dies_with_the_process_that_has_started_it(client: Client, tmp_path: Path) -> None:
    code = f"""
import sys; from pathlib import Path; from local.flink.client import Client
Client(command={client.command!r}, env={client.env!r}, log=Path({str(client.log)!r})).run(["--version"])
print("ready", flush=True); sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert len(jvms(tmp_path)) == 1
        process.kill()
    wait_for("its end", lambda: not jvms(tmp_path))
