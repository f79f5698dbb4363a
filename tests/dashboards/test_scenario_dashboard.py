from __future__ import annotations

import pytest
from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.assertions import Template

from dashboards.scenario import ScenarioDashboard
from dashboards.widgets import Graph
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only
from tests.dashboards.bodies import body, headings


def some_graphs(number: int) -> list[Graph]:
    metric = cloudwatch.Metric(namespace="Mine", metric_name="count")
    return [Graph(title=f"Graph {index} (count)", left=[metric]) for index in range(number)]


def rows(stack: Stack) -> list[list[int]]:
    """The widths of the graphs in each row."""
    found: dict[int, list[int]] = {}
    for widget in body(stack)["widgets"]:
        if widget["type"] == "metric":
            found.setdefault(widget["y"], []).append(widget["width"])
    return [found[y] for y in sorted(found)]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, [[24]]),
        (2, [[12, 12]]),
        (3, [[8, 8, 8]]),
        (4, [[12, 12], [12, 12]]),
        (5, [[8, 8, 8], [12, 12]]),
        (7, [[8, 8, 8], [12, 12], [12, 12]]),
    ],
)
def test_graphs_share_the_width_of_as_few_rows_as_hold_them(number: int, expected: list[list[int]]) -> None:
    stack = new_stack()
    ScenarioDashboard(stack, "Dashboard", title="Mine").add_section("Section", some_graphs(number))
    assert rows(stack) == expected


def test_a_section_without_graphs_has_no_heading() -> None:
    stack = new_stack()
    dashboard = ScenarioDashboard(stack, "Dashboard", title="Mine")
    dashboard.add_section("Empty", [])
    dashboard.add_section("Full", some_graphs(1))
    assert headings(stack) == ["# Mine", "## Full"]


def test_periods_stay_as_the_graphs_have_them_whatever_the_time_range() -> None:
    stack = new_stack()
    ScenarioDashboard(stack, "Dashboard", title="Mine")
    assert (body(stack)["periodOverride"], body(stack)["start"]) == ("inherit", "-PT3H")


def test_cloudformation_makes_the_name_unless_there_is_one() -> None:
    stack = new_stack()
    ScenarioDashboard(stack, "Dashboard", title="Mine")
    assert "DashboardName" not in only(Template.from_stack(stack), "AWS::CloudWatch::Dashboard")["Properties"]


def test_a_dashboard_has_the_name_that_it_is_given() -> None:
    stack = new_stack()
    ScenarioDashboard(stack, "Dashboard", title="Mine", dashboard_name="mine")
    properties = only(Template.from_stack(stack), "AWS::CloudWatch::Dashboard")["Properties"]
    assert properties["DashboardName"] == "mine"


def test_the_address_leads_to_the_dashboard_in_its_region() -> None:
    stack = new_stack(CONCRETE)
    dashboard = ScenarioDashboard(stack, "Dashboard", title="Mine")
    name = only(Template.from_stack(stack), "AWS::CloudWatch::Dashboard")["LogicalId"]
    start = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/"
    assert stack.resolve(dashboard.url) == {"Fn::Join": ["", [start, {"Ref": name}]]}


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_nobody_objects_to_a_dashboard(env: object) -> None:
    stack = new_stack(env)  # type: ignore[arg-type] # one of the two
    ScenarioDashboard(stack, "Dashboard", title="Mine").add_section("Section", some_graphs(5))
    assert findings(stack) == []
    assert lint(Template.from_stack(stack)) == []
