"""What a person asks of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """When a run ends, by records or seconds if not by hand, who feeds it, and what becomes of its servers."""

    records: int | None
    seconds: float | None
    interactive: bool
    keep: bool
