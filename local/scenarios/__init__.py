"""What a scenario tells the local run: an object of one run, in a package that has the scenario's name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from rich.console import RenderableType

import scenarios
from local.account import Account
from local.conversation import Conversation
from local.load import Load

if TYPE_CHECKING:
    from local.flink.rest import Job
    from local.run import LocalRun


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The records of a finished run, counted at the sinks themselves, and an account of them for each sink."""

    records_in: int
    records_out: dict[str, int]
    dead_letters: int = 0
    accounts: tuple[Account, ...] = ()


class Scenario(ABC):
    """A scenario in one run. What is not abstract has a default for a job without input of its own."""

    #: Names of the applications that feed the scenario's own one. They start after it and stop before it.
    feeders: ClassVar[tuple[str, ...]] = ()

    def __init__(self, run: LocalRun) -> None:
        """Belong to ``run``, whose servers need not have been started yet."""
        self.run = run
        #: What may have become of records that nothing counts: the job was stopped before it had read them.
        self.unread: str | None = None

    def prepare(self) -> None:  # noqa: B027 - an empty default, not a forgotten one
        """Put data in place before any job is submitted. By default there is none."""

    def load(self) -> Load | None:
        """A load from outside of Flink, which runs while the job does. By default there is none."""
        return None

    def news(self) -> Iterable[RenderableType]:
        """What has happened since the last call, to be printed while the job runs. By default nothing."""
        return ()

    @abstractmethod
    def records_so_far(self, job: Job) -> int:
        """Input records processed so far, from the metrics of the running job."""

    def drained(self, job: Job) -> bool:  # noqa: ARG002 - for those that have input
        """Whether the job has processed all its input, once the feeders have stopped. By default it has."""
        return True

    @abstractmethod
    def outcome(self, job: Job) -> Outcome:
        """Count what arrived, after the job has ended."""

    def epilogue(self) -> RenderableType | None:
        """What the terminal shows below the report. By default nothing."""
        return None

    def page(self) -> Path | None:
        """Write an HTML page about what arrived to the run's folder. By default there is none."""
        return None


class InteractiveScenario(Scenario):
    """A scenario whose events a person can type."""

    @abstractmethod
    def conversation(self) -> Conversation:
        """What takes the place of the load, once the job runs."""


def scenario_type(name: str) -> type[Scenario]:
    """The class of a scenario: ``data-generator`` → ``local.scenarios.data_generator.scenario.DataGenerator``."""
    found = getattr(scenarios.module("local.scenarios", f"{name}.scenario"), scenarios.class_name(name))
    return cast("type[Scenario]", found)


def takes_typed_events(name: str) -> bool:
    """Whether a person can type a scenario's events."""
    return issubclass(scenario_type(name), InteractiveScenario)
