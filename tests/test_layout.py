"""Who may know whom in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from stacks.project import ROOT, jobs


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


@pytest.mark.parametrize("job", [*jobs(), "common"])
def test_a_job_imports_nothing_of_the_project_but_what_its_bundle_has(job: str) -> None:
    ours = {folder.name for folder in ROOT.iterdir() if folder.is_dir()} | {"flink_constructs"}
    for file in (ROOT / "flink_apps" / job).rglob("*.py"):
        for module in imported(file):
            if module.partition(".")[0] in ours:
                assert module.startswith((f"flink_apps.{job}", "flink_apps.common")), f"{file}: {module}"
