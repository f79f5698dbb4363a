"""What tests ask of a dashboard: its widgets as CloudWatch would read them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from aws_cdk import Stack
from aws_cdk.assertions import Template

from dashboards.scenario import ScenarioDashboard
from flink_constructs.alarms import ApplicationAlarms
from tests.constructs.checks import only


@dataclass(frozen=True)
class Line:
    """An entry of a graph: a metric or an expression."""

    namespace: str | None
    name: str
    """Of the metric, or the expression."""
    dimensions: dict[str, str]
    options: dict[str, Any]


def body(stack: Stack) -> dict[str, Any]:
    """The body of the stack's only dashboard, with ``<LogicalId>`` for what is known at deployment."""
    return body_in(Template.from_stack(stack))


def body_in(template: Template) -> dict[str, Any]:
    """The body of the template's only dashboard, as above."""
    text = _text(only(template, "AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"])
    result: dict[str, Any] = json.loads(text)
    return result


def graphs(stack: Stack) -> dict[str, dict[str, Any]]:
    """The properties of each graph by its title; a title may be there once."""
    found = [widget["properties"] for widget in body(stack)["widgets"] if widget["type"] == "metric"]
    titles = [graph["title"] for graph in found]
    assert len(set(titles)) == len(titles)
    return dict(zip(titles, found, strict=True))


def headings(stack: Stack) -> list[str]:
    return [widget["properties"]["markdown"] for widget in body(stack)["widgets"] if widget["type"] == "text"]


def lines(graph: dict[str, Any]) -> list[Line]:
    return [_line(entry) for entry in graph["metrics"]]


def by_label(graph: dict[str, Any]) -> dict[str, Line]:
    """What a graph shows: its lines by their labels."""
    return {line.options["label"]: line for line in lines(graph) if line.options.get("visible", True)}


def identifiers(expression: str) -> set[str]:
    """Ids of other lines that an expression refers to; they begin with a small letter."""
    return set(re.findall(r"\b[a-z]\w*", re.sub(r"\'[^\']*\'|\"[^\"]*\"", "", expression)))


def _line(entry: list[Any]) -> Line:
    *texts, options = entry if isinstance(entry[-1], dict) else [*entry, {}]
    if not texts:
        return Line(namespace=None, name=options["expression"], dimensions={}, options=options)
    namespace, name, *dimensions = texts
    return Line(namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True)), options)


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case {"Fn::Join": [delimiter, list(items)]}:
            return str(delimiter).join(map(_text, items))
        case {"Fn::Join": [delimiter, {"Fn::Split": [separator, item]}]}:
            return _text(item).replace(separator, delimiter)
        case {"Fn::Select": [int(index), {"Fn::Split": [separator, item]}]}:
            return f"{_text(item)}[{separator}{index}]"
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
    raise ValueError(
        f"a dashboard's body must have texts, joins, references and attributes (got {value!r}); add a case"
    )


def add_dashboard(
    stack: Stack, scenario: ModuleType, *, alarms: ApplicationAlarms | None = None, **shown: Any
) -> ScenarioDashboard:
    """A scenario's dashboard of what is shown, as its stack adds it."""
    dashboard = ScenarioDashboard(stack, "Dashboard", title=scenario.TITLE, alarms=alarms)
    scenario.add_sections(dashboard, **shown)
    return dashboard
