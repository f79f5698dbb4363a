"""`python -m local cloud` as a user has it: in a process of its own, until it is ended."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from typer.testing import CliRunner

from local.cli import app
from local.process import free_port, listening
from stacks.project import ROOT

pytestmark = pytest.mark.integration

COMMAND = [sys.executable, "-m", "local", "cloud"]
ENVIRONMENT = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


@contextmanager
def cloud(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and what it says when it is ready."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell has what it starts in the background ignore Ctrl-C, these tests perhaps, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, process.communicate()
            said += line
        yield process, said
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=30)


def ports(said: str) -> list[int]:
    return [int(port) for port in re.findall(r"^[^\n]*: http://127\.0\.0\.1:(\d+)$", said, re.MULTILINE)]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_it_is_soon_up_answers_any_client_and_leaves_nothing_behind(ending: signal.Signals) -> None:
    begun = time.monotonic()
    with cloud("--port", str(free_port())) as (process, said):
        assert time.monotonic() - begun < 15
        (control_plane, s3) = ports(said)
        options: Any = {"region_name": "us-east-1", "aws_access_key_id": "any", "aws_secret_access_key": "any"}
        client = boto3.client("kinesisanalyticsv2", endpoint_url=f"http://127.0.0.1:{control_plane}", **options)
        assert client.list_applications()["ApplicationSummaries"] == []
        config = Config(s3={"addressing_style": "path"})
        buckets = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{s3}", config=config, **options)
        buckets.create_bucket(Bucket="code")
        logs = boto3.client("logs", endpoint_url=f"http://127.0.0.1:{s3}", **options)
        logs.create_log_group(logGroupName="/flink/job")
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(ending)
        output, complaints = process.communicate(timeout=30)
    assert process.returncode == (0 if ending == signal.SIGINT else 128 + ending), complaints
    assert complaints == ""
    assert ending != signal.SIGINT or output.endswith("everything that was started has been stopped\n")
    assert children
    assert not any(child.is_running() for child in children)
    assert not any(map(listening, (control_plane, s3)))


def test_a_taken_port_is_another_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with cloud("--port", str(port)) as (_, said):
            assert port not in ports(said)
            assert all(map(listening, ports(said)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "80"], "error: --port must be from 1024 to 65535 (got 80); leave it out for one that is free"),
        (["--port", "70000"], "(got 70000)"),
        (["--clock-speed", "0"], "error: --clock-speed must be from 1 to 10000 (got 0); try 60"),
        (["--clock-speed", "nan"], "(got nan)"),
        (["--clock-speed", "inf"], "(got inf)"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_starts(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["cloud", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_file_system_for_s3_is_one_line_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.services.maven.BUILD", ROOT / "build" / "none")
    monkeypatch.setattr("local.services.maven.shutil.which", lambda _: None)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    result = CliRunner().invoke(app, ["cloud", "--port", str(free_port())])
    assert result.exit_code == 1
    assert result.stderr == "error: missing: Maven; get it: apt-get install maven, or brew install maven\n"
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
