"""What feeds the scenario's own application: other applications and a load, from start to end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from local.flink.rest import ENDED, Job
from local.load import Load
from local.restarts import WatchedJob
from local.run import LocalRun


@dataclass
class Feeders:
    """Applications that a run submits after its own one, and stops before it; one may also finish by itself.

    A load begins after them and ends before them, at the latest at the end of the context.
    """

    run: LocalRun
    names: Sequence[str]
    load: Load | None = None
    jobs: dict[str, Job] = field(default_factory=dict, init=False)
    _watched: dict[str, WatchedJob] = field(default_factory=dict, init=False)

    def __enter__(self) -> Self:
        """Nothing feeds yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the load; the applications end with their clusters."""
        if self.load:
            self.load.stop()

    def __bool__(self) -> bool:
        """Whether there is anything to feed from."""
        return bool(self.names or self.load)

    def submit(self) -> Iterator[str]:
        """Submit what is not submitted yet, each after its name has been given, then begin the load."""
        for name in self.names:
            if name not in self.jobs:
                yield name
                self.jobs[name] = self.run.submit(name, once=True)
                self._watched[name] = WatchedJob(self.jobs[name], f"the job of {name}")
        if self.load:
            self.load.start()

    def running(self) -> bool:
        """Whether every application has been submitted, and has begun."""
        return all(
            name in self.jobs and (self.jobs[name].state in ENDED or self.jobs[name].running_seconds() > 0)
            for name in self.names
        )

    def check(self) -> None:
        """Tell which application restarts, and why.

        Raises:
            RunError: with the root cause, where an application or the load has failed, or restarts in vain.

        """
        for watched in self._watched.values():
            watched.look()
        if self.load:
            self.load.check()

    def stop(self) -> None:
        """Stop what runs: all that was written is committed, and what the operators still hold stays unwritten."""
        if self.load:
            self.load.stop()
        self.check()
        for job in self.jobs.values():
            if job.state not in ENDED:
                self.run.stop_job(job, drain=False)
