from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Stack

from dashboards import prometheus_metrics
from flink_apps.prometheus_metrics import metrics
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from tests.constructs.checks import CONCRETE, new_stack
from tests.constructs.fake_bundle import new_bundle
from tests.dashboards.bodies import add_dashboard, by_label, graphs, headings, identifiers, lines

REMOTE_WRITE = {
    "Samples (in 5 minutes)": {
        "generated": metrics.GENERATED_SAMPLES,
        "accepted by Prometheus": metrics.SAMPLES_OUT,
    },
    "Write requests and retries (in 5 minutes)": {
        "accepted": metrics.REQUESTS_OUT,
        "retries": metrics.RETRIES,
        "given up": metrics.REQUESTS_FAILED,
    },
    "Dropped and refused samples (in 5 minutes)": {
        "dropped": metrics.SAMPLES_DROPPED,
        "refused, perhaps stored": metrics.SAMPLES_PERHAPS_STORED,
        "refused by Prometheus": metrics.SAMPLES_REFUSED,
        "retries used up": metrics.SAMPLES_EXHAUSTED,
    },
}
JOB = [
    "Uptime (hours) and downtime (seconds)",
    "Full restarts and failed checkpoints (in 5 minutes)",
    "Last checkpoint: duration (seconds) and size (MB)",
    "CPU and memory of the fullest TaskManager (%)",
    "Records in and out, summed over the operators (records/s)",
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """It is looked at, not changed."""
    stack = new_stack(CONCRETE)
    application = FlinkApplication(
        stack,
        "Flink",
        code=ApplicationCode.from_bundle(new_bundle(tmp_path_factory.mktemp("job"))),
        property_groups={},
        start=False,
    )
    alarms = ApplicationAlarms(stack, "Alarms", application=application)
    add_dashboard(stack, prometheus_metrics, application=application, alarms=alarms)
    return stack


def test_it_shows_the_way_of_the_samples_and_the_job(stack: Stack) -> None:
    assert headings(stack) == ["# Prometheus metrics", "## Remote write", "## Application"]
    assert list(graphs(stack)) == [*REMOTE_WRITE, *JOB]


@pytest.mark.parametrize("title", REMOTE_WRITE)
def test_each_line_is_of_the_jobs_own_metric(stack: Stack, title: str) -> None:
    graph = graphs(stack)[title]
    assert {label: counter_of(graph, label) for label in by_label(graph)} == REMOTE_WRITE[title]


def counter_of(graph: dict[str, Any], label: str) -> str:
    """The one metric that a line is made of, through all its expressions."""
    by_id = {line.options.get("id"): line for line in lines(graph)}
    wanted, found = [by_label(graph)[label]], set()
    while wanted:
        line = wanted.pop()
        if line.namespace is None:
            wanted += [by_id[name] for name in identifiers(line.name) if name in by_id]
        else:
            found.add(line.name)
    [name] = found
    return name
