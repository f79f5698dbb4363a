"""The pulse's dashboard."""

from __future__ import annotations

from dashboards.scenario import ScenarioDashboard
from dashboards.widgets import Graph
from flink_apps.pulse.metrics import BEATS
from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication

#: The heading of the dashboard.
TITLE = "Pulse"


def add_sections(dashboard: ScenarioDashboard, *, application: FlinkApplication) -> None:
    """Add the beats, and the application.

    Args:
        dashboard: What they are added to, from top to bottom.
        application: The job.

    """
    beats = Graph(title="Beats (in 5 minutes)", left=[metric_math.total_increase(application, BEATS)])
    dashboard.add_section("Beats", [beats])
    dashboard.add_application(application)
