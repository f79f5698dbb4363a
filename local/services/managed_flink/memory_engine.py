"""Jobs that are nothing but their time: each order ends when its time has passed, as the engine was told it shall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from local.services.managed_flink.clock import Clock
from local.services.managed_flink.engine import Job, Result

TRANSITION = timedelta(minutes=2)
SNAPSHOT_TIME = timedelta(seconds=40)
_AT_ONCE = timedelta(0)


@dataclass
class _Timed:
    """An order that ends after its time, unless its application is stuck."""

    engine: MemoryEngine
    application: str
    ends: datetime
    error: str = ""
    running: bool = False
    snapshot_taken: bool = False

    def result(self) -> Result | None:
        if self.application in self.engine.stuck or self.engine.clock.now() < self.ends:
            return None
        return Result(at=self.ends, error=self.error, running=self.running, snapshot_taken=self.snapshot_taken)


@dataclass
class MemoryEngine:
    """An engine without Flink. The lists hold the errors of the next orders of a kind: each takes the first."""

    clock: Clock
    transition: timedelta = TRANSITION
    snapshot_time: timedelta = SNAPSHOT_TIME
    start_errors: list[str] = field(default_factory=list)
    restart_errors: list[str] = field(default_factory=list)
    stop_errors: list[str] = field(default_factory=list)
    snapshot_errors: list[str] = field(default_factory=list)
    #: Applications whose orders do not end; only force helps.
    stuck: set[str] = field(default_factory=set)
    cpu: float | None = None
    code_size: int = 1
    jobs: list[Job] = field(default_factory=list)
    deleted_snapshots: list[str] = field(default_factory=list)

    def check_code(self, configuration: Mapping[str, Any]) -> int:  # noqa: ARG002 - there is always code
        """Any code is there."""
        return self.code_size

    def start(self, job: Job) -> _Timed:
        """Start, or fail with the next of ``start_errors``."""
        self.jobs.append(job)
        error = _next(self.start_errors)
        return self._timed(job.application, self.transition, error=error, running=not error)

    def restart(self, job: Job, snapshot: str | None) -> _Timed:
        """Restart, or fail with the next of ``snapshot_errors`` (the job goes on) or ``restart_errors``."""
        if snapshot and (error := _next(self.snapshot_errors)):
            return self._timed(job.application, self.transition, error=error, running=True)
        self.jobs.append(job)
        error = _next(self.restart_errors)
        return self._timed(
            job.application,
            self.transition,
            error=error,
            running=not error,
            snapshot_taken=snapshot is not None,
        )

    def stop(self, application: str, snapshot: str | None) -> _Timed:
        """Stop, or fail with the next of ``stop_errors`` and go on."""
        error = _next(self.stop_errors)
        taken = snapshot is not None and not error
        return self._timed(application, self.transition, error=error, running=bool(error), snapshot_taken=taken)

    def abort(self, application: str) -> _Timed:
        """End it; also what is stuck."""
        self.stuck.discard(application)
        return self._timed(application, self.transition)

    def snapshot(self, application: str, snapshot: str) -> _Timed:  # noqa: ARG002 - it holds nothing
        """Take a snapshot, or fail with the next of ``snapshot_errors``."""
        error = _next(self.snapshot_errors)
        return self._timed(application, self.snapshot_time, error=error, running=True, snapshot_taken=not error)

    def delete_snapshot(self, snapshot: str) -> _Timed:
        """Forget it at once."""
        self.deleted_snapshots.append(snapshot)
        return self._timed("", _AT_ONCE)

    def cpu_utilization(self, application: str) -> float | None:  # noqa: ARG002 - the same for all
        """What the test says."""
        return self.cpu

    def dashboard(self, application: str) -> str | None:
        """An address at which nothing listens."""
        return f"http://{application}.invalid/"

    def plan(self, application: str) -> str | None:  # noqa: ARG002 - none has one
        """There is none."""
        return None

    def _timed(self, application: str, time: timedelta, **outcome: Any) -> _Timed:  # noqa: ANN401 - of a task
        return _Timed(self, application, self.clock.now() + time, **outcome)


def _next(errors: list[str]) -> str:
    return errors.pop(0) if errors else ""
