"""The documents are true to the code."""

import re
from pathlib import Path

import pytest

import scenarios
from flink_apps.data_generator.records import RECORD_TYPES
from stacks.project import ROOT
from tools.docs import TABLES, rendered

READMES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *TABLES]


@pytest.mark.parametrize("readme", TABLES, ids=lambda path: path.parent.name)
def test_the_tables_of_a_readme_are_those_of_the_code(readme: Path) -> None:
    """`python -m tools.docs` writes them."""
    assert readme.read_text(encoding="utf-8") == rendered(readme)


@pytest.mark.parametrize("name", RECORD_TYPES)
def test_every_record_type_has_its_heading_and_its_table(name: str) -> None:
    readme = (ROOT / "flink_apps" / "data_generator" / "README.md").read_text(encoding="utf-8")
    assert f"### `{name}`\n" in readme
    assert f"<!-- table: {name} -->\n" in readme


@pytest.mark.parametrize("readme", READMES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_link_to_a_file_leads_to_one(readme: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", readme.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (readme.parent / target).exists(), target


def test_every_scenario_has_a_readme_that_the_first_page_links_to() -> None:
    first_page = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in scenarios.NAMES:
        assert f"(flink_apps/{name.replace('-', '_')}/README.md)" in first_page


@pytest.mark.parametrize("readme", READMES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_make_target_that_is_named_is_there(readme: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", readme.read_text(encoding="utf-8"))) <= targets
