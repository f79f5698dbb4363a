"""The applications that feed the scenario's own one, from their submission to their end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from local.errors import RunError
from local.flink.rest import ENDED, Job
from local.run import LocalRun


@dataclass
class Feeders:
    """Applications that a run submits once its own one runs, and ends before it; one may also finish by itself."""

    run: LocalRun
    names: Sequence[str]
    jobs: dict[str, Job] = field(default_factory=dict, init=False)

    def submit(self) -> Iterator[str]:
        """Submit those that are not yet; gives the name of each before it is."""
        for name in self.names:
            if name not in self.jobs:
                yield name
                self.jobs[name] = self.run.submit(name)

    def running(self) -> bool:
        """Whether every one has been submitted, and has begun."""
        return all(
            name in self.jobs and (self.jobs[name].state in ENDED or self.jobs[name].running_seconds() > 0)
            for name in self.names
        )

    def check(self) -> None:
        """Nothing, as long as none has failed.

        :raises RunError: with the root cause, where one has.
        """
        for name, job in self.jobs.items():
            if job.state in ("FAILED", "CANCELED"):
                raise RunError(f"the job of {name} failed: {job.root_cause()}")

    def stop(self) -> None:
        """End those that run, with all that they have written committed; what they still hold stays unwritten."""
        self.check()
        for job in self.jobs.values():
            if job.state not in ENDED:
                self.run.stop_job(job, drain=False)
