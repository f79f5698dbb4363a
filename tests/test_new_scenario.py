"""A scenario more: what it takes to add one, shown with a made-up one in a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.services.kinesis import KinesisService
from stacks.project import BUILD, ROOT

pytestmark = pytest.mark.integration

NEW = Path(__file__).parent / "new_scenario"
#: What the copy does without, and what it shares with the original.
LEFT_OUT = shutil.ignore_patterns(".git", "build", "cdk.out", "__pycache__", "target", ".*_cache", ".hypothesis")
SHARED = (".venv", "node_modules")
#: The existing files that are edited: in each a line is added after another one.
EDITS = {
    "flink_apps/pom.xml": (r"( *)<module>prometheus_metrics</module>\n", r"\g<0>\1<module>pulse</module>\n"),
    "scenarios.py": (r'"taxi-analytics"', r'\g<0>, "pulse"'),
    "README.md": (
        r"\| \[`prometheus-metrics`\].*\n",
        r"\g<0>| [`pulse`](flink_apps/pulse/README.md) | a beat | ready |\n",
    ),
}


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project with the new scenario in it."""
    folder = tmp_path_factory.mktemp("new") / "project"
    ignored = set(SHARED)
    shutil.copytree(
        ROOT, folder, ignore=lambda path, names: {*LEFT_OUT(path, names), *(ignored if Path(path) == ROOT else ())}
    )
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    if (ROOT / ".mypy_cache").is_dir():  # the linters ran before the tests: only what is new is left to check
        shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")
    (folder / "build").mkdir()
    (folder / "build" / "services").symlink_to(BUILD / "services")
    shutil.copytree(NEW, folder, dirs_exist_ok=True, ignore=LEFT_OUT)
    for name, (after, added) in EDITS.items():
        text, count = re.subn(after, added, (folder / name).read_text(encoding="utf-8"))
        assert count == 1, name
        (folder / name).write_text(text, encoding="utf-8")
    run(folder, "-m", "tools.docs")
    yield folder
    shutil.rmtree(folder)


def run(folder: Path, *arguments: str) -> str:
    """What Python writes in the copy, which it finds first."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{folder / 'constructs'}"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_new_scenario_edits_three_files_and_brings_all_others() -> None:
    assert len(EDITS) <= 3
    assert not [name for name in files_below(NEW) if (ROOT / name).exists()]


def test_it_passes_the_linters(copy: Path) -> None:
    python = [name for name in files_below(NEW) if name.endswith(".py")]
    run(copy, "-m", "ruff", "format", "--check", *python)
    run(copy, "-m", "ruff", "check", *python)
    run(copy, "-m", "mypy", *python)


def test_it_has_the_shape_of_all_others_and_documents_that_are_true(copy: Path) -> None:
    readme = (copy / "flink_apps" / "pulse" / "README.md").read_text(encoding="utf-8")
    assert "| `interval-millis` | an integer from 1 to 60000 | `100` |" in readme
    assert "| `Pulse` | `interval.millis` | an integer from 1 to 60000 | `100` |" in readme
    run(
        copy,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/test_layout.py",
        "tests/test_docs.py",
        "tests/test_readme_tables.py",
        "-k",
        "pulse",
    )


def test_its_stack_is_checked_like_all_others(copy: Path) -> None:
    shown = run(
        *(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--snapshot-update"),
        *("tests/stacks/test_every_stack.py", "-k", "pulse"),
    )
    assert re.search(r"\d+ passed", shown)


def test_it_runs(copy: Path) -> None:
    report = copy / "report.json"
    run(copy, "-m", "local", "run", "pulse", "--duration", "3s", "--report", str(report))
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert figures["scenario"] == "pulse"
    assert figures["records_out"] == {KinesisService.title.lower(): figures["records_in"]}
    assert figures["records_in"] > 10
