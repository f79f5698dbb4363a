import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

import pytest

from local import watch
from local.errors import RunError
from local.feeders import Feeders
from local.flink.rest import Job
from local.load import Load
from local.restarts import WatchedJob
from local.run import LocalRun
from local.scenarios.data_generator.scenario import DataGenerator


@dataclass
class FakeJob:
    """A job whose state is what the test says."""

    state: str = "RUNNING"
    failed: bool = False
    idle: bool = False
    emits: bool = False
    emitted: float = 0.0

    def running_seconds(self) -> float:
        return 1.0

    def checkpoints_completed(self) -> int:
        return 0

    def records_emitted(self) -> float:
        self.emitted += self.emits
        return self.emitted

    def sources_idle(self) -> bool:
        return self.idle

    def failures(self) -> list[int]:
        return [1] if self.failed else []

    def root_cause(self) -> str:
        return "no such path"


@dataclass
class FakeRun:
    """Submits jobs, and notes what it is asked to."""

    submitted: list[str] = field(default_factory=list)
    stopped: list[tuple[FakeJob, bool]] = field(default_factory=list)

    def submit(self, name: str, *, once: bool) -> FakeJob:
        assert once
        self.submitted.append(name)
        return FakeJob()

    def stop_job(self, job: FakeJob, *, drain: bool) -> None:
        self.stopped.append((job, drain))


@pytest.fixture
def run() -> FakeRun:
    return FakeRun()


@pytest.fixture
def feeders(run: FakeRun) -> Feeders:
    return Feeders(cast("LocalRun", run), ("Replay", "Other"))


def job(feeders: Feeders, name: str) -> FakeJob:
    return cast("FakeJob", feeders.jobs[name])


def test_each_is_named_before_it_is_submitted(feeders: Feeders, run: FakeRun) -> None:
    assert next(feeders.submit()) == "Replay"
    assert run.submitted == []


def test_each_is_submitted_once_however_often_it_is_asked_for(feeders: Feeders, run: FakeRun) -> None:
    assert list(feeders.submit()) == ["Replay", "Other"]
    assert list(feeders.submit()) == []
    assert run.submitted == ["Replay", "Other"]


def test_one_that_fails_ends_the_run_with_its_cause(feeders: Feeders) -> None:
    list(feeders.submit())
    job(feeders, "Other").state = "FAILED"
    with pytest.raises(RunError, match="the job of Other failed: no such path"):
        feeders.check()


def test_one_that_restarts_is_told(feeders: Feeders, capsys: pytest.CaptureFixture[str]) -> None:
    list(feeders.submit())
    job(feeders, "Replay").failed = True
    feeders.check()
    feeders.check()
    assert capsys.readouterr().out == "the job of Replay restarts (no. 1): no such path\n"


def test_one_that_has_finished_is_as_it_should_be(feeders: Feeders, run: FakeRun) -> None:
    list(feeders.submit())
    job(feeders, "Other").state = "FINISHED"
    feeders.check()
    feeders.stop()
    assert run.stopped == [(job(feeders, "Replay"), False)]


def test_none_is_submitted_when_the_run_ends_before_its_job_runs(feeders: Feeders, run: FakeRun) -> None:
    feeders.stop()
    assert run.stopped == []


def test_a_load_begins_after_the_applications_and_ends_before_them(run: FakeRun) -> None:
    seen: list[tuple[int, int]] = []
    load = Load("the players", lambda: seen.append((len(run.submitted), len(run.stopped))), interval_seconds=0)
    feeders = Feeders(cast("LocalRun", run), ("Replay",), load)
    list(feeders.submit())
    while not seen:
        time.sleep(0.01)
    feeders.stop()
    assert set(seen) == {(1, 0)}
    assert len(run.stopped) == 1


def test_a_load_that_fails_ends_the_run_with_its_cause(run: FakeRun) -> None:
    def step() -> None:
        raise OSError("no such stream")

    feeders = Feeders(cast("LocalRun", run), (), Load("the players", step))
    list(feeders.submit())
    with pytest.raises(RunError, match="the players failed: no such stream"):
        feeders.stop()


def test_whatever_ends_the_context_ends_the_load(run: FakeRun) -> None:
    steps = count()
    load = Load("the players", lambda: next(steps), interval_seconds=0)
    with suppress(RunError), Feeders(cast("LocalRun", run), (), load) as feeders:
        list(feeders.submit())
        raise RunError("the job failed")
    after = next(steps)
    assert next(steps) == after + 1


class Slow(DataGenerator):
    """A scenario whose job has drained when it is asked for the third time."""

    asked = 0

    def drained(self, _job: object) -> bool:
        self.asked += 1
        return self.asked == 3


def drain(scenario: DataGenerator, job: FakeJob, monkeypatch: pytest.MonkeyPatch, **constants: Any) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    for name, value in constants.items():
        monkeypatch.setattr(watch, name, value)
    watch.drain(scenario, WatchedJob(cast("Job", job)), watch.News(tuple))


def test_a_job_is_left_running_until_it_has_drained(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Slow(cast("LocalRun", FakeRun()))
    drain(scenario, FakeJob(), monkeypatch)
    assert scenario.asked == 3


def test_a_scenario_without_input_of_its_own_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    drain(DataGenerator(cast("LocalRun", FakeRun())), FakeJob("FAILED"), monkeypatch)


def test_a_job_that_fails_while_it_drains_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match="the job failed: no such path"):
        drain(Slow(cast("LocalRun", FakeRun())), FakeJob("FAILED"), monkeypatch)


def test_a_job_that_restarts_while_it_drains_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drain(Slow(cast("LocalRun", FakeRun())), FakeJob(failed=True), monkeypatch)
    assert capsys.readouterr().out == "the job restarts (no. 1): no such path\n"


def test_a_job_that_drains_for_too_long_is_stopped_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drain(Slow(cast("LocalRun", FakeRun())), FakeJob(), monkeypatch, DRAIN_SECONDS=0)
    assert "stopped with records unread" in capsys.readouterr().out


class Unread(DataGenerator):
    """A scenario whose job never seems to have drained."""

    def drained(self, _job: object) -> bool:
        return False


@pytest.mark.parametrize(
    ("job", "quiet"),
    [
        (FakeJob(failed=True, idle=True), True),
        (FakeJob(failed=True), False),  # busy, or waits for a sink
        (FakeJob(failed=True, idle=True, emits=True), False),
        (FakeJob(idle=True), False),  # its counters tell
        (FakeJob("RESTARTING", failed=True, idle=True), False),
    ],
)
def test_a_job_that_reads_nothing_after_a_restart_has_drained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], job: FakeJob, quiet: bool
) -> None:
    scenario = Unread(cast("LocalRun", FakeRun()))
    drain(scenario, job, monkeypatch, DRAIN_SECONDS=0.2, QUIET_SECONDS=0.05)
    assert (scenario.unread is None) == quiet
    assert ("stopped with records unread" in capsys.readouterr().out) != quiet
