"""The graphs of a replay, for the dashboards of the scenarios that have one."""

from __future__ import annotations

from dashboards import widgets
from dashboards.widgets import Graph
from flink_apps.replay import metrics
from flink_constructs.application import FlinkApplication


def graphs(replay: FlinkApplication) -> list[Graph]:
    """How fast it is, how late, and what was amiss."""
    return [
        widgets.replayed(replay, rate=metrics.REPLAYED_EVENT_RATE, lag_millis=metrics.REPLAY_LAG_MILLIS),
        widgets.replay_amiss(
            replay,
            unread_files=metrics.UNREAD_FILES,
            gaps=metrics.GAPS,
            out_of_order=metrics.OUT_OF_ORDER,
            untimed=metrics.UNTIMED,
        ),
    ]
