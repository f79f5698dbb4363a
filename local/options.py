"""What a person asks of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """When a run ends, who feeds it, and what stays: its servers, its state."""

    records: int | None
    seconds: float | None
    interactive: bool
    keep: bool
    #: Where the job's state is kept, at an end with all that the job still holds.
    savepoint: Path | None = None
    #: Whether what the jobs call is recorded, and judged by the template's policies.
    permissions: bool = False
