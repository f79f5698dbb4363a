"""Rounds of an application: it is stopped with a savepoint, changed, and goes on from there, as at each deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from local.flink.rest import Job
from local.run import LocalRun
from tests.local.changes import Change, changed
from tests.local.failures import restore, wait_for

UNCHANGED = Change()


@dataclass
class Rounds:
    """The rounds of one run. What has been changed stays changed."""

    run: LocalRun
    changes: ExitStack
    parallelism: int | None = field(default=None, init=False)

    def begin(self, change: Change) -> Job:
        """Submit the application with a change, and without state."""
        self._change(change)
        job = self.run.submit(parallelism=self.parallelism)
        wait_for("the start", lambda: job.running_seconds() > 0)
        return job

    def go_on(
        self,
        job: Job,
        change: Change = UNCHANGED,
        *,
        meanwhile: Callable[[], object] = lambda: None,
        allow_non_restored_state: bool = False,
    ) -> Job:
        """Stop the job with a savepoint, and go on from it with one more change.

        ``meanwhile`` is called while there is no job.
        """
        self.run.stop_job(job, drain=False)
        self._change(change)
        meanwhile()
        restored = restore(self.run, parallelism=self.parallelism, allow_non_restored_state=allow_non_restored_state)
        if self.parallelism:
            assert widest(restored) == self.parallelism
        return restored

    def _change(self, change: Change) -> None:
        self.changes.enter_context(changed(self.run, change))
        self.parallelism = change.parallelism or self.parallelism


@contextmanager
def rounds(run: LocalRun) -> Iterator[Rounds]:
    """Rounds of a run, whose application is as it was afterwards."""
    with ExitStack() as changes:
        yield Rounds(run, changes)


def widest(job: Job) -> int:
    """The parallelism of a job: that of its widest part."""
    return max(int(vertex["parallelism"]) for vertex in job.rest.get(f"/jobs/{job.job_id}")["vertices"])
