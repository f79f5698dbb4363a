"""What is told of a job that restarts, and when a run ends for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from local import restarts
from local.errors import RunError
from local.flink.rest import Job
from local.restarts import WatchedJob


@dataclass
class FakeJob:
    """A job that the test moves on: it fails, runs, and completes checkpoints when it is told to."""

    state: str = "RUNNING"
    running: float = 0.0
    checkpoints: int = 0
    emitted: float = 0.0
    causes: list[str] = field(default_factory=list)

    def running_seconds(self) -> float:
        return self.running

    def checkpoints_completed(self) -> int:
        return self.checkpoints

    def records_emitted(self) -> float:
        return self.emitted

    def failures(self) -> list[int]:
        return list(range(len(self.causes), 0, -1))

    def root_cause(self) -> str:
        return self.causes[-1]

    def fail(self, cause: str) -> None:
        self.state, self.running, self.emitted = "RESTARTING", 0.0, 0.0
        self.causes.append(cause)

    def run(self, seconds: float, *, emitted: float = 0.0) -> None:
        self.state, self.running, self.emitted = "RUNNING", seconds, emitted


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = 1000.0

    def advance(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(restarts, "monotonic", lambda: now)
    return advance


@pytest.fixture
def job() -> FakeJob:
    return FakeJob()


@pytest.fixture
def watched(job: FakeJob) -> WatchedJob:
    return WatchedJob(cast("Job", job), "the job of Replay")


def attempt(watched: WatchedJob, job: FakeJob, cause: str, *, seconds: float) -> None:
    """The job runs for a while, and then fails."""
    job.run(seconds)
    watched.look()
    job.fail(cause)
    watched.look()


def test_a_job_without_failures_is_not_spoken_of(
    watched: WatchedJob, job: FakeJob, capsys: pytest.CaptureFixture[str]
) -> None:
    job.run(3.5)
    assert watched.look() == 3.5
    assert capsys.readouterr().out == ""


def test_each_cause_is_told_when_it_is_a_new_one_with_the_number_of_restarts(
    watched: WatchedJob, job: FakeJob, capsys: pytest.CaptureFixture[str]
) -> None:
    for cause in ("no such path", "no such path", "no such path", "disk full", "disk full", "no such path"):
        attempt(watched, job, cause, seconds=10)
    assert capsys.readouterr().out.splitlines() == [
        "the job of Replay restarts (no. 1): no such path",
        "the job of Replay restarts (no. 4): disk full",
        "the job of Replay restarts (no. 6): no such path",
    ]


def test_a_long_cause_is_one_line_all_the_same(
    watched: WatchedJob, job: FakeJob, capsys: pytest.CaptureFixture[str]
) -> None:
    attempt(watched, job, "no such path: " + "a/long/one/" * 20, seconds=10)
    assert capsys.readouterr().out.count("\n") == 1


def test_an_id_or_a_number_makes_no_new_cause(
    watched: WatchedJob, job: FakeJob, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, checkpoint in (("7", "a0b1c2d3e4"), ("18", "ffee00112233")):
        attempt(watched, job, f"could not write part-{number} of {checkpoint}", seconds=10)
    assert capsys.readouterr().out.count("restarts") == 1


def test_failures_between_two_looks_are_all_counted(
    watched: WatchedJob, job: FakeJob, capsys: pytest.CaptureFixture[str]
) -> None:
    job.causes += ["disk full", "no such path"]
    watched.look()
    assert capsys.readouterr().out == "the job of Replay restarts (no. 2): no such path\n"


def test_a_job_that_restarts_while_nothing_gets_through_for_a_minute_ends_the_run_with_its_cause(
    watched: WatchedJob, job: FakeJob, clock: Callable[[float], None]
) -> None:
    for _ in range(6):
        attempt(watched, job, "no such path", seconds=10)
        clock(11)
    message = "the job of Replay got nothing through for 66 s, in spite of 6 restarts: no such path"
    with pytest.raises(RunError, match=message):
        watched.look()


def test_a_job_that_does_not_come_up_again_within_a_minute_ends_the_run(
    watched: WatchedJob, job: FakeJob, clock: Callable[[float], None]
) -> None:
    attempt(watched, job, "the TaskManager is gone", seconds=10)
    job.run(0.0)
    clock(59)
    watched.look()
    clock(1)
    with pytest.raises(RunError, match=r"60 s, in spite of 1 restart: the TaskManager is gone"):
        watched.look()


def test_a_run_goes_on_where_records_get_through_between_restarts(
    watched: WatchedJob, job: FakeJob, clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(10):
        attempt(watched, job, "the server is busy", seconds=10)
        clock(20)
        job.run(10, emitted=5)
        watched.look()
        job.checkpoints += 1
        watched.look()
    told = capsys.readouterr().out.splitlines()
    assert told[:3] == [
        "the job of Replay restarts (no. 1): the server is busy",
        "the job of Replay gets through again, after 1 restart",
        "the job of Replay restarts (no. 2): the server is busy",
    ]


def attempt_with_a_checkpoint(watched: WatchedJob, job: FakeJob) -> None:
    """The job completes a checkpoint, and then emits a record that it fails with."""
    job.run(10)
    watched.look()
    job.checkpoints += 1
    job.emitted = 1
    watched.look()
    job.fail("a record that cannot be read")
    watched.look()


def test_checkpoints_before_any_record_are_no_progress(
    watched: WatchedJob, job: FakeJob, clock: Callable[[float], None]
) -> None:
    for _ in range(5):
        attempt_with_a_checkpoint(watched, job)
        clock(13)
    with pytest.raises(RunError, match="got nothing through for 65 s"):
        attempt_with_a_checkpoint(watched, job)


def test_a_job_without_input_is_through_once_it_has_run_for_a_minute_and_completed_a_checkpoint(
    watched: WatchedJob, job: FakeJob, clock: Callable[[float], None]
) -> None:
    attempt(watched, job, "the connection was lost", seconds=10)
    clock(61)
    job.run(60)
    watched.look()
    job.checkpoints += 1
    watched.look()
    clock(61)
    attempt(watched, job, "the connection was lost", seconds=10)


def test_a_job_that_fails_three_times_at_its_start_ends_the_run_at_once(watched: WatchedJob, job: FakeJob) -> None:
    for _ in range(2):
        attempt(watched, job, "no such topic", seconds=1)
    with pytest.raises(RunError, match="the job of Replay did not start, 3 restarts on: no such topic"):
        attempt(watched, job, "no such topic", seconds=1)


@pytest.mark.parametrize("state", ["FAILED", "CANCELED"])
def test_a_job_that_has_failed_ends_the_run_with_its_cause(watched: WatchedJob, job: FakeJob, state: str) -> None:
    job.fail("no such path")
    job.state = state
    with pytest.raises(RunError, match="the job of Replay failed: no such path"):
        watched.look()


def test_a_job_that_has_finished_is_as_it_should_be_however_it_began(
    watched: WatchedJob, job: FakeJob, clock: Callable[[float], None]
) -> None:
    attempt(watched, job, "no such path", seconds=10)
    clock(100)
    job.state = "FINISHED"
    assert watched.look() == 0.0
