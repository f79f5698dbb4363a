"""The check of an upgrade, as far as nothing has to run for it: what is refused, and what a verdict says."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from typer.testing import CliRunner

import scenarios
from local.cli import app
from local.errors import RunError
from local.flink import savepoints
from local.upgrade import RELEASES, Fate, Verdict, savepoint_of

runner = CliRunner()
#: What each file with metadata begins with, and a version of it that only a later Flink writes.
MAGIC, LATER = 0x4960672D, 99


def refused(*arguments: str) -> str:
    """The one line that a command says."""
    result = runner.invoke(app, ["upgrade", *arguments])
    assert result.exit_code == 2
    line = " ".join(result.output.split())
    assert "Traceback" not in line
    return line


def test_what_is_no_savepoint_is_refused(tmp_path: Path) -> None:
    assert "--from must be the folder of a savepoint, or a release (got 'nowhere')" in refused(
        "lottery", "--from", "nowhere"
    )
    assert "with a file _metadata" in refused("lottery", "--from", str(tmp_path))


@pytest.mark.parametrize(("scenario", "other"), [("lottery", "taxi-analytics"), ("taxi-analytics", "streaming-etl")])
def test_a_savepoint_of_another_scenario_is_refused(scenario: str, other: str) -> None:
    """Even where both have operators of the same ids, such as a source of trips."""
    savepoint = max(RELEASES.iterdir()) / other
    assert f"--from must be a savepoint of {scenario} (got '{savepoint}', which is of {other})" in refused(
        scenario, "--from", str(savepoint)
    )


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"rubbish, more of it", "Unexpected magic number"),
        (b"", "EOFException"),
        (struct.pack(">ii", MAGIC, LATER), f"Unrecognized checkpoint version number: {LATER}"),
    ],
)
def test_a_savepoint_that_this_flink_cannot_read_is_refused_with_the_cause(
    tmp_path: Path, content: bytes, cause: str
) -> None:
    (tmp_path / "_metadata").write_bytes(content)
    line = refused("lottery", "--from", str(tmp_path))
    assert "--from must be a savepoint that this Flink can read" in line
    assert cause in line


def test_a_context_that_the_stack_refuses_is_refused() -> None:
    [release, *_] = sorted(folder.name for folder in RELEASES.iterdir())
    assert "lottery.prizes must be" in refused("lottery", "--from", release, "-c", "lottery.prizes=many")


def test_a_run_keeps_its_savepoint_in_a_new_folder_only(tmp_path: Path) -> None:
    result = runner.invoke(app, ["run", "lottery", "--savepoint", str(tmp_path)])
    assert result.exit_code == 2
    assert "--savepoint must be a new folder in one that exists" in " ".join(result.output.split())


@pytest.mark.parametrize("scenario", scenarios.NAMES)
@pytest.mark.parametrize("release", sorted(folder.name for folder in RELEASES.iterdir()))
def test_every_release_has_a_savepoint_of_every_scenario_with_its_operators(release: str, scenario: str) -> None:
    folder, context = savepoint_of(release, scenario)
    assert all(key.startswith(f"{scenario}.") for key in context)
    states = savepoints.read(folder)
    assert states
    assert states.keys() <= savepoints.operators(folder / savepoints.OPERATORS).keys()
    assert sum(file.stat().st_size for file in folder.iterdir()) < 500_000


def verdict(**fates: Fate) -> Verdict:
    return Verdict(fates=fates, sizes={})


def test_state_that_restores_or_starts_empty_is_no_obstacle() -> None:
    verdict(source=Fate.RESTORES, sink=Fate.STARTS_EMPTY).check()


def test_dropped_state_needs_the_flag() -> None:
    dropped = verdict(source=Fate.RESTORES, sink=Fate.DROPPED)
    with pytest.raises(RunError, match=r"^it needs allow-non-restored-state: sink would be dropped$"):
        dropped.check()
    Verdict(fates=dropped.fates, sizes={}, allow_non_restored_state=True).check()


def test_state_that_cannot_be_read_is_an_obstacle_in_any_case() -> None:
    broken = Verdict(
        fates={"it": Fate.UNREADABLE}, sizes={}, cause="StateMigrationException", allow_non_restored_state=True
    )
    with pytest.raises(RunError, match=r"^it does not restore: StateMigrationException$"):
        broken.check()
