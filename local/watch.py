"""A running job: a person or a load feeds it, news are printed, and it is waited for until it has drained."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from local.conversation import Conversation, Lines, converse
from local.feeders import Feeders
from local.options import RunOptions
from local.restarts import WatchedJob
from local.scenarios import Scenario
from local.terminal import console

#: How long a job may take to drain, once its feeders have stopped.
DRAIN_SECONDS = 60
#: For how long a job that has restarted reads nothing once it has read all: twice the time that the metric of its idle
#: time may be old.
QUIET_SECONDS = 10.0
#: The shortest time between two calls for a scenario's news.
NEWS_SECONDS = 1.0


class News:
    """The news of a scenario, printed at most once a second."""

    def __init__(self, news: Callable[[], Iterable[RenderableType]]) -> None:
        self._news = news
        self._printed_at = 0.0

    def show(self) -> None:
        """Print what is new, unless the last time was a moment ago."""
        if time.monotonic() < self._printed_at + NEWS_SECONDS:
            return
        for one in self._news():
            console.print(one, markup=False, highlight=False, soft_wrap=True)
        self._printed_at = time.monotonic()


def talk(conversation: Conversation, watched: WatchedJob) -> float:
    """Let a person feed the job once it runs; gives the seconds that it took."""
    with console.status("starting the job"):
        while not watched.look():
            time.sleep(0.25)
    began = time.monotonic()

    def ended() -> bool:
        watched.look()
        return interrupted()

    with _first_interrupt(True) as interrupted:
        converse(conversation, Lines(sys.stdin.fileno()), console, ended)
    return time.monotonic() - began


def feed(scenario: Scenario, watched: WatchedJob, options: RunOptions, news: News) -> float:
    """Feed the job from its applications and its load; gives the seconds that it took."""
    run = scenario.run
    names = [name for name in scenario.feeders if name in run.clusters]
    with Feeders(run, names, scenario.load()) as feeders:
        elapsed = _feed_until_end(scenario, watched, feeders, news, options)
        with console.status("stopping what feeds the job"):
            feeders.stop()
    return elapsed


def _feed_until_end(
    scenario: Scenario, watched: WatchedJob, feeders: Feeders, news: News, options: RunOptions
) -> float:
    """Feed the job once it runs, and show the progress until the run's end; gives the seconds that it was fed."""
    records, seconds = options.records, options.seconds
    total = records or seconds
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        *((BarColumn(),) if total else ()),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=console, transient=True) as progress,
        _first_interrupt(total is None) as interrupted,
    ):
        task = progress.add_task("starting", total=total, figures="")
        running, earlier = 0.0, 0.0
        fed_from: float | None = None
        while True:
            before, running = running, watched.look()
            if running < before and fed_from is not None:  # the job's time begins anew
                earlier, fed_from = earlier + max(0.0, before - fed_from), 0.0
            done = scenario.records_so_far(watched.job)
            if running:
                for name in feeders.submit():
                    progress.update(task, description=f"submitting {name}")
                if fed_from is None and feeders.running():
                    fed_from = running if feeders else 0.0
                news.show()
            feeders.check()
            elapsed = 0.0 if fed_from is None else earlier + max(0.0, running - fed_from)
            progress.update(
                task,
                description="running" if elapsed else "starting",
                completed=done if records else min(elapsed, seconds or elapsed),
                figures=f"{done:,} records",
            )
            if interrupted() or (records and done >= records) or (seconds and elapsed >= seconds):
                return elapsed
            time.sleep(max(0.0, min(0.25, seconds - elapsed)) if seconds and elapsed else 0.25)


def drain(scenario: Scenario, watched: WatchedJob, news: News) -> None:
    """Wait until the job has processed what it was fed, or print that it has not."""
    deadline = time.monotonic() + DRAIN_SECONDS
    quiet = _Quiet(watched)
    while not scenario.drained(watched.job):
        if quiet.look():
            return
        news.show()
        if time.monotonic() > deadline:
            console.print(f"the job is stopped with records unread: it needed more than {DRAIN_SECONDS} s for them")
            scenario.unread = "not read"
            return
        time.sleep(0.5)


class _Quiet:
    """Notices that a job reads nothing any more after a restart, with which the counters of its sources began anew."""

    def __init__(self, watched: WatchedJob) -> None:
        self._watched = watched
        self._emitted = -1.0
        self._since = 0.0

    def look(self) -> bool:
        """Whether the job runs again, and its sources have waited for records for a while."""
        running = self._watched.look()
        if not self._watched.restarts:
            return False
        emitted, before = self._watched.job.records_emitted(), self._emitted
        if not running or emitted != before or not self._watched.job.sources_idle():
            self._emitted, self._since = emitted, time.monotonic()
            return False
        return time.monotonic() >= self._since + QUIET_SECONDS


@contextmanager
def _first_interrupt(wanted: bool) -> Iterator[Callable[[], bool]]:
    """Where wanted, the first Ctrl-C only makes the given function true; the next one interrupts."""
    seen = False

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        seen = True
        signal.signal(signal.SIGINT, previous)

    previous = signal.getsignal(signal.SIGINT)
    if wanted:
        signal.signal(signal.SIGINT, note)
    try:
        yield lambda: seen
    finally:
        signal.signal(signal.SIGINT, previous)
