"""The streaming ETL's dashboard: trips from their source through the job into each sink."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch

from dashboards import widgets
from dashboards.replay import graphs
from dashboards.scenario import ScenarioDashboard
from dashboards.search import SearchMetrics
from dashboards.widgets import Graph
from flink_apps.streaming_etl.metrics import DEAD_LETTER_COUNT
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster


@dataclass(frozen=True, kw_only=True)
class ArchiveMetrics:
    """Request metrics of an S3 bucket; the graph shows their rates."""

    put_requests: cloudwatch.Metric
    bytes_uploaded: cloudwatch.Metric


#: The heading of the dashboard.
TITLE = "Streaming ETL"


def add_sections(
    dashboard: ScenarioDashboard,
    *,
    application: FlinkApplication,
    replay: FlinkApplication | None = None,
    source_stream: DataStream | None = None,
    source_cluster: KafkaCluster | None = None,
    sink_stream: DataStream | None = None,
    sink_cluster: KafkaCluster | None = None,
    archive: ArchiveMetrics | None = None,
    search: SearchMetrics | None = None,
) -> None:
    """Add sections about the source, the job and the sinks; absent parts have no graphs.

    Args:
        dashboard: Gets the sections, from top to bottom.
        application: The job.
        replay: The application that replays trips into the source. Default: none.
        source_stream: The stream that the job reads. Default: none.
        source_cluster: The Kafka cluster that the job reads. Default: none.
        sink_stream: The stream that the job writes. Default: none.
        sink_cluster: The Kafka cluster that the job writes; if it is the source's, its graphs are shown once.
            Default: none.
        archive: Metrics of the bucket that the job writes. Default: none.
        search: Metrics of the search domain that the job writes. Default: none.

    """
    dashboard.add_section("Source", _source(application, stream=source_stream, cluster=source_cluster))
    dashboard.add_application(application, more=[widgets.dead_letters(application, DEAD_LETTER_COUNT)])
    if sink_cluster is source_cluster:
        sink_cluster = None
    dashboard.add_section("Sinks", _sinks(stream=sink_stream, cluster=sink_cluster, archive=archive, search=search))
    if replay is not None:
        dashboard.add_application(replay, title="Replay", more=graphs(replay))


def _source(application: FlinkApplication, *, stream: DataStream | None, cluster: KafkaCluster | None) -> list[Graph]:
    graphs: list[Graph] = []
    if stream is not None:
        graphs += [
            widgets.stream_writes(stream, title="Source stream"),
            widgets.stream_bytes(stream, title="Source stream"),
            widgets.stream_lag(application, stream),
        ]
    if cluster is not None:
        graphs += [widgets.kafka_messages(cluster), widgets.kafka_bytes(cluster), widgets.topic_lag(application)]
    return graphs


def _sinks(
    *,
    stream: DataStream | None,
    cluster: KafkaCluster | None,
    archive: ArchiveMetrics | None,
    search: SearchMetrics | None,
) -> list[Graph]:
    graphs: list[Graph] = []
    if stream is not None:
        graphs += [
            widgets.stream_writes(stream, title="Sink stream"),
            widgets.stream_bytes(stream, title="Sink stream"),
        ]
    if cluster is not None:
        graphs += [widgets.kafka_messages(cluster), widgets.kafka_bytes(cluster)]
    if archive is not None:
        graphs.append(widgets.archive_writes(archive.put_requests, archive.bytes_uploaded))
    if search is not None:
        graphs += search.graphs()
    return graphs
