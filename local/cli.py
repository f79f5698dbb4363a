"""The command line: ``python -m local run | stop | setup``."""

from __future__ import annotations

import difflib
import platform
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import pyflink.version
import typer
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaException
from requests import RequestException
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from flink_constructs.connector_jar import BuildError
from local.errors import RunError, UsageError
from local.feeders import Feeders
from local.flink.rest import Job
from local.report import Report
from local.run import SERVICES, LocalRun, new_folder, stop_kept
from local.scenarios import Outcome, Scenario
from local.scenarios.data_generator import DataGenerator
from local.scenarios.streaming_etl import StreamingEtl
from local.synth import synthesize
from stacks.project import ROOT

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Run a scenario on this machine: the very template and bundle that you deploy, on real servers.",
)
console = Console()
errors = Console(stderr=True, soft_wrap=True, highlight=False)

SCENARIOS: dict[str, Scenario] = {"data-generator": DataGenerator(), "streaming-etl": StreamingEtl()}
#: What clients raise about a server that stopped answering.
SERVER_ERRORS = (RequestException, KafkaException, BotoCoreError, ClientError)
#: For how long a job may work on what it was fed, once its feeders have ended.
DRAIN_SECONDS = 60
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help=f"One of: {', '.join(SCENARIOS)}.", show_default=False)],
    context: Annotated[
        list[str] | None,
        typer.Option(
            "--context", "-c", metavar="KEY=VALUE", help="Override a context value, as with [b]cdk deploy -c[/b]."
        ),
    ] = None,
    records: Annotated[
        int | None,
        typer.Option(min=1, help="End when this many input records have been processed.", show_default=False),
    ] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="TIME", help="End after this time, such as 30s or 5m.", show_default=False)
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything up; [b]stop[/b] ends it.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the figures to a JSON file.", show_default=False)
    ] = None,
) -> None:
    """Run a scenario: synthesize its stack, start the local counterparts, submit the bundle, count what arrives.

    Without --records and --duration it runs until Ctrl-C, and then reports.
    """
    with _exit_status():
        chosen = _scenario(scenario)
        overrides = dict(_override(text) for text in context or [])
        seconds = _seconds(duration) if duration else None
        if records and seconds:
            raise UsageError("--records and --duration exclude each other: say when to end in one way")
        if report and (report.is_dir() or not report.resolve().parent.is_dir()):
            raise UsageError(f"--report must be a file in a folder that exists (got {str(report)!r})")
        result, epilogue = _run(scenario, chosen, overrides, records, seconds, keep)
        console.print(result.table())
        if epilogue is not None:
            console.print(epilogue)
        if report:
            result.write(report)
            console.print(f"report: {report}")


@app.command()
def stop() -> None:
    """Stop what runs with --keep, or runs that were killed, have left."""
    with _exit_status():
        stopped = stop_kept()
        for name in stopped:
            console.print(f"stopped {name}")
        if not stopped:
            console.print("nothing was running")


@app.command()
def setup() -> None:
    """Build the connector jars and fetch what the local servers need; does nothing that is done."""
    with _exit_status():
        from stacks.project import job_bundle

        for service in SERVICES:
            with console.status(f"set-up: {service.title}"):
                service.fetch()
        for name in SCENARIOS:
            with console.status(f"set-up: the bundle of {name}"):
                job_bundle(name).build()


def _run(
    name: str, scenario: Scenario, overrides: dict[str, str], records: int | None, seconds: float | None, keep: bool
) -> tuple[Report, RenderableType | None]:
    folder = new_folder(name)
    with console.status("synthesizing the stack"):
        assembly = synthesize(name, overrides, folder / "cdk.out")
    with LocalRun(assembly, folder, keep=keep) as local:
        with console.status(f"starting {', '.join([*(service.title for service in local.services), 'Flink'])}"):
            local.start()
        for service in local.services:
            console.print(f"{service.title}: {service.address}")
        for title, cluster in local.clusters.items():
            console.print(f"{title}: {cluster.rest.address}")
        console.print(f"logs: {folder.relative_to(ROOT)}", soft_wrap=True)
        with console.status("putting data in place"):
            scenario.prepare(local)
        with console.status("submitting the job"):
            job = local.submit()
        feeders = Feeders(local, [name for name in scenario.feeders if name in local.clusters])
        elapsed = _watch(scenario, job, feeders, records, seconds)
        with console.status("waiting until the job has processed what it was fed"):
            feeders.stop()
            _drain(scenario, local, job)
        with console.status("stopping the job: every sink commits"):
            local.stop_job(job, watch=lambda: scenario.records_so_far(job))
        with console.status("counting what arrived"):
            outcome, epilogue = scenario.outcome(local, job), scenario.epilogue(local)
        if keep:
            console.print("kept; [b]python -m local stop[/b] ends it")
        return _report(name, local, outcome, elapsed), epilogue


def _watch(scenario: Scenario, job: Job, feeders: Feeders, records: int | None, seconds: float | None) -> float:
    """Feed the job once it runs, and show the progress until the end is reached; gives the seconds that it was fed."""
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
        running, failures = 0.0, 0
        fed_from: float | None = None
        while True:
            state = job.state
            if state in ("FAILED", "CANCELED"):
                raise RunError(f"the job failed: {job.root_cause()}")
            done = scenario.records_so_far(job)
            before, running = running, job.running_seconds() if state == "RUNNING" else 0.0
            if state in ("RESTARTING", "FAILING") or running < before:
                failures += 1
                fed_from = fed_from and 0.0  # the job's time begins anew
                progress.console.print(f"the job restarts: {job.root_cause()}", style="yellow", markup=False)
                if done == 0 and failures >= 3:
                    raise RunError(f"the job never started: {job.root_cause()}")
                time.sleep(1)
            if running:
                for name in feeders.submit():
                    progress.update(task, description=f"submitting {name}")
                if fed_from is None and feeders.running():
                    fed_from = running if feeders.names else 0.0
            feeders.check()
            elapsed = 0.0 if fed_from is None else max(0.0, running - fed_from)
            progress.update(
                task,
                description="running" if elapsed else "starting",
                completed=done if records else min(elapsed, seconds or elapsed),
                figures=f"{done:,} records",
            )
            if interrupted() or (records and done >= records) or (seconds and elapsed >= seconds):
                return elapsed
            time.sleep(max(0.0, min(0.25, seconds - elapsed)) if seconds and elapsed else 0.25)


def _drain(scenario: Scenario, local: LocalRun, job: Job) -> None:
    """Wait until the job has processed what it was fed, or tell that it has not."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while not scenario.drained(local, job):
        if job.state in ("FAILED", "CANCELED"):
            raise RunError(f"the job failed: {job.root_cause()}")
        if time.monotonic() > deadline:
            console.print(f"the job is stopped with records unread: it needed more than {DRAIN_SECONDS} s for them")
            return
        time.sleep(0.5)


def _report(name: str, local: LocalRun, outcome: Outcome, elapsed: float) -> Report:
    return Report(
        scenario=name,
        records_in=outcome.records_in,
        records_out=outcome.records_out,
        dead_letters=outcome.dead_letters,
        duration_seconds=round(elapsed, 3),
        records_per_second=round(outcome.records_in / elapsed, 1) if elapsed else 0.0,
        parallelism=local.cluster.spec.parallelism,
        versions={
            "flink": pyflink.version.__version__,
            "python": platform.python_version(),
            **{service.title.lower(): service.version for service in local.services},
        },
    )


def _scenario(name: str) -> Scenario:
    if name not in SCENARIOS:
        near = difflib.get_close_matches(name, SCENARIOS, n=1, cutoff=0.4)
        fix = f"did you mean {near[0]}?" if near else f"known are {', '.join(SCENARIOS)}"
        raise UsageError(f"SCENARIO must be a known scenario (got {name!r}); {fix}")
    return SCENARIOS[name]


def _override(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"-c must be KEY=VALUE (got {text!r}); for example -c data-generator.records-per-second=5000")
    return key, value


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", text)
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if seconds <= 0:
        raise UsageError(f"--duration must be a time above 0 (got {text!r}); write for example 30s, 5m or 1h")
    return seconds


@contextmanager
def _exit_status() -> Iterator[None]:
    """One line for whatever goes wrong: 2 for wrong use, 1 for a failure, 130 for Ctrl-C; and a polite end for each."""

    def terminate(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, terminate)
    try:
        yield
    except UsageError as error:
        _end(error, 2)
    except (RunError, BuildError, *SERVER_ERRORS) as error:
        _end(error, 1)
    except KeyboardInterrupt:
        errors.print("interrupted; everything that was started has been stopped")
        sys.exit(130)


def _end(error: Exception, status: int) -> NoReturn:
    errors.print(f"error: {error}", markup=False)
    sys.exit(status)


@contextmanager
def _first_interrupt(wanted: bool) -> Iterator[Callable[[], bool]]:
    """Where wanted, the first Ctrl-C only sets what the given function answers; the next one interrupts."""
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
