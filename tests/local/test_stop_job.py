"""Why a job did not stop: its own failure, and not what that led to."""

from dataclasses import dataclass, field
from typing import cast

import pytest

from local.errors import RunError
from local.flink.rest import Job

SUSPENDING = "org.apache.flink.runtime.checkpoint.CheckpointException: Checkpoint Coordinator is suspending."


@dataclass
class FakeJob:
    """A job whose stop ends as the test says."""

    failure: str | None
    state: str = "RESTARTING"
    causes: list[str] = field(default_factory=list)

    def stop(self, *, savepoint_folder: str, drain: bool) -> str:
        return f"{savepoint_folder}, drain: {drain}"

    def stop_failure(self, _request: str) -> str | None:
        return self.failure

    def failures(self) -> list[int]:
        return [1] * len(self.causes)

    def root_cause(self) -> str:
        return self.causes[0]


@pytest.mark.parametrize(
    ("job", "cause"),
    [
        (FakeJob(SUSPENDING, causes=["no such path"]), "no such path"),
        (FakeJob(SUSPENDING), "Checkpoint Coordinator is suspending"),
        (FakeJob("disk full", causes=["another one, long ago"]), "disk full"),
        (FakeJob(None, state="FAILED", causes=["no such path"]), "no such path"),
    ],
)
def test_a_job_that_does_not_stop_is_an_error_with_the_root_cause(job: FakeJob, cause: str) -> None:
    with pytest.raises(RunError, match=f"the job did not stop cleanly: .*{cause}"):
        Job.stopped(cast("Job", job), savepoint_folder="file:///savepoints")
