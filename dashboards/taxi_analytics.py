"""The taxi analytics' dashboard: trips from their producer through the stream and the job into the indices."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch

from dashboards import widgets
from dashboards.replay import graphs
from dashboards.scenario import ScenarioDashboard
from dashboards.search import SearchMetrics
from dashboards.widgets import Graph
from flink_apps.taxi_analytics.metrics import DEAD_LETTER_COUNT, LATE_TRIPS, OUTSIDE_NEW_YORK
from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream

#: The heading of the dashboard.
TITLE = "Taxi analytics"


def add_sections(
    dashboard: ScenarioDashboard,
    *,
    application: FlinkApplication,
    stream: DataStream,
    replay: FlinkApplication | None = None,
    search: SearchMetrics | None = None,
    archive_behind: cloudwatch.Metric | None = None,
) -> None:
    """Add sections about the stream, the job and the domain; absent parts have no graphs.

    Args:
        dashboard: Gets the sections, from top to bottom.
        application: The job.
        stream: The stream that the job reads.
        replay: The application that replays trips into the stream. Default: none.
        search: Metrics of the domain that the job writes. Default: none.
        archive_behind: How far the archive of the stream is behind, in seconds. Default: none.

    """
    source = [
        widgets.stream_writes(stream, title="Stream"),
        widgets.stream_bytes(stream, title="Stream"),
        widgets.stream_lag(application, stream),
    ]
    if archive_behind is not None:
        source.append(Graph(title="Archive: oldest record not yet in S3 (seconds)", left=[archive_behind]))
    dashboard.add_section("Stream", source)
    dashboard.add_application(
        application, more=[widgets.dead_letters(application, DEAD_LETTER_COUNT), _left_out(application)]
    )
    if search is not None:
        dashboard.add_section("OpenSearch", search.graphs())
    if replay is not None:
        dashboard.add_application(replay, title="Replay", more=graphs(replay))


def _left_out(application: FlinkApplication) -> Graph:
    """Trips that do not count."""
    return Graph(
        title="Late trips, and trips outside New York (in 5 minutes)",
        left=[
            metric_math.total_increase(application, LATE_TRIPS),
            metric_math.total_increase(application, OUTSIDE_NEW_YORK),
        ],
    )
