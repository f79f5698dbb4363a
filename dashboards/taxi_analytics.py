"""The taxi analytics' dashboard: trips from their producer through the stream and the job into the indices."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from dashboards import widgets
from dashboards.scenario import ScenarioDashboard
from dashboards.search import SearchMetrics
from dashboards.widgets import Graph
from flink_apps.replay.metrics import REPLAY_LAG_MILLIS, REPLAYED_EVENT_RATE
from flink_apps.taxi_analytics.metrics import DEAD_LETTER_COUNT, LATE_TRIPS, OUTSIDE_NEW_YORK
from flink_constructs import metric_math
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream


class TaxiAnalyticsDashboard(ScenarioDashboard):
    """From the alarms over the stream and the job to the domain; there is a graph for what there is."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        application: FlinkApplication,
        stream: DataStream,
        alarms: ApplicationAlarms | None = None,
        replay: FlinkApplication | None = None,
        search: SearchMetrics | None = None,
        archive_behind: cloudwatch.Metric | None = None,
        dashboard_name: str | None = None,
    ) -> None:
        """Declare the dashboard.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            application: The job.
            stream: What it reads.
            alarms: Whose state is shown at the top. Default: none.
            replay: The application that replays trips into the stream. Default: none.
            search: Metrics of the domain that the job writes. Default: none.
            archive_behind: How far the archive of the stream is behind, in seconds. Default: none.
            dashboard_name: 1 to 255 letters, digits, ``-`` and ``_``. Default: a name that CloudFormation makes.

        """
        super().__init__(scope, construct_id, title="Taxi analytics", alarms=alarms, dashboard_name=dashboard_name)
        source = [
            widgets.stream_writes(stream, title="Stream"),
            widgets.stream_bytes(stream, title="Stream"),
            widgets.stream_lag(application, stream),
        ]
        if archive_behind is not None:
            source.append(Graph(title="Archive: oldest record not yet in S3 (seconds)", left=[archive_behind]))
        self.add_section("Stream", source)
        self.add_application(
            application, more=[widgets.dead_letters(application, DEAD_LETTER_COUNT), _left_out(application)]
        )
        if search is not None:
            self.add_section("OpenSearch", search.graphs())
        if replay is not None:
            progress = widgets.replayed(replay, rate=REPLAYED_EVENT_RATE, lag_millis=REPLAY_LAG_MILLIS)
            self.add_application(replay, title="Replay", more=[progress])


def _left_out(application: FlinkApplication) -> Graph:
    """Trips that do not count."""
    return Graph(
        title="Late trips, and trips outside New York (in 5 minutes)",
        left=[
            metric_math.total_increase(application, LATE_TRIPS),
            metric_math.total_increase(application, OUTSIDE_NEW_YORK),
        ],
    )
