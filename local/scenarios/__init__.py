"""What the local run measures, scenario by scenario."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.console import RenderableType

from local.conversation import Conversation
from local.flink.rest import Job
from local.load import Load
from local.run import LocalRun


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a finished run has counted, at the sinks themselves."""

    records_in: int
    records_out: dict[str, int]
    dead_letters: int = 0


class Scenario(ABC):
    """What a scenario tells the local run; what is not abstract has a default for a job without input of its own."""

    #: Names of the applications that feed the scenario's own one: submitted once it runs, ended before it.
    feeders: ClassVar[tuple[str, ...]] = ()

    def prepare(self, run: LocalRun) -> None:  # noqa: B027 - an empty default, not a forgotten one
        """Put data in place, before any job is submitted; by default none."""

    def load(self, run: LocalRun) -> Load | None:  # noqa: ARG002 - for those that have one
        """What feeds the job from outside of Flink: started once it runs, stopped before it; by default nothing."""
        return None

    def news(self, run: LocalRun) -> Iterable[RenderableType]:  # noqa: ARG002 - for those that have any
        """What is told while the job runs: what has happened since it was last asked; by default nothing."""
        return ()

    @abstractmethod
    def records_so_far(self, job: Job) -> int:
        """Input records processed, from the running job's metrics."""

    def drained(self, run: LocalRun, job: Job) -> bool:  # noqa: ARG002 - for those that have input
        """Whether the job has processed all that its feeders, which have ended, left it; by default it has."""
        return True

    @abstractmethod
    def outcome(self, run: LocalRun, job: Job) -> Outcome:
        """Count what arrived, after the job has ended."""

    def epilogue(self, run: LocalRun) -> RenderableType | None:  # noqa: ARG002 - for those that have one
        """What the terminal shows below the report; by default nothing."""
        return None

    def page(self, run: LocalRun) -> Path | None:  # noqa: ARG002 - for those that have one
        """An HTML page that shows what arrived, written below the run's folder; by default none."""
        return None


class InteractiveScenario(Scenario):
    """A scenario that a person can play, too."""

    @abstractmethod
    def conversation(self, run: LocalRun) -> Conversation:
        """What takes the place of the load, once the job runs."""
