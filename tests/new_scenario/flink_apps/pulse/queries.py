"""The SQL of the job. No Flink in here."""

from __future__ import annotations

from flink_apps.common.sql import literal
from flink_apps.pulse.metrics import BEATS


def beats(ticks: str) -> str:
    """A row for each beat: its number, and when it was due."""
    return f"SELECT start_millis, counted(due_millis, {literal(BEATS)}) FROM `{ticks}`"
