"""The data generator's dashboard: records generated, and records that arrive in Kafka and Kinesis."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch

from dashboards import widgets
from dashboards.scenario import ScenarioDashboard
from dashboards.widgets import Graph
from flink_apps.data_generator.metrics import PARALLELISM_METRIC, RECORD_COUNT_METRIC, RECORD_RATE_METRIC
from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster

#: The heading of the dashboard.
TITLE = "Data generator"


def add_sections(
    dashboard: ScenarioDashboard,
    *,
    application: FlinkApplication,
    cluster: KafkaCluster | None = None,
    stream: DataStream | None = None,
    target_records_per_second: float | None = None,
) -> None:
    """Add sections about the generator, its sinks and the application; absent parts have no graphs.

    Args:
        dashboard: Gets the sections, from top to bottom.
        application: The job.
        cluster: The Kafka cluster that the job writes. Default: none.
        stream: The stream that the job writes. Default: none.
        target_records_per_second: The line in the graph of the rate. Default: no line.

    """
    dashboard.add_section(
        "Data generator", [_generated(application), _generated_rate(application, target_records_per_second)]
    )
    if cluster is not None:
        dashboard.add_section("Kafka output", [widgets.kafka_bytes(cluster), widgets.kafka_messages(cluster)])
    if stream is not None:
        dashboard.add_section(
            "Kinesis output",
            [widgets.stream_writes(stream, title="Stream"), widgets.stream_bytes(stream, title="Stream")],
        )
    dashboard.add_application(application)


def generated_rate(application: FlinkApplication) -> cloudwatch.MathExpression:
    """Records per second of all subtasks together: the mean of a subtask, times the parallelism."""
    return cloudwatch.MathExpression(
        expression="rate * parallelism",
        using_metrics={
            "rate": application.metric(RECORD_RATE_METRIC),
            "parallelism": application.metric(PARALLELISM_METRIC),
        },
        period=widgets.MINUTE,
        label="generated",
    )


def _generated(application: FlinkApplication) -> Graph:
    """Records since the start: all subtasks' reports of a minute added up, divided by 4 reports per subtask."""
    return Graph(
        title="Generated since the start (records)",
        left=[metric_math.total(application, RECORD_COUNT_METRIC, label="generated")],
    )


def _generated_rate(application: FlinkApplication, target: float | None) -> Graph:
    return Graph(title="Generated (records/s)", left=[generated_rate(application)], limit=target, limit_label="target")
