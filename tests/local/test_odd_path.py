"""A run in a folder whose path has blanks and letters that are not ASCII, and so have Flink's and Python's."""

import json
import sys
import tempfile
from pathlib import Path

import pytest

from local import plain
from local.flink import cluster, jvm
from local.run import LocalRun
from stacks.project import ROOT
from tests.local.failures import wait_for
from tests.local.made_by_hand import SQL_GROUP, application, assembly

#: A blank, two in a row, other letters than ASCII's, and what shells or lists of files take for their own.
ODD = "Züge  & Größen, $1 (a)"
SQL = """
CREATE TABLE numbers (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '100',
    'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '100');
CREATE TABLE kept (n INT) WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{output}');
CREATE TEMPORARY SYSTEM FUNCTION doubled AS 'tests.local.functions.doubled' LANGUAGE PYTHON;
INSERT INTO kept SELECT doubled(n) FROM numbers
"""


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an odd name, in which Flink and Python seem to be installed, too."""
    folder = tmp_path / ODD
    (folder / "run").mkdir(parents=True)
    python = Path(sys.executable)
    (folder / "flink").symlink_to(jvm.FLINK_HOME)
    (folder / "python").symlink_to(python.parent.parent)
    for module in (cluster, jvm):
        monkeypatch.setattr(module, "FLINK_HOME", folder / "flink")
    monkeypatch.setattr(sys, "executable", str(folder / "python" / "bin" / python.name))
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'constructs'}")
    monkeypatch.setenv("LC_ALL", "C")
    return folder


def links() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("flink-scenarios-*"))


@pytest.mark.integration
def test_a_job_with_a_python_function_runs_and_no_link_stays_behind(odd: Path) -> None:
    groups = {SQL_GROUP: {"output": str(odd / "out")}}
    made = assembly(
        odd / "cdk.out", {"FlinkApplication11111111": application("main.zip", groups=groups)}, {"main.zip": SQL}
    )
    before = links()
    with LocalRun(made, odd / "run") as run:
        run.start()
        job = run.submit()
        wait_for("the end", lambda: job.state == "FINISHED")
    rows = [
        json.loads(line)["n"]
        for file in (odd / "out").rglob("*")
        if file.is_file()
        for line in file.read_text().splitlines()
    ]
    assert sorted(rows) == list(range(2, 201, 2))
    assert links() == before


def test_a_plain_path_is_taken_as_it_is(tmp_path: Path) -> None:
    assert plain.plain(tmp_path / "run-1.2") == tmp_path / "run-1.2"


def test_a_path_that_is_not_plain_gets_one_link_however_often_it_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    link = plain.plain(folder)
    assert link.resolve() == folder.resolve()
    assert plain.plain(folder) == link == plain.plain(link)
    plain.remove_link(folder)
    assert not link.is_symlink()
    plain.remove_link(folder)


@pytest.mark.parametrize("temporary", ["with a blank", "plain"])
def test_the_link_is_plain_also_where_the_folder_for_temporary_files_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, temporary: str
) -> None:
    (tmp_path / temporary).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / temporary))
    link = plain.plain(tmp_path / ODD)
    plain.remove_link(tmp_path / ODD)
    assert plain.plain(link) == link
