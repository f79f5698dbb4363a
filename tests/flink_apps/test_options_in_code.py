from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flink_apps.common.options_in_code import ALLOWED, where_allowed
from stacks.project import ROOT

#: The families of Flink's options.
OPTION = re.compile(r"(execution|parallelism|pipeline|python|rest|restart-strategy|state|table|taskmanager)\.[a-z.-]+")
#: Set nowhere but on a laptop: for a web interface, or to bring the parallelism down to what a deployment has.
LAPTOP = {"rest.port", "rest.bind-port", "rest.flamegraph.enabled", "parallelism.default"}
#: The key of an option of a job, not of Flink.
OF_A_JOB = {"execution.mode"}


def sources() -> Iterator[Path]:
    for path in (ROOT / "flink_apps").rglob("*.py"):
        if "connectors" not in path.relative_to(ROOT).parts and path.name != "options_in_code.py":
            yield path


def texts(tree: ast.AST) -> set[str]:
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in found if OPTION.fullmatch(text)}


def options_in(path: Path) -> set[str]:
    """The options of Flink that a module names; without those of functions that leave out what is not allowed."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    filtered = [one for one in functions if "where_allowed" in ast.dump(one)]
    return texts(tree) - set().union(*map(texts, filtered))


def test_no_job_sets_an_option_in_code_that_the_service_refuses() -> None:
    refused = {path.relative_to(ROOT).as_posix(): options_in(path) - ALLOWED - LAPTOP - OF_A_JOB for path in sources()}
    assert {path: options for path, options in refused.items() if options} == {}


def test_the_options_that_jobs_set_are_found() -> None:
    assert options_in(ROOT / "flink_apps" / "common" / "environment.py") >= {"pipeline.object-reuse"}


@pytest.mark.parametrize(("version", "kept"), [("1.20.5", True), ("2.1.0", True), ("2.2.0", False), ("2.3.0", False)])
def test_an_option_that_is_refused_is_left_out_from_flink_2_2_on(version: str, kept: bool) -> None:
    options = {"table.local-time-zone": "UTC", "python.fn-execution.bundle.size": "8"}
    found = where_allowed(options, version=version)
    assert found == (options if kept else {"table.local-time-zone": "UTC"})
