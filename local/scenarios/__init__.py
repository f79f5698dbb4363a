"""What the local run measures, scenario by scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from local.flink.rest import Job
from local.services.service import Service


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a finished run has counted, at the sinks themselves."""

    records_in: int
    records_out: dict[str, int]
    dead_letters: int = 0


class Scenario(Protocol):
    """What a scenario tells the local run."""

    def records_so_far(self, job: Job) -> int:
        """Input records processed, from the running job's metrics."""
        ...

    def outcome(self, services: Sequence[Service], job: Job) -> Outcome:
        """Count what arrived, after the job has ended."""
        ...
