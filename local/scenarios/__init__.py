"""What a scenario tells the local run: an object of one run, in a package that has the scenario's name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from rich.console import RenderableType

import scenarios
from local.conversation import Conversation
from local.load import Load

if TYPE_CHECKING:
    from local.flink.rest import Job
    from local.run import LocalRun


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a finished run has counted, at the sinks themselves."""

    records_in: int
    records_out: dict[str, int]
    dead_letters: int = 0


class Scenario(ABC):
    """A scenario in one run; what is not abstract has a default for a job without input of its own."""

    #: Names of the applications that feed the scenario's own one: submitted once it runs, ended before it.
    feeders: ClassVar[tuple[str, ...]] = ()

    def __init__(self, run: LocalRun) -> None:
        """Belong to ``run``, whose servers need not have been started yet."""
        self.run = run

    def prepare(self) -> None:  # noqa: B027 - an empty default, not a forgotten one
        """Put data in place, before any job is submitted; by default none."""

    def load(self) -> Load | None:
        """What feeds the job from outside of Flink: started once it runs, stopped before it; by default nothing."""
        return None

    def news(self) -> Iterable[RenderableType]:
        """What has happened since it was last asked, to be printed while the job runs; by default nothing."""
        return ()

    @abstractmethod
    def records_so_far(self, job: Job) -> int:
        """Input records processed, from the running job's metrics."""

    def drained(self, job: Job) -> bool:  # noqa: ARG002 - for those that have input
        """Whether the job has processed all that its feeders, which have ended, left it; by default it has."""
        return True

    @abstractmethod
    def outcome(self, job: Job) -> Outcome:
        """Count what arrived, after the job has ended."""

    def epilogue(self) -> RenderableType | None:
        """What the terminal shows below the report; by default nothing."""
        return None

    def page(self) -> Path | None:
        """An HTML page that shows what arrived, written below the run's folder; by default none."""
        return None


class InteractiveScenario(Scenario):
    """A scenario that a person can play, too."""

    @abstractmethod
    def conversation(self) -> Conversation:
        """What takes the place of the load, once the job runs."""


def scenario_type(name: str) -> type[Scenario]:
    """The class of a scenario: ``data-generator`` → ``local.scenarios.data_generator.scenario.DataGenerator``."""
    found = getattr(scenarios.module("local.scenarios", f"{name}.scenario"), scenarios.class_name(name))
    return cast("type[Scenario]", found)


def takes_typed_events(name: str) -> bool:
    """Whether a person can play a scenario."""
    return issubclass(scenario_type(name), InteractiveScenario)
