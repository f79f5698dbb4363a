"""What a person asks of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """When a run ends (by records, by seconds, or by hand), who feeds it, and whether its servers stay up."""

    records: int | None
    seconds: float | None
    interactive: bool
    keep: bool
