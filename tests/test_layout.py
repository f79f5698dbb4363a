"""The rooms of the source: who may know whom, and what stands in a scenario's folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import scenarios
from stacks.project import ROOT, jobs

#: Each room, and those that it may know; from the bottom up, so that no arrow leads upwards and there is no circle.
ROOMS: dict[str, set[str]] = {
    "scenarios": set(),
    "flink_constructs": set(),
    "flink_apps": set(),
    "dashboards": {"flink_apps", "flink_constructs"},
    "stacks": {"scenarios", "flink_apps", "flink_constructs", "dashboards"},
    "app": {"stacks"},
    "local": {"scenarios", "flink_apps", "flink_constructs", "stacks"},
    "ops": {"flink_apps", "flink_constructs"},
    "tools": {"scenarios", "flink_apps", "stacks", "local"},
    "benchmarks": {"scenarios", "flink_apps", "flink_constructs", "stacks", "local", "tools"},
}
#: What every job's folder has, and what it may have besides: see CONTRIBUTING.md.
ALWAYS = {
    "README.md",
    "__init__.py",
    "settings.py",
    "queries.py",
    "metrics.py",
    "job.py",
    "main.py",
    "pom.xml",
}
WHERE_NEEDED = {"schema.py", "rules.py", "logic.py", "functions.py"}
#: A dialect of docstrings that is not this project's: it has ``Args:`` and ``Raises:``.
FIELD_LISTS = re.compile(r"^\s*:(param|raises?|returns?|rtype|type)\b", re.MULTILINE)


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def files_of(room: str) -> list[Path]:
    module = ROOT / f"{room}.py"
    folder = ROOT / "constructs" / room if room == "flink_constructs" else ROOT / room
    return [module] if module.exists() else sorted(folder.rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_those_below_it(room: str) -> None:
    for file in files_of(room):
        known = {module.partition(".")[0] for module in imported(file)} & set(ROOMS)
        assert known <= {room, *ROOMS[room]}, file


def test_the_rooms_are_in_the_order_in_which_they_know_each_other() -> None:
    order = list(ROOMS)
    for room, known in ROOMS.items():
        assert all(order.index(other) < order.index(room) for other in known), room


@pytest.mark.parametrize("job", [*jobs(), "common"])
def test_a_job_imports_nothing_of_the_project_but_what_its_bundle_has(job: str) -> None:
    ours = {folder.name for folder in ROOT.iterdir() if folder.is_dir()} | {"flink_constructs", "scenarios"}
    for file in (ROOT / "flink_apps" / job).rglob("*.py"):
        for module in imported(file):
            if module.partition(".")[0] in ours:
                assert module.startswith((f"flink_apps.{job}", "flink_apps.common")), f"{file}: {module}"


@pytest.mark.parametrize("job", jobs())
def test_every_jobs_folder_has_the_same_files(job: str) -> None:
    folder = ROOT / "flink_apps" / job
    there = {file.name for file in folder.iterdir() if file.is_file()}
    assert there >= ALWAYS
    # A family of options may have a module of its own, which the settings are made of; other parts are packages.
    settings = {module.rpartition(".")[2] for module in imported(folder / "settings.py")}
    families = {f"{name.rpartition('.')[2]}.py" for name in _names_imported(folder / "settings.py")} | {
        f"{name}.py" for name in settings
    }
    assert there - ALWAYS - WHERE_NEEDED <= families


@pytest.mark.parametrize("job", jobs())
def test_every_job_is_built_in_the_same_way(job: str) -> None:
    folder = ROOT / "flink_apps" / job
    [build] = [node for node in _functions(folder / "job.py") if node.name == "build"]
    assert [argument.arg for argument in build.args.args] == ["table_env", "settings", "sources", "sinks"]
    assert ast.unparse(build.returns or ast.Constant(None)) == "StatementSet"
    assert {"sources", "sinks", "main"} <= {node.name for node in _functions(folder / "main.py")}


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_every_scenario_has_a_module_in_every_room(name: str) -> None:
    folder = scenarios.folder(name)
    assert (ROOT / "flink_apps" / folder / "main.py").exists()
    assert (ROOT / "stacks" / f"{folder}.py").exists()
    assert (ROOT / "dashboards" / f"{folder}.py").exists()
    assert (ROOT / "benchmarks" / f"{folder}.py").exists()
    assert (ROOT / "local" / "scenarios" / folder).is_dir()


@pytest.mark.parametrize("room", [*ROOMS, "tests"])
def test_docstrings_have_sections_and_no_field_lists(room: str) -> None:
    for file in files_of(room):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                assert not FIELD_LISTS.search(ast.get_docstring(node) or ""), f"{file}:{node}"


def _names_imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def _functions(file: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
