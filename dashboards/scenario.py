"""A CloudWatch dashboard in sections: a heading, and graphs of equal width below it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from dashboards import widgets
from dashboards.widgets import Graph
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication, MetricsLevel

#: Columns of CloudWatch's grid, and the most graphs in a row.
COLUMNS = 24
GRAPHS_PER_ROW = 3

ALARMS_PER_ROW = 4


class ScenarioDashboard(Construct):
    """A dashboard that begins with the state of the alarms; its sections are added from top to bottom."""

    dashboard: cloudwatch.Dashboard
    dashboard_name: str
    url: str
    """The address of the dashboard in the console, in the partition ``aws``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        title: str,
        alarms: ApplicationAlarms | None = None,
        dashboard_name: str | None = None,
    ) -> None:
        """Declare a dashboard without sections.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            title: The heading of the first row.
            alarms: The alarms whose state is shown at the top. Default: none.
            dashboard_name: 1 to 255 letters, digits, ``-`` and ``_``. Default: a name that CloudFormation generates.

        """
        super().__init__(scope, construct_id)
        self.dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=dashboard_name,
            default_interval=Duration.hours(3),
            # Otherwise a longer time range would change the periods, and "in 5 minutes" would be wrong.
            period_override=cloudwatch.PeriodOverride.INHERIT,
        )
        self.dashboard_name = self.dashboard.dashboard_name
        region = Stack.of(self).region
        self.url = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#dashboards/dashboard/{self.dashboard_name}"
        self._heading(f"# {title}")
        if alarms is not None:
            rows = math.ceil(len(alarms.alarms) / ALARMS_PER_ROW)
            self.dashboard.add_widgets(
                cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms.alarms), width=COLUMNS, height=1 + rows)
            )

    def add_section(self, title: str, graphs: Sequence[Graph]) -> None:
        """Add a heading with ``graphs`` in rows below it; without graphs, add nothing."""
        if not graphs:
            return
        self._heading(f"## {title}")
        for row in _rows(graphs):
            self.dashboard.add_widgets(*(graph.widget(width=COLUMNS // len(row)) for graph in row))

    def add_application(
        self, application: FlinkApplication, *, title: str = "Application", more: Sequence[Graph] = ()
    ) -> None:
        """Add the section that every application has, with ``more`` at its end.

        It shows uptime, failures, checkpoints, utilization and throughput. From the metrics level TASK on, it also
        shows busy, idle and backpressured time of the tasks.
        """
        graphs = [
            widgets.uptime(application),
            widgets.failures(application),
            widgets.checkpoints(application),
            widgets.utilization(application),
            widgets.throughput(application),
        ]
        if application.metrics_level != MetricsLevel.APPLICATION:
            graphs.append(widgets.task_time(application))
        self.add_section(title, [*graphs, *more])

    def _heading(self, markdown: str) -> None:
        self.dashboard.add_widgets(cloudwatch.TextWidget(markdown=markdown, width=COLUMNS, height=1))


def _rows(graphs: Sequence[Graph]) -> list[Sequence[Graph]]:
    """Divide graphs into as few rows as possible, whose lengths differ by at most one."""
    rows = math.ceil(len(graphs) / GRAPHS_PER_ROW)
    bounds = [math.ceil(len(graphs) * row / rows) for row in range(rows + 1)]
    return [graphs[start:end] for start, end in itertools.pairwise(bounds)]
