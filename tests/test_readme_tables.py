"""What can be wrong, and what becomes of it: each README has a table of it, and each row has tests that prove it.

The files in ``tests/what_can_be_wrong`` name the tests, each by its file or class, and its own name:
``test_replay_source.a_broken_line_goes_out_as_it_is`` for ``test_a_broken_line_goes_out_as_it_is``, and
``LinesTest.anEmptyFileHasNoLines`` for a method in Java.
"""

from __future__ import annotations

import ast
import functools
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stacks.project import ROOT

_TABLE = re.compile(r"^\| what[^|\n]* \| what becomes of it \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)
#: By the file with its rows in ``tests/what_can_be_wrong``, which has the name of the README's folder.
READMES = {
    "local_run": ROOT / "README.md",
    **{readme.parent.name: readme for readme in sorted((ROOT / "flink_apps").rglob("README.md"))},
}


def proved(name: str) -> Mapping[str, str]:
    """By row, which is named by its first cell: the tests, with blanks between them."""
    found: Mapping[str, str] = importlib.import_module(f"tests.what_can_be_wrong.{name}").TESTS
    return found


def rows(readme: Path) -> list[str]:
    """The first cells of the rows of the table of a README, if it has one."""
    table = _TABLE.search(readme.read_text(encoding="utf-8"))
    lines = table[1].splitlines() if table else []
    return [line.removeprefix("| ").partition(" | ")[0].replace("**", "") for line in lines]


@functools.cache
def all_tests() -> frozenset[str]:
    """Every test, by its file or class, and its own name."""
    python = (name for file in (ROOT / "tests").rglob("test_*.py") for name in _of_python(file))
    java = (name for file in (ROOT / "flink_apps" / "connectors").rglob("*Test.java") for name in _of_java(file))
    return frozenset((*python, *java))


def _of_python(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield f"{file.stem}.{node.name.removeprefix('test_')}"


def _of_java(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    # Between the annotation and the method there may be others, with the values of a test with parameters.
    for found in re.finditer(r"@(?:Parameterized|Repeated)?Test\b.*?\bvoid (\w+)\(", text, re.DOTALL):
        yield f"{file.stem}.{found[1]}"


@pytest.mark.parametrize("name", READMES)
def test_every_row_has_its_tests(name: str) -> None:
    assert rows(READMES[name]) == list(proved(name)) != []


@pytest.mark.parametrize("name", READMES)
def test_every_test_that_is_named_is_there(name: str) -> None:
    for row, tests in proved(name).items():
        assert tests, row
        assert set(tests.split()) <= all_tests(), row
