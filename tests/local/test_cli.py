import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flink_constructs.bundle import JobBundle
from local.cli import SCENARIOS, app
from stacks.project import ROOT, job_folder
from stacks.registry import SCENARIOS as STACKS

runner = CliRunner()


def test_every_scenario_that_has_a_stack_can_be_run() -> None:
    assert set(SCENARIOS) == set(STACKS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data-generatr"], "SCENARIO must be a known scenario (got 'data-generatr'); did you mean data-generator?"),
        (["data-generator", "-c", "x"], "-c must be KEY=VALUE (got 'x')"),
        (["data-generator", "--duration", "soon"], "--duration must be a time above 0 (got 'soon'); write"),
        (["data-generator", "--duration", "0s"], "--duration must be a time above 0 (got '0s')"),
        (["data-generator", "--duration", "5s", "--records", "5"], "--records, --duration and --interactive exclude"),
        (
            ["lottery", "--interactive", "--duration", "5s"],
            "--records, --duration and --interactive exclude each other",
        ),
        (
            ["streaming-etl", "--interactive"],
            "--interactive must be for a scenario that takes typed events (got 'streaming-etl'); known is lottery",
        ),
        (["data-generator", "--report", "/nowhere/r.json"], "--report must be a file in a folder that exists"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(arguments: list[str], message: str) -> None:
    result = runner.invoke(app, ["run", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("records-per-second=0", "data-generator.records-per-second must be at least 1 (got '0')"),
        ("record-per-second=5", "did you mean records-per-second?"),
        ("parallelism=65", "parallelism must fit into 64 KPUs of 1"),
    ],
)
def test_a_wrong_context_is_refused_before_anything_starts(override: str, message: str) -> None:
    """Through the process, as a user sees it: without the virtual environment on the PATH, from the synthesis."""
    result = subprocess.run(
        [sys.executable, "-m", "local", "run", "data-generator", "-c", f"data-generator.{override}", "--records", "1"],
        cwd=ROOT,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2, result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.strip().count("\n") == 0


def test_help_teaches_every_command_and_option() -> None:
    help_text = runner.invoke(app, ["--help"]).stdout
    assert all(command in help_text for command in ("run", "stop", "setup"))
    run_help = re.sub(r"\x1b\[[0-9;]*m", "", runner.invoke(app, ["run", "--help"]).stdout)
    assert all(
        option in run_help for option in ("--records", "--duration", "--interactive", "--keep", "--report", "--context")
    )


def test_setup_builds_the_bundle_of_each_module_that_is_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    def note(bundle: JobBundle) -> Path:
        built.append(bundle.jar.module)
        return bundle.main

    monkeypatch.setattr(JobBundle, "build", note)
    monkeypatch.setattr("local.cli.SERVICES", ())
    assert runner.invoke(app, ["setup"]).exit_code == 0
    modules = re.findall(r"<module>(.*)</module>", (ROOT / "flink_apps" / "pom.xml").read_text(encoding="utf-8"))
    assert sorted(built) == sorted(module for module in modules if not module.startswith("connectors/"))
    assert {job_folder(scenario) for scenario in SCENARIOS} < set(built)


def test_stop_says_when_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.run.RUNS", tmp_path)
    assert "nothing was running" in runner.invoke(app, ["stop"]).stdout
