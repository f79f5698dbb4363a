"""The data generator's dashboard: what is generated, and what of it arrives in Kafka and in Kinesis."""

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
    """Add the generator, its sinks and the application; there is a graph for what there is.

    Args:
        dashboard: What they are added to, from top to bottom.
        application: The job.
        cluster: The Kafka cluster that the job writes. Default: none.
        stream: The stream that the job writes. Default: none.
        target_records_per_second: Where the graph of the rate has a line. Default: it has none.

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
    """Records that all subtasks together generate in a second: the mean of one, times how many there are."""
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
    """Records since the start: over a minute, the sum of all subtasks' four reports, by four."""
    return Graph(
        title="Generated since the start (records)",
        left=[metric_math.total(application, RECORD_COUNT_METRIC, label="generated")],
    )


def _generated_rate(application: FlinkApplication, target: float | None) -> Graph:
    return Graph(title="Generated (records/s)", left=[generated_rate(application)], limit=target, limit_label="target")
