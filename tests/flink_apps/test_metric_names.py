"""The names that dashboards and alarms use are those that the connectors register."""

from __future__ import annotations

import pytest

from flink_apps.replay.metrics import REPLAY_LAG_MILLIS, REPLAYED_EVENT_RATE
from flink_apps.streaming_etl.metrics import DOCUMENTS_REJECTED
from stacks.project import ROOT


@pytest.mark.parametrize(
    ("connector", "name"),
    [("replay", REPLAYED_EVENT_RATE), ("replay", REPLAY_LAG_MILLIS), ("opensearch", DOCUMENTS_REJECTED)],
)
def test_the_connector_registers_the_metric(connector: str, name: str) -> None:
    sources = (ROOT / "flink_apps" / "connectors" / connector / "src" / "main").rglob("*.java")
    assert f'"{name}"' in "".join(source.read_text(encoding="utf-8") for source in sources)
