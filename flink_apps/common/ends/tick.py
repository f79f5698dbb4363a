"""Ticks of a clock, the source of jobs that generate records: see flink_apps/connectors/tick."""

from __future__ import annotations

from collections.abc import Mapping

from flink_apps.common.tables import Column, Connector

#: Start and end of the interval on the time line, in milliseconds since the job's start; when its end was due, by the
#: clock.
START, END, DUE = Column("start_millis", "BIGINT"), Column("end_millis", "BIGINT"), Column("due_millis", "BIGINT")


def ticks(table: str, *, interval_millis: int, options: Mapping[str, str] | None = None) -> Connector:
    """The source table, with a row for each interval of the time line."""
    return Connector(table=table, options={"connector": "tick", "interval": f"{interval_millis} ms", **(options or {})})
