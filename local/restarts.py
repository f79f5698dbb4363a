"""A job that is watched: its restarts are told while it runs, and end the run where nothing gets through any more."""

from __future__ import annotations

import re
from time import monotonic

from local.errors import RunError
from local.flink.rest import Job
from local.terminal import console

#: For how long a job may restart without anything getting through.
PATIENCE_SECONDS = 60
#: A job that has failed so often before it ran for so long does not start at all.
FAILURES_AT_START, STARTED_SECONDS = 3, 5.0
#: What differs from one restart to the next for the same cause: ids and numbers.
_VARIABLE = re.compile(r"\b(?=\w*\d)[0-9a-f]{6,}\b|\d+")


class WatchedJob:
    """A job whose restarts are counted: each cause is told in one line when it is a new one.

    Something gets through when a checkpoint is completed after the sources have emitted records, or while the job runs
    for longer than it may take: what a restart does not repeat.
    """

    def __init__(self, job: Job, name: str = "the job") -> None:
        """Watch ``job``, which messages call ``name``."""
        self.job = job
        self.restarts = 0
        self._name = name
        self._latest = 0
        self._told = ""
        self._longest_run = 0.0
        self._failing_since: float | None = None
        self._checkpoints = 0
        self._emitted = 0.0

    def look(self) -> float:
        """Tell what is new; gives the seconds that the job has been running, 0 while it is not.

        Raises:
            RunError: with the root cause, for a job that has failed, does not start, or restarts while nothing gets
                through.

        """
        state = self.job.state
        if state in ("FAILED", "CANCELED"):
            after = f" after {_restarts(self.restarts)}" if self.restarts else ""
            raise RunError(f"{self._name} failed{after}: {self.job.root_cause()}")
        self._note_failures()
        running = self.job.running_seconds() if state == "RUNNING" else 0.0
        self._longest_run = max(self._longest_run, running)
        if self._failing_since is not None and state != "FINISHED":
            self._judge(running, monotonic() - self._failing_since)
        return running

    def _note_failures(self) -> None:
        new = [at for at in self.job.failures() if at > self._latest]
        if not new:
            return
        self._latest = max(new)
        self.restarts += len(new)
        if self._failing_since is None:
            self._failing_since = monotonic()
        self._checkpoints, self._emitted = self.job.checkpoints_completed(), 0.0
        cause = self.job.root_cause()
        if (told := _VARIABLE.sub("#", cause)) != self._told:
            self._told = told
            self._tell(f"restarts (no. {self.restarts}): {cause}", style="yellow")

    def _tell(self, text: str, *, style: str | None = None) -> None:
        console.print(f"{self._name} {text}", style=style, markup=False, highlight=False, soft_wrap=True)

    def _judge(self, running: float, failing_seconds: float) -> None:
        if running and self._gets_through(running):
            self._failing_since, self._told = None, ""
            self._tell(f"gets through again, after {_restarts(self.restarts)}")
        elif not running and self._longest_run < STARTED_SECONDS and self.restarts >= FAILURES_AT_START:
            raise RunError(f"{self._name} did not start, {_restarts(self.restarts)} on: {self.job.root_cause()}")
        elif not running and failing_seconds >= PATIENCE_SECONDS:
            raise RunError(
                f"{self._name} got nothing through for {failing_seconds:.0f} s, in spite of "
                f"{_restarts(self.restarts)}: {self.job.root_cause()}"
            )

    def _gets_through(self, running: float) -> bool:
        """Whether a checkpoint has been completed since the last look, and covers what a restart will not repeat."""
        completed, before = self.job.checkpoints_completed(), self._checkpoints
        covered = self._emitted > 0 or running >= PATIENCE_SECONDS
        self._checkpoints, self._emitted = completed, self.job.records_emitted()
        return completed > before and covered


def _restarts(count: int) -> str:
    return f"{count} restart{'s' if count > 1 else ''}"
