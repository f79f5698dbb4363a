"""What is asked of the dashboard of each variant of each stack."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import pytest

import scenarios
from tests.dashboards.bodies import body_in, identifiers, lines
from tests.stacks.variants import of, variants

EACH = [(scenario, name) for scenario in scenarios.NAMES for name in variants(scenario)]


@functools.cache
def widgets(scenario: str, name: str) -> list[dict[str, Any]]:
    """They are looked at, not changed."""
    found: list[dict[str, Any]] = body_in(of(scenario, name).template)["widgets"]
    return found


def graphs(scenario: str, name: str) -> list[dict[str, Any]]:
    """In their order; those of two jobs have the same titles."""
    return [widget["properties"] for widget in widgets(scenario, name) if widget["type"] == "metric"]


@pytest.mark.parametrize(("scenario", "name"), EACH)
def test_widgets_fill_the_grid_and_do_not_overlap(scenario: str, name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets(scenario, name):
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = set(itertools.product(columns, range(widget["y"], widget["y"] + widget["height"])))
        assert not cells & taken
        taken |= cells
    height = max(y for _, y in taken) + 1
    assert taken == set(itertools.product(range(24), range(height)))


@pytest.mark.parametrize(("scenario", "name"), EACH)
def test_expressions_use_lines_of_their_own_graph(scenario: str, name: str) -> None:
    for graph in graphs(scenario, name):
        ids = [line.options["id"] for line in lines(graph) if "id" in line.options]
        assert len(set(ids)) == len(ids), graph["title"]
        expressions = [line.name for line in lines(graph) if line.namespace is None]
        # A query is about metrics, not about other lines.
        used = set().union(*(identifiers(text) for text in expressions if not text.startswith("SELECT ")))
        assert used == set(ids), graph["title"]


@pytest.mark.parametrize(("scenario", "name"), EACH)
def test_every_title_names_its_units(scenario: str, name: str) -> None:
    assert [graph["title"] for graph in graphs(scenario, name) if not graph["title"].partition("(")[2]] == []


@pytest.mark.parametrize(("scenario", "name"), EACH)
def test_no_graph_says_a_period_for_lines_that_have_their_own(scenario: str, name: str) -> None:
    assert [graph["title"] for graph in graphs(scenario, name) if "period" in graph] == []


@pytest.mark.parametrize(("scenario", "name"), EACH)
def test_the_state_of_every_alarm_is_at_the_top(scenario: str, name: str) -> None:
    _, widget, *_ = widgets(scenario, name)
    assert widget["type"] == "alarm"
    shown = {arn.removeprefix("<").removesuffix(".Arn>") for arn in widget["properties"]["alarms"]}
    assert shown == set(of(scenario, name).of_type("AWS::CloudWatch::Alarm"))
