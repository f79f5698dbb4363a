from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Environment, Stack

from dashboards import data_generator
from flink_apps.data_generator.metrics import PARALLELISM_METRIC, RECORD_COUNT_METRIC, RECORD_RATE_METRIC
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication, MetricsLevel
from flink_constructs.application_code import ApplicationCode
from flink_constructs.bundle import JobBundle
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import Network
from tests.constructs.checks import AGNOSTIC, CONCRETE, new_stack
from tests.constructs.fake_bundle import new_bundle
from tests.dashboards.bodies import Line, add_dashboard, by_label, graphs, headings, lines

COUNT = "Generated since the start (records)"
RATE = "Generated (records/s)"
KAFKA = ["Kafka: written to each broker (bytes/s)", "Kafka: written to each broker (records/s)"]
KINESIS = ["Stream: written (records/s) and throttled (records/min)", "Stream: written (MB/s)"]
UTILIZATION = "CPU and memory of the fullest TaskManager (%)"
TASKS = "Time of the busiest, the most backpressured and the most idle task (ms/s)"
APPLICATION = [
    "Uptime (hours) and downtime (seconds)",
    "Full restarts and failed checkpoints (in 5 minutes)",
    "Last checkpoint: duration (seconds) and size (MB)",
    UTILIZATION,
    "Records in and out, summed over the operators (records/s)",
    TASKS,
]
#: The three layouts: the sinks, and what is shown of them.
LAYOUTS = {
    "both sinks": (
        ("cluster", "stream"),
        ["## Data generator", "## Kafka output", "## Kinesis output", "## Application"],
        [COUNT, RATE, *KAFKA, *KINESIS, *APPLICATION],
    ),
    "Kafka only": (
        ("cluster",),
        ["## Data generator", "## Kafka output", "## Application"],
        [COUNT, RATE, *KAFKA, *APPLICATION],
    ),
    "Kinesis only": (
        ("stream",),
        ["## Data generator", "## Kinesis output", "## Application"],
        [COUNT, RATE, *KINESIS, *APPLICATION],
    ),
}
#: The dimensions of every metric that is shown without a search.
DIMENSIONS = {"AWS/KinesisAnalytics": {"Application"}, "AWS/Kinesis": {"StreamName"}}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> JobBundle:
    return new_bundle(tmp_path_factory.mktemp("job"))


def stack_with(
    bundle: JobBundle, *sinks: str, brokers: int = 2, env: Environment | None = AGNOSTIC, **arguments: Any
) -> Stack:
    """A stack with the dashboard of a generator, its alarms, and the named sinks."""
    stack = new_stack(env)
    application = FlinkApplication(
        stack,
        "Flink",
        code=ApplicationCode.from_bundle(bundle),
        property_groups={"DataGen": {"records.per.second": "10"}},
        metrics_level=MetricsLevel.TASK,
        start=False,
    )
    made: dict[str, Any] = {}
    if "stream" in sinks:
        made["stream"] = DataStream(stack, "Stream")
    if "cluster" in sinks:
        network = Network(stack, "Network")
        made["cluster"] = KafkaCluster(
            stack,
            "Kafka",
            vpc=network.vpc,
            subnets=network.subnets,
            cluster_name="prices",
            number_of_brokers=brokers,
        )
    alarms = ApplicationAlarms(stack, "Alarms", application=application)
    add_dashboard(stack, data_generator, application=application, alarms=alarms, **made, **arguments)
    return stack


@pytest.fixture(scope="module")
def layouts(bundle: JobBundle) -> dict[str, Stack]:
    """A stack for each layout; they are looked at, not changed."""
    return {name: stack_with(bundle, *sinks, env=CONCRETE) for name, (sinks, _, _) in LAYOUTS.items()}


@pytest.fixture
def both(layouts: dict[str, Stack]) -> Stack:
    return layouts["both sinks"]


def shown(stack: Stack, title: str) -> dict[str, Line]:
    return by_label(graphs(stack)[title])


def reported(stack: Stack, title: str) -> list[tuple[str, str, str, int]]:
    """Id, name, statistic and period of the metrics of a graph; a mean goes without saying."""
    return [
        (line.options["id"], line.name, line.options.get("stat", "Average"), line.options["period"])
        for line in lines(graphs(stack)[title])
        if line.namespace
    ]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_shows_the_generator_its_sinks_and_its_application(layouts: dict[str, Stack], name: str) -> None:
    _, sections, titles = LAYOUTS[name]
    assert headings(layouts[name]) == ["# Data generator", *sections]
    assert list(graphs(layouts[name])) == titles


def test_the_count_is_a_quarter_of_what_all_reports_of_a_minute_add_up_to(both: Stack) -> None:
    [line] = shown(both, COUNT).values()
    # SUM / 4, said with the mean and the number of those that report: see flink_constructs/metric_math.py.
    mean, samples = f"mean_{RECORD_COUNT_METRIC}", f"samples_{RECORD_COUNT_METRIC}"
    assert line.name == f"{mean} * FLOOR({samples} * 15 / PERIOD({samples}) + 0.5)"
    assert reported(both, COUNT) == [
        (mean, RECORD_COUNT_METRIC, "Average", 60),
        (samples, RECORD_COUNT_METRIC, "SampleCount", 60),
    ]


def test_the_rate_is_the_mean_of_a_subtask_times_how_many_there_are(both: Stack) -> None:
    [line] = shown(both, RATE).values()
    assert line.name == "rate * parallelism"
    assert reported(both, RATE) == [
        ("rate", RECORD_RATE_METRIC, "Average", 60),
        ("parallelism", PARALLELISM_METRIC, "Average", 60),
    ]


def test_the_target_is_a_line_in_the_graph_of_the_rate(bundle: JobBundle) -> None:
    graph = graphs(stack_with(bundle, target_records_per_second=64_000))[RATE]
    assert graph["annotations"] == {"horizontal": [{"value": 64_000, "label": "target", "yAxis": "left"}]}


def test_without_a_target_there_is_no_line(both: Stack) -> None:
    assert "annotations" not in graphs(both)[RATE]


@pytest.mark.parametrize("brokers", [2, 12])
@pytest.mark.parametrize(("title", "metric"), list(zip(KAFKA, ["BytesInPerSec", "MessagesInPerSec"], strict=True)))
def test_a_search_finds_every_broker_however_many_there_are(
    bundle: JobBundle, brokers: int, title: str, metric: str
) -> None:
    [line] = lines(graphs(stack_with(bundle, "cluster", brokers=brokers))[title])
    assert line.name == (
        f'SEARCH(\'{{AWS/Kafka,"Broker ID","Cluster Name"}} MetricName="{metric}" '
        '"Cluster Name"="prices"\', \'Average\', 60)'
    )


def test_kinesis_shows_records_a_second_and_what_it_refuses(both: Stack) -> None:
    found = shown(both, KINESIS[0])
    assert found["written"].name == "value_IncomingRecords / PERIOD(value_IncomingRecords)"
    assert {label: line.name for label, line in found.items() if line.namespace} == {
        "throttled in PutRecords": "PutRecords.ThrottledRecords",
        "write throughput exceeded": "WriteProvisionedThroughputExceeded",
    }


def test_cpu_and_memory_have_a_line_at_90_percent(both: Stack) -> None:
    assert graphs(both)[UTILIZATION]["annotations"]["horizontal"] == [{"value": 90, "yAxis": "left"}]
    assert {"containerCPUUtilization", "containerMemoryUtilization"} <= {
        line.name for line in shown(both, UTILIZATION).values()
    }


def test_tasks_are_busy_backpressured_or_idle(both: Stack) -> None:
    assert list(shown(both, TASKS)) == ["busy", "backpressured", "idle"]


def test_the_job_has_uptime_and_full_restarts(both: Stack) -> None:
    assert "uptime" in shown(both, APPLICATION[0])
    assert "full restarts" in shown(both, APPLICATION[1])


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_metric_has_the_dimensions_of_its_namespace(layouts: dict[str, Stack], name: str) -> None:
    for graph in graphs(layouts[name]).values():
        for line in lines(graph):
            assert line.namespace is None or set(line.dimensions) == DIMENSIONS[line.namespace], line
