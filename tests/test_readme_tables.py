"""The tables in the READMEs: each row has tests that prove it.

*What can be wrong, and what becomes of it* is in each README, *What may change* in each scenario's. The files in
``tests/what_can_be_wrong`` and ``tests/what_may_change`` name the tests of a README's rows, each by its file or class,
and its own name: ``test_replay_source.a_broken_line_goes_out_as_it_is`` for ``test_a_broken_line_goes_out_as_it_is``,
``LinesTest.anEmptyFileHasNoLines`` for a method in Java, and
``test_changes_of_sinks.the_verdict_of_a_change_is_right[one more sink]`` for one case of many.
"""

from __future__ import annotations

import ast
import functools
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import scenarios
from stacks.project import ROOT

WRONG, CHANGE = "what_can_be_wrong", "what_may_change"
#: The heads of the tables, by the folder with the files that name the tests.
_HEADS = {WRONG: r"\| what[^|\n]* \| what becomes of it \|", CHANGE: r"\| change \| state \| what becomes of it \|"}
#: What a change can mean for the state that a job goes on from.
FATES = ("kept", "needs the flag", "starts anew", "not restored")
#: By the name of the file that names the tests, which is that of the README's folder.
_ALL = {readme.parent.name: readme for readme in sorted((ROOT / "flink_apps").rglob("README.md"))}
_OF_SCENARIOS = {name: _ALL[name] for name in map(scenarios.folder, scenarios.NAMES)}
TABLES = [
    *((WRONG, name, readme) for name, readme in {"local_run": ROOT / "README.md", **_ALL}.items()),
    *((CHANGE, name, readme) for name, readme in _OF_SCENARIOS.items()),
]
#: The name of a test, and perhaps of a case.
_TEST = re.compile(r"([\w.]+)(?:\[([^\]]+)\])?(?:\s+|$)")


def proved(kind: str, name: str) -> Mapping[str, str]:
    """By row, which is named by its first cell: the tests, with blanks between them."""
    found: Mapping[str, str] = importlib.import_module(f"tests.{kind}.{name}").TESTS
    return found


def rows(kind: str, readme: Path) -> list[list[str]]:
    """The cells of the rows of a table of a README, if it has one."""
    pattern = re.compile(rf"^{_HEADS[kind]}\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)
    table = pattern.search(readme.read_text(encoding="utf-8"))
    lines = table[1].splitlines() if table else []
    return [line.removeprefix("| ").removesuffix(" |").replace("**", "").split(" | ") for line in lines]


@functools.cache
def all_tests() -> Mapping[str, frozenset[str]]:
    """Every test, by its file or class, and its own name; with the texts in its file, which may name cases."""
    python = (found for file in (ROOT / "tests").rglob("test_*.py") for found in _of_python(file))
    java = (found for file in (ROOT / "flink_apps" / "connectors").rglob("*Test.java") for found in _of_java(file))
    return dict((*python, *java))


def _of_python(file: Path) -> Iterator[tuple[str, frozenset[str]]]:
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    texts = frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield f"{file.stem}.{node.name.removeprefix('test_')}", texts


def _of_java(file: Path) -> Iterator[tuple[str, frozenset[str]]]:
    text = file.read_text(encoding="utf-8")
    # Between the annotation and the method there may be others, with the values of a test with parameters.
    for found in re.finditer(r"@(?:Parameterized|Repeated)?Test\b.*?\bvoid (\w+)\(", text, re.DOTALL):
        yield f"{file.stem}.{found[1]}", frozenset()


@pytest.mark.parametrize(("kind", "name", "readme"), TABLES)
def test_every_row_has_its_tests(kind: str, name: str, readme: Path) -> None:
    assert [cells[0] for cells in rows(kind, readme)] == list(proved(kind, name)) != []


@pytest.mark.parametrize(("kind", "name", "readme"), TABLES)
def test_every_test_that_is_named_is_there(kind: str, name: str, readme: Path) -> None:  # noqa: ARG001 - all of TABLES
    for row, tests in proved(kind, name).items():
        named = _TEST.findall(tests)
        assert named, row
        assert _TEST.sub("", tests) == "", row
        for test, case in named:
            assert test in all_tests(), row
            assert not case or case in all_tests()[test], row


@pytest.mark.parametrize("name", _OF_SCENARIOS)
def test_each_change_is_told_what_it_means_for_the_state(name: str) -> None:
    assert {cells[1] for cells in rows(CHANGE, _OF_SCENARIOS[name])} <= set(FATES)
