from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Duration, Environment, Stack
from aws_cdk import aws_cloudwatch as cloudwatch

from dashboards import streaming_etl
from dashboards.search import SearchMetrics
from dashboards.streaming_etl import ArchiveMetrics
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication, MetricsLevel
from flink_constructs.application_code import ApplicationCode
from flink_constructs.bundle import JobBundle
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import Network
from tests.constructs.checks import AGNOSTIC, CONCRETE, new_stack
from tests.constructs.fake_bundle import new_bundle
from tests.dashboards.bodies import add_dashboard, body, graphs, headings, lines

JOB = [
    "Uptime (hours) and downtime (seconds)",
    "Full restarts and failed checkpoints (in 5 minutes)",
    "Last checkpoint: duration (seconds) and size (MB)",
    "CPU and memory of the fullest TaskManager (%)",
    "Records in and out, summed over the operators (records/s)",
    "Dead letters (records in 5 minutes)",
]
TASKS = "Time of the busiest, the most backpressured and the most idle task (ms/s)"
KAFKA = ["Kafka: written to each broker (records/s)", "Kafka: written to each broker (bytes/s)"]
LAGS = [
    "Behind the head of the stream (seconds) and refused reads (calls/min)",
    "Behind the end of the topic, at most (records)",
]
S3 = "S3: PUT requests (per second) and uploads (MB/s)"

#: The dimensions of every namespace that a graph may name, beside SEARCH and SELECT.
DIMENSIONS = {
    "AWS/KinesisAnalytics": [{"Application"}, {"Application", "Stream"}],
    "AWS/Kinesis": [{"StreamName"}],
    "AWS/S3": [{"BucketName", "FilterId"}],
    "AWS/ES": [{"ClientId", "DomainName"}],
}


def stream_of(stack: Stack, name: str) -> DataStream:
    return DataStream(stack, name)


def cluster_of(stack: Stack, name: str = "Kafka") -> KafkaCluster:
    network = Network(stack, f"{name}Network")
    return KafkaCluster(stack, name, vpc=network.vpc, subnets=network.subnets)


def archive_of(_: Stack) -> ArchiveMetrics:
    puts, uploads = (
        cloudwatch.Metric(
            namespace="AWS/S3",
            metric_name=name,
            dimensions_map={"BucketName": "trips", "FilterId": "EntireBucket"},
            statistic="Sum",
            period=Duration.minutes(1),
        )
        for name in ("PutRequests", "BytesUploaded")
    )
    return ArchiveMetrics(put_requests=puts, bytes_uploaded=uploads)


def search_metric(name: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/ES", metric_name=name, dimensions_map={"ClientId": "123456789012", "DomainName": "trips"}
    )


def search_of(_: Stack) -> SearchMetrics:
    return SearchMetrics(
        indexing=[search_metric("IndexingRate")],
        latency=[search_metric("IndexingLatency")],
        errors=[search_metric("4xx"), search_metric("5xx")],
        state=[search_metric("ClusterStatus.red"), search_metric("ClusterStatus.yellow")],
        load=[search_metric("CPUUtilization"), search_metric("JVMMemoryPressure")],
        free_storage=[search_metric("FreeStorageSpace")],
    )


PARTS: dict[str, Callable[[Stack], Any]] = {
    "source_stream": lambda stack: stream_of(stack, "Source"),
    "source_cluster": cluster_of,
    "sink_stream": lambda stack: stream_of(stack, "Sink"),
    "sink_cluster": cluster_of,
    "archive": archive_of,
    "search": search_of,
}

Make = Callable[..., Stack]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> JobBundle:
    return new_bundle(tmp_path_factory.mktemp("job"))


@pytest.fixture
def make(bundle: JobBundle) -> Make:
    """Makes a stack with the dashboard of a job, and of the named parts beside it."""

    def stack_with(*parts: str, env: Environment | None = AGNOSTIC, alarms: bool = False, **arguments: Any) -> Stack:
        stack = new_stack(env)
        application = application_of(stack, bundle, "Flink", **arguments)
        made = {part: PARTS[part](stack) for part in parts}
        if alarms:
            made["alarms"] = ApplicationAlarms(stack, "Alarms", application=application)
            made["alarms"].dead_letters("deadLetterCount")
        add_dashboard(stack, streaming_etl, application=application, **made)
        return stack

    return stack_with


def application_of(stack: Stack, bundle: JobBundle, name: str, **arguments: Any) -> FlinkApplication:
    groups = {"FlinkApplicationProperties": {"a": "b"}}
    return FlinkApplication(
        stack, name, code=ApplicationCode.from_bundle(bundle), property_groups=groups, start=False, **arguments
    )


@pytest.fixture(scope="module")
def everything(bundle: JobBundle) -> Stack:
    """A stack with the dashboard of all that there can be; it is looked at, not changed."""
    stack = new_stack(CONCRETE)
    application = application_of(stack, bundle, "Flink", metrics_level=MetricsLevel.OPERATOR)
    source = stream_of(stack, "Source")
    alarms = ApplicationAlarms(stack, "Alarms", application=application, source_stream=source)
    alarms.dead_letters("deadLetterCount")
    add_dashboard(
        stack,
        streaming_etl,
        application=application,
        alarms=alarms,
        source_stream=source,
        sink_stream=stream_of(stack, "Sink"),
        sink_cluster=cluster_of(stack),
        archive=archive_of(stack),
        search=search_of(stack),
    )
    return stack


def test_a_job_alone_has_graphs_of_its_own(make: Make) -> None:
    stack = make()
    assert list(graphs(stack)) == JOB
    assert headings(stack) == ["# Streaming ETL", "## Application"]


@pytest.mark.parametrize("level", [MetricsLevel.TASK, MetricsLevel.OPERATOR, MetricsLevel.PARALLELISM])
def test_the_time_of_tasks_is_there_where_tasks_report(make: Make, level: MetricsLevel) -> None:
    assert list(graphs(make(metrics_level=level))) == [*JOB[:5], TASKS, JOB[5]]


@pytest.mark.parametrize(
    ("part", "heading", "added"),
    [
        (
            "source_stream",
            "## Source",
            [
                "Source stream: written (records/s) and throttled (records/min)",
                "Source stream: written (MB/s)",
                LAGS[0],
            ],
        ),
        ("source_cluster", "## Source", [*KAFKA, LAGS[1]]),
        (
            "sink_stream",
            "## Sinks",
            ["Sink stream: written (records/s) and throttled (records/min)", "Sink stream: written (MB/s)"],
        ),
        ("sink_cluster", "## Sinks", KAFKA),
        ("archive", "## Sinks", [S3]),
        (
            "search",
            "## Sinks",
            [
                "Search: documents indexed (per minute)",
                "Search: latency (ms)",
                "Search: errors (requests in 5 minutes)",
                "Search: state (1 is trouble)",
                "Search: CPU and JVM memory (%)",
                "Search: free disk of the fullest node (MiB)",
            ],
        ),
    ],
)
def test_a_part_adds_its_graphs(make: Make, part: str, heading: str, added: list[str]) -> None:
    stack = make(part)
    titles = list(graphs(stack))
    assert titles == ([*added, *JOB] if heading == "## Source" else [*JOB, *added])
    assert heading in headings(stack)


def test_graphs_of_search_without_lines_are_left_out(bundle: JobBundle) -> None:
    stack = new_stack()
    application = application_of(stack, bundle, "Flink")
    search = SearchMetrics(latency=[search_metric("IndexingLatency")])
    add_dashboard(stack, streaming_etl, application=application, search=search)
    assert list(graphs(stack)) == [*JOB, "Search: latency (ms)"]


def test_a_cluster_that_is_source_and_sink_is_there_once(bundle: JobBundle) -> None:
    stack = new_stack()
    cluster = cluster_of(stack)
    application = application_of(stack, bundle, "Flink")
    add_dashboard(stack, streaming_etl, application=application, source_cluster=cluster, sink_cluster=cluster)
    assert list(graphs(stack)) == [*KAFKA, LAGS[1], *JOB]
    assert headings(stack) == ["# Streaming ETL", "## Source", "## Application"]


def test_a_replay_has_a_section_with_its_progress(bundle: JobBundle) -> None:
    stack = new_stack()
    application, replay = (application_of(stack, bundle, name) for name in ("Flink", "Replay"))
    add_dashboard(stack, streaming_etl, application=application, replay=replay)
    assert headings(stack)[-1] == "## Replay"
    titles = [widget["properties"]["title"] for widget in body(stack)["widgets"] if widget["type"] == "metric"]
    assert titles == [
        *JOB,
        *JOB[:5],
        "Replayed (events/s) and behind schedule (seconds)",
        "Unread files, gaps, trips out of order or without a time (since the replay's start)",
    ]
    names = [
        {line.dimensions["Application"] for line in lines(widget["properties"]) if line.dimensions}
        for widget in body(stack)["widgets"]
        if widget["type"] == "metric"
    ]
    jobs = [{f"<{stack.get_logical_id(job.application)}>"} for job in (application, replay)]
    assert names == [jobs[0]] * 6 + [jobs[1]] * 7


def test_every_metric_has_the_dimensions_of_its_namespace(everything: Stack) -> None:
    metrics = [line for graph in graphs(everything).values() for line in lines(graph) if line.namespace]
    for metric in metrics:
        assert metric.namespace is not None
        assert set(metric.dimensions) in DIMENSIONS[metric.namespace], metric
    assert {metric.namespace for metric in metrics} == set(DIMENSIONS)
