"""What runs the jobs of applications: what the control plane asks of it, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it is to run: one version of an application, from one of its snapshots or without state."""

    application: str
    arn: str
    version: int
    runtime: str
    #: The ``ApplicationConfiguration`` with all its defaults.
    configuration: Mapping[str, Any]
    parallelism: int
    #: The ARN of the role with whose permissions it runs.
    role: str = ""
    #: The ARNs of the log streams that get its log.
    log_streams: Sequence[str] = ()
    #: The key of the snapshot that it goes on from.
    restore: str | None = None
    allow_non_restored_state: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """How something ended that the engine did."""

    at: datetime
    #: Why it failed; empty where it did not.
    error: str = ""
    #: Whether a job of the application runs now.
    running: bool = False
    #: Whether the snapshot that was asked for is there.
    snapshot_taken: bool = False


class Task(Protocol):
    """Something that the engine is doing."""

    def result(self) -> Result | None:
        """How it ended; None as long as it goes on."""


class Engine(Protocol):
    """Runs the jobs of applications, one each.

    Every method gives a task at once, and none raises but :meth:`check_code`. A new order about an application takes
    the place of the one before, whose result nobody asks for any more; :meth:`snapshot` alone goes on beside it.
    Snapshots are known by keys, which the control plane chooses.
    """

    def check_code(self, configuration: Mapping[str, Any]) -> int:
        """The size of an application's code in bytes.

        Args:
            configuration: Its ``ApplicationConfiguration``.

        Raises:
            RefusedError: where there is no such code, or it is no zip.

        """

    def start(self, job: Job) -> Task:
        """End what runs of the application, and start the job."""

    def restart(self, job: Job, snapshot: str | None) -> Task:
        """Stop the running job with a snapshot, if one is asked for, and start this one in its place.

        Where the snapshot fails, the job that ran goes on.
        """

    def stop(self, application: str, snapshot: str | None) -> Task:
        """Stop the job with a snapshot, if one is asked for; where that fails, the job goes on."""

    def abort(self, application: str) -> Task:
        """End the job, and whatever is being done to it, at once."""

    def snapshot(self, application: str, snapshot: str) -> Task:
        """Take a snapshot of the running job."""

    def delete_snapshot(self, snapshot: str) -> Task:
        """Delete a snapshot."""

    def cpu_utilization(self, application: str) -> float | None:
        """How much of its processors the busiest part of the running job uses, in percent; None where unknown."""

    def dashboard(self, application: str) -> str | None:
        """The address of Flink's web UI; None where the job has none."""

    def plan(self, application: str) -> str | None:
        """The job's plan, as Flink tells it in JSON; None where there is none."""
