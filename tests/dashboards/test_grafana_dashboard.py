"""The Grafana dashboard and the rules of the job's series: by themselves, then as Prometheus understands them."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_cdk.assertions import Template

from dashboards.prometheus_rules import RULES, average
from flink_apps.prometheus_metrics.schema import INSTANCE, METRICS
from flink_constructs.metrics_workspace import MetricsWorkspace
from local.services.prometheus import PrometheusService
from stacks.project import ROOT
from tests.constructs.checks import findings, lint, new_stack, only

DASHBOARD = ROOT / "dashboards" / "grafana" / "prometheus_metrics.json"
COLUMNS = 24
#: What Grafana 10.0 writes; later ones read it, and bring it up to date.
SCHEMA_VERSION = 38


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


@pytest.fixture(scope="module")
def variables(dashboard: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def names(expression: str) -> set[str]:
    """The names of metrics in an expression, those in a pattern included."""
    return set(re.findall("|".join(rf"\b{metric}\b" for metric in METRICS), expression))


def test_every_expression_asks_for_the_jobs_series_of_the_chosen_instances(panels: list[dict[str, Any]]) -> None:
    for expression in itertools.chain.from_iterable(map(expressions, panels)):
        outside = re.sub(r"\{[^}]*\}", "{}", expression)
        assert names(expression), expression
        assert all(f'{INSTANCE}=~"$instance"' in braces for braces in re.findall(r"\{[^}]*\}", expression)), expression
        assert all(f"{name}{{}}" in outside for name in names(outside)), expression


def test_a_panel_shows_the_series_that_its_title_names(panels: list[dict[str, Any]]) -> None:
    for panel in panels:
        if named := names(panel["title"]):
            assert all(names(expression) == named for expression in expressions(panel)), panel["title"]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("function", ["topk(10, ", "avg("])
def test_each_series_has_its_ten_highest_and_its_average_over_time(
    panels: list[dict[str, Any]], metric: str, function: str
) -> None:
    shown = [
        expression
        for panel in panels
        if panel["type"] == "timeseries"
        for expression in expressions(panel)
        if names(expression) == {metric}
    ]
    assert any(expression.startswith(function) for expression in shown)


def test_lines_of_instances_have_their_names(panels: list[dict[str, Any]]) -> None:
    legends = [
        target["legendFormat"] for panel in panels for target in panel["targets"] if target["expr"].startswith("topk")
    ]
    assert set(legends) == {f"{{{{{INSTANCE}}}}}"}


def test_everything_asks_the_chosen_data_source(
    panels: list[dict[str, Any]], variables: dict[str, dict[str, Any]]
) -> None:
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    asking = [*panels, *(target for panel in panels for target in panel["targets"]), variables["instance"]]
    assert all(one["datasource"] == {"type": "prometheus", "uid": "${datasource}"} for one in asking)


def test_instances_are_chosen_by_the_jobs_label(variables: dict[str, dict[str, Any]]) -> None:
    instance = variables["instance"]
    assert instance["query"]["query"] == instance["definition"] == f"label_values({METRICS[0]}, {INSTANCE})"
    assert (instance["multi"], instance["includeAll"], instance["allValue"]) == (True, True, ".*")


def test_no_expression_uses_a_variable_that_is_not_there(
    dashboard: dict[str, Any], variables: dict[str, dict[str, Any]]
) -> None:
    assert set(re.findall(r"\$\{?(?!__)(\w+)", json.dumps(dashboard))) == set(variables)


def test_panels_have_their_own_id_and_place(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [
        {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        for place in (panel["gridPos"] for panel in panels)
    ]
    assert all(not one & other for one, other in itertools.combinations(places, 2))
    assert max(x for place in places for x, _ in place) < COLUMNS


def test_grafana_10_reads_it_and_gives_it_an_id(dashboard: dict[str, Any]) -> None:
    assert dashboard["schemaVersion"] == SCHEMA_VERSION
    assert "id" not in dashboard


# The rules


def test_the_workspace_takes_the_rules() -> None:
    stack = new_stack()
    MetricsWorkspace(stack, "Metrics").add_rules("Rules", "prometheus-metrics", RULES)
    template = Template.from_stack(stack)
    assert (findings(stack), lint(template)) == ([], [])
    data = only(template, "AWS::APS::RuleGroupsNamespace")["Properties"]["Data"]
    assert yaml.safe_load(data) == written()


def test_a_rule_that_uses_an_average_comes_after_it_in_its_group() -> None:
    for group in RULES:
        recorded: set[str] = set()
        for rule in group["rules"]:
            assert set(re.findall(r"workspace:\w+:avg", rule["expr"])) <= recorded
            recorded.add(rule.get("record", ""))


def test_every_alert_says_what_is_wrong_and_how_bad_it_is() -> None:
    alerts = [rule for group in RULES for rule in group["rules"] if "alert" in rule]
    assert all({"summary", "description"} == set(alert["annotations"]) for alert in alerts)
    assert {alert["labels"]["severity"] for alert in alerts} == {"critical", "warning"}


# As Prometheus understands them


def written() -> dict[str, Any]:
    """The rules as a file of Prometheus."""
    found: dict[str, Any] = json.loads(json.dumps({"groups": RULES}))
    return found


def promtool(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    tool = PrometheusService.fetch().with_name("promtool")
    return subprocess.run([str(tool), *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def play(folder: Path, *, series: dict[str, str], **expected: Any) -> None:
    """Play series, a value each minute, and compare what the rules make of them."""
    (folder / "rules.yml").write_text(yaml.safe_dump(written()))
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        **expected,
    }
    (folder / "test.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": [test]}))
    done = promtool("test", "rules", "test.yml", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def alert(name: str, *, at: str, fires: bool, **labels: str) -> dict[str, Any]:
    (rule,) = [rule for group in RULES for rule in group["rules"] if rule.get("alert") == name]
    annotations = rule["annotations"] | {
        "description": rule["annotations"]["description"].replace("{{ $value | humanizePercentage }}", "95%")
    }
    fired = {"exp_labels": rule["labels"] | labels, "exp_annotations": annotations}
    return {"eval_time": at, "alertname": name, "exp_alerts": [fired] if fires else []}


@pytest.mark.integration
def test_prometheus_understands_the_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(written()))
    done = promtool("check", "rules", "rules.yml", folder=tmp_path)
    assert (done.returncode, "5 rules found" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.integration
def test_prometheus_understands_every_expression_of_the_dashboard(panels: list[dict[str, Any]], tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{panel['id']}:{number}", "expr": expression.replace("$instance", "1|2")}
        for panel in panels
        for number, expression in enumerate(expressions(panel))
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = promtool("check", "rules", "rules.yml", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.integration
@pytest.mark.parametrize("metric", METRICS)
def test_the_average_is_that_of_all_instances(tmp_path: Path, metric: str) -> None:
    expected = [{"labels": average(metric), "value": 0.5}]
    play(
        tmp_path,
        series={f'{metric}{{{INSTANCE}="1"}}': "0.25+0x10", f'{metric}{{{INSTANCE}="2"}}': "0.75+0x10"},
        promql_expr_test=[{"expr": average(metric), "eval_time": "5m", "exp_samples": expected}],
    )


@pytest.mark.integration
def test_an_average_cpu_above_nine_tenths_alerts_after_ten_minutes(tmp_path: Path) -> None:
    play(
        tmp_path,
        series={f'CPU{{{INSTANCE}="1"}}': "0.9+0x20", f'CPU{{{INSTANCE}="2"}}': "1+0x20"},
        alert_rule_test=[
            alert("CPUAverageHigh", at="9m", fires=False),
            alert("CPUAverageHigh", at="10m", fires=True),
        ],
    )


@pytest.mark.integration
def test_one_busy_instance_among_idle_ones_is_no_alert(tmp_path: Path) -> None:
    play(
        tmp_path,
        series={f'CPU{{{INSTANCE}="1"}}': "1+0x20", f'CPU{{{INSTANCE}="2"}}': "0.5+0x20"},
        alert_rule_test=[alert("CPUAverageHigh", at="15m", fires=False)],
    )


@pytest.mark.integration
@pytest.mark.parametrize("metric", METRICS)
def test_five_minutes_without_a_sample_are_an_alert(tmp_path: Path, metric: str) -> None:
    play(
        tmp_path,
        series={f'{metric}{{{INSTANCE}="1"}}': "0.5+0x2"},
        alert_rule_test=[
            alert(f"{metric}SamplesMissing", at="6m", fires=False),
            alert(f"{metric}SamplesMissing", at="8m", fires=True),
        ],
    )
