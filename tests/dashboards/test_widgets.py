from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch

from dashboards import widgets
from dashboards.widgets import Graph
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.bundle import JobBundle
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import Network
from tests.constructs.checks import new_stack
from tests.constructs.fake_bundle import new_bundle
from tests.dashboards.bodies import by_label, graphs, lines


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> JobBundle:
    return new_bundle(tmp_path_factory.mktemp("job"))


@pytest.fixture
def application(bundle: JobBundle) -> FlinkApplication:
    return FlinkApplication(
        new_stack(), "Flink", code=ApplicationCode.from_bundle(bundle), property_groups={"A": {"b": "c"}}, start=False
    )


@pytest.fixture
def stream(application: FlinkApplication) -> DataStream:
    return DataStream(Stack.of(application), "Stream")


@pytest.fixture
def cluster(application: FlinkApplication) -> KafkaCluster:
    network = Network(Stack.of(application), "Network")
    return KafkaCluster(Stack.of(application), "Kafka", vpc=network.vpc, subnets=network.subnets, cluster_name="trips")


def drawn(application: FlinkApplication, graph: Graph) -> dict[str, Any]:
    """The graph as the only one of a dashboard."""
    stack = Stack.of(application)
    cloudwatch.Dashboard(stack, "Dashboard").add_widgets(graph.widget(width=8))
    [(title, found)] = graphs(stack).items()
    assert title == graph.title
    return found


def name_of(application: FlinkApplication) -> str:
    return f"<{Stack.of(application).get_logical_id(application.application)}>"


def test_uptime_is_in_hours_and_downtime_in_seconds(application: FlinkApplication) -> None:
    graph = drawn(application, widgets.uptime(application))
    shown = by_label(graph)
    assert shown["uptime"].name == "value_uptime / 3600000"
    assert shown["downtime"].name == "value_downtime / 1000"
    assert shown["downtime"].options["yAxis"] == "right"


def test_failures_are_increases_over_five_minutes(application: FlinkApplication) -> None:
    graph = drawn(application, widgets.failures(application))
    assert {label: line.name for label, line in by_label(graph).items()} == {
        "full restarts": "IF(DIFF(count_fullRestarts) > 0, DIFF(count_fullRestarts), 0)",
        "failed checkpoints": "IF(DIFF(count_numberOfFailedCheckpoints) > 0, DIFF(count_numberOfFailedCheckpoints), 0)",
    }
    # Five minutes are what CloudWatch takes where neither a line nor the graph says a period.
    assert "period" not in graph
    assert all("period" not in line.options for line in lines(graph))


def test_checkpoints_are_in_seconds_and_megabytes(application: FlinkApplication) -> None:
    shown = by_label(drawn(application, widgets.checkpoints(application)))
    assert shown["duration"].name == "value_lastCheckpointDuration / 1000"
    assert shown["size"].name == "value_lastCheckpointSize / 1000000"


def test_utilization_has_a_line_at_90_percent(application: FlinkApplication) -> None:
    graph = drawn(application, widgets.utilization(application))
    assert graph["annotations"]["horizontal"] == [{"value": 90, "yAxis": "left"}]
    assert graph["yAxis"]["left"] == {"min": 0, "max": 100, "showUnits": False}
    assert [(line.name, line.options["stat"]) for line in lines(graph)] == [
        ("containerCPUUtilization", "Maximum"),
        ("containerMemoryUtilization", "Maximum"),
        ("heapMemoryUtilization", "Maximum"),
    ]


def test_throughput_is_the_sum_of_all_subtasks(application: FlinkApplication) -> None:
    shown = by_label(drawn(application, widgets.throughput(application)))
    for label, name in (("in", "numRecordsInPerSecond"), ("out", "numRecordsOutPerSecond")):
        assert shown[label].name == f"mean_{name} * FLOOR(samples_{name} * 15 / PERIOD(samples_{name}) + 0.5)"
        assert shown[label].options["period"] == 60


def test_the_time_of_tasks_is_searched_among_the_tasks_of_the_application(application: FlinkApplication) -> None:
    graph = drawn(application, widgets.task_time(application))
    name = name_of(application)
    assert {label: line.name for label, line in by_label(graph).items()} == {
        label: f'MAX(SEARCH(\'{{AWS/KinesisAnalytics,Application,Task}} MetricName="{metric}" '
        f"Application=\"{name}\"', 'Average', 60))"
        for label, metric in (
            ("busy", "busyTimeMsPerSecond"),
            ("backpressured", "backPressuredTimeMsPerSecond"),
            ("idle", "idleTimeMsPerSecond"),
        )
    }
    assert graph["yAxis"]["left"]["max"] == 1_000


def test_what_is_written_to_a_stream_is_per_second(application: FlinkApplication, stream: DataStream) -> None:
    graph = drawn(application, widgets.stream_writes(stream, title="Trips"))
    shown = by_label(graph)
    assert graph["title"] == "Trips: written (records/s) and throttled (records/min)"
    assert shown["written"].name == "value_IncomingRecords / PERIOD(value_IncomingRecords)"
    assert shown["throttled in PutRecords"].name == "PutRecords.ThrottledRecords"
    assert shown["write throughput exceeded"].name == "WriteProvisionedThroughputExceeded"
    assert {line.options["stat"] for line in lines(graph) if line.namespace} == {"Sum"}
    assert {line.options["period"] for line in lines(graph)} == {60}


def test_bytes_written_to_a_stream_are_megabytes_per_second(application: FlinkApplication, stream: DataStream) -> None:
    [written] = by_label(drawn(application, widgets.stream_bytes(stream, title="Trips"))).values()
    assert written.name == "value_IncomingBytes / PERIOD(value_IncomingBytes) / 1000000"


def test_the_lag_in_a_stream_is_what_the_job_and_what_the_stream_say(
    application: FlinkApplication, stream: DataStream
) -> None:
    graph = drawn(application, widgets.stream_lag(application, stream))
    name = f"<{Stack.of(stream).resolve(stream.stream_name)['Ref']}>"
    metrics = {line.name: line for line in lines(graph) if line.namespace}
    assert metrics["millisBehindLatest"].dimensions == {
        "Application": name_of(application),
        "Stream": name,
    }
    assert metrics["GetRecords.IteratorAgeMilliseconds"].dimensions == {"StreamName": name}
    assert metrics["ReadProvisionedThroughputExceeded"].options["yAxis"] == "right"
    assert by_label(graph)["millisBehindLatest"].name == "value_millisBehindLatest / 1000"
    assert graph["annotations"]["horizontal"] == [{"value": 60, "yAxis": "left"}]


def test_the_lag_in_a_topic_is_the_largest_of_the_partitions(application: FlinkApplication) -> None:
    [lag] = lines(drawn(application, widgets.topic_lag(application)))
    query = f"SELECT MAX(records_lag_max) FROM \"AWS/KinesisAnalytics\" WHERE Application = '{name_of(application)}'"  # noqa: S608 - metrics, no database
    assert lag.name == query


@pytest.mark.parametrize(
    ("graph", "metric"), [(widgets.kafka_bytes, "BytesInPerSec"), (widgets.kafka_messages, "MessagesInPerSec")]
)
def test_kafka_has_a_line_for_each_broker_that_there_is(
    application: FlinkApplication, cluster: KafkaCluster, graph: Any, metric: str
) -> None:
    [line] = lines(drawn(application, graph(cluster)))
    assert line.name == (
        f'SEARCH(\'{{AWS/Kafka,"Broker ID","Cluster Name"}} MetricName="{metric}" '
        '"Cluster Name"="trips"\', \'Average\', 60)'
    )
    assert line.options["label"] == "broker ${PROP('Dim.Broker ID')}"


def test_an_archive_has_rates_of_its_sums(application: FlinkApplication) -> None:
    puts, uploads = (
        cloudwatch.Metric(namespace="AWS/S3", metric_name=name) for name in ("PutRequests", "BytesUploaded")
    )
    graph = drawn(application, widgets.archive_writes(puts, uploads))
    shown = by_label(graph)
    assert shown["PUT requests"].name == "value_PutRequests / PERIOD(value_PutRequests)"
    assert shown["uploads"].name == "value_BytesUploaded / PERIOD(value_BytesUploaded) / 1000000"
    assert shown["uploads"].options["yAxis"] == "right"
    sums = [line for line in lines(graph) if line.namespace]
    assert [(line.options["stat"], line.options["period"]) for line in sums] == [("Sum", 60), ("Sum", 60)]


def test_dead_letters_are_the_increase_of_the_jobs_counter(application: FlinkApplication) -> None:
    graph = drawn(application, widgets.dead_letters(application, "deadLetterCount"))
    [shown] = by_label(graph).values()
    assert shown.name == "IF(DIFF(count_deadLetterCount) > 0, DIFF(count_deadLetterCount), 0)"
    assert all("period" not in line.options for line in lines(graph))


def test_a_replay_has_its_rate_and_its_lag_in_seconds(application: FlinkApplication) -> None:
    graph = drawn(application, widgets.replayed(application, rate="eventRate", lag_millis="lagMillis"))
    shown = by_label(graph)
    assert shown["replayed"].name.startswith("mean_eventRate * ")
    assert shown["behind schedule"].name == "value_lagMillis / 1000"
    [lag] = [line for line in lines(graph) if line.name == "lagMillis"]
    assert lag.options["stat"] == "Maximum"


def test_a_replay_has_what_was_amiss_since_its_start(application: FlinkApplication) -> None:
    names = {"unread_files": "files", "gaps": "gaps", "out_of_order": "late", "untimed": "untimed"}
    shown = lines(drawn(application, widgets.replay_amiss(application, **names)))
    assert [line.name for line in shown] == list(names.values())
    assert {line.options["stat"] for line in shown} == {"Maximum"}
