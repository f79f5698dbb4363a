"""A folder of the project that the user cannot write: one line says what to do."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from local import runs
from local.errors import RunError
from local.exit_status import exit_status
from stacks.project import ROOT, no_permission

NOBODY = 65534
PREFLIGHT = (ROOT / "tools" / "preflight.sh").read_text(encoding="utf-8")


@contextmanager
def somebody_else(folder: Path) -> Iterator[None]:
    """Be a user that cannot write to the folder: root can write everything, whatever the folder's mode is."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
    else:
        folder.chmod(0o555)
    try:
        yield
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        folder.chmod(0o755)


def preflight(folder: Path) -> str:
    """What the check before the set-up says in a folder."""
    user = NOBODY if os.geteuid() == 0 else None
    command = ["/bin/sh", "-c", PREFLIGHT]
    return subprocess.run(command, cwd=folder, user=user, capture_output=True, text=True, check=False).stderr


def test_a_run_in_a_folder_of_somebody_else_is_one_line_and_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runs, "RUNS", tmp_path / "build" / "local")
    with somebody_else(tmp_path), pytest.raises(SystemExit) as ended, exit_status():
        runs.new_folder("data-generator")
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: /")
    assert "must be yours to write (got 'Permission denied': it belongs to " in said
    assert "clone the project into a folder of your own, or: sudo chown -R " in said
    assert said.count("\n") == 1


def test_a_read_only_file_system_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), exit_status():
        raise OSError(errno.EROFS, "Read-only file system", str(ROOT / "build"))
    assert f"error: {ROOT / 'build'} must be yours to write (got 'Read-only file system'" in capsys.readouterr().err


def test_another_error_of_the_system_stays_what_it_is() -> None:
    with pytest.raises(FileNotFoundError), exit_status():
        Path("/no/such/file").read_text(encoding="utf-8")
    assert no_permission(OSError("no number")) is None


def test_the_set_up_says_so_before_it_begins(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    said = preflight(tmp_path)
    assert f"missing: permission to write to {tmp_path}\n" in said
    assert "clone the project into a folder of your own, or: sudo chown -R " in said


def test_the_set_up_says_so_where_only_the_folder_of_what_is_built_is_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir(mode=0o555)
    if os.geteuid() == 0:
        os.chown(tmp_path, NOBODY, -1)
    assert "missing: permission to write to " in preflight(tmp_path)


def test_the_set_up_begins_in_a_folder_that_the_user_can_write(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, NOBODY, -1)
    assert "permission" not in preflight(tmp_path)


def test_a_server_of_somebody_else_is_not_stopped_and_that_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_pid: int, _signal: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "killpg", refused)
    me = psutil.Process().username()
    with pytest.raises(RunError, match=f"the broker must be yours to stop .* have {me} stop it"):
        runs._end(os.getpid(), "the broker")
