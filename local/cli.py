"""The command line: ``python -m local run | stop | setup``."""

from __future__ import annotations

import difflib
import platform
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import pyflink.version
import typer
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaException
from requests import RequestException
from rich.console import RenderableType

from flink_constructs.connector_jar import BuildError
from local.errors import RunError, UsageError
from local.report import Report
from local.run import SERVICES, LocalRun, new_folder, stop_kept
from local.scenarios import InteractiveScenario, Outcome, Scenario
from local.scenarios.data_generator import DataGenerator
from local.scenarios.lottery import Lottery
from local.scenarios.prometheus_metrics import PrometheusMetrics
from local.scenarios.streaming_etl import StreamingEtl
from local.scenarios.taxi_analytics import TaxiAnalytics
from local.services.service import Service
from local.synth import synthesize
from local.terminal import console, errors
from local.watch import News, RunOptions, drain, feed, talk
from stacks.project import ROOT

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Run a scenario on this machine: the very template and bundle that you deploy, on real servers.",
)
SCENARIOS: dict[str, Scenario] = {
    "data-generator": DataGenerator(),
    "prometheus-metrics": PrometheusMetrics(),
    "streaming-etl": StreamingEtl(),
    "lottery": Lottery(),
    "taxi-analytics": TaxiAnalytics(),
}
#: What clients raise about a server that stopped answering.
SERVER_ERRORS = (RequestException, KafkaException, BotoCoreError, ClientError)
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
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Type the events yourself, where a scenario takes them.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything up; [b]stop[/b] ends it.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the figures to a JSON file.", show_default=False)
    ] = None,
) -> None:
    """Run a scenario: synthesize its stack, start the local counterparts, submit the bundle, count what arrives.

    Without --records and --duration it runs until Ctrl-C, and then reports.
    """
    with exit_status():
        chosen = scenario_named(scenario)
        overrides = dict(_override(text) for text in context or [])
        seconds = _seconds(duration) if duration else None
        if sum(map(bool, (records, seconds, interactive))) > 1:
            raise UsageError("--records, --duration and --interactive exclude each other: say when to end in one way")
        if interactive and not isinstance(chosen, InteractiveScenario):
            able = ", ".join(name for name, one in SCENARIOS.items() if isinstance(one, InteractiveScenario))
            raise UsageError(
                f"--interactive must be for a scenario that takes typed events (got {scenario!r}); known is {able}"
            )
        if report and (report.is_dir() or not report.resolve().parent.is_dir()):
            raise UsageError(f"--report must be a file in a folder that exists (got {str(report)!r})")
        if report and report.suffix == ".html":
            raise UsageError(f"--report must be a JSON file (got {str(report)!r}); a page is written beside it")
        options = RunOptions(records=records, seconds=seconds, interactive=interactive, keep=keep)
        shown = _run(scenario, chosen, overrides, options)
        console.print(shown.report.table())
        if shown.epilogue is not None:
            console.print(shown.epilogue)
        if report:
            shown.report.write(report)
            console.print(f"report: {report}", soft_wrap=True)
        if shown.page:
            beside = shutil.copyfile(shown.page, report.with_suffix(".html")) if report else shown.page
            console.print(f"page: {shown.address or beside.resolve().as_uri()}", soft_wrap=True)


@app.command()
def stop() -> None:
    """Stop what runs with --keep, or runs that were killed, have left."""
    with exit_status():
        stopped = stop_kept()
        for name in stopped:
            console.print(f"stopped {name}")
        if not stopped:
            console.print("nothing was running")


@app.command()
def setup() -> None:
    """Build the connector jars and fetch what the local servers need; does nothing that is done."""
    with exit_status():
        from stacks.project import job_bundle, jobs

        for service in SERVICES:
            with console.status(f"set-up: {service.title}"):
                _fetch(service)
        for name in jobs():
            with console.status(f"set-up: the bundle of {name}"):
                job_bundle(name).build()


def _fetch(service: type[Service]) -> None:
    """Fetch a server; one that cannot be had is told of, and in the way of those scenarios alone that need it."""
    try:
        service.fetch()
    except RunError as error:
        errors.print(f"warning: {service.title} is left out: {error}", markup=False)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What a run ends with: the page is a file, and has an address where it is served."""

    report: Report
    epilogue: RenderableType | None
    page: Path | None
    address: str | None


def _run(name: str, scenario: Scenario, overrides: dict[str, str], options: RunOptions) -> _Shown:
    folder = new_folder(name)
    with console.status("synthesizing the stack"):
        assembly = synthesize(name, overrides, folder / "cdk.out")
    with LocalRun(assembly, folder, keep=options.keep) as local:
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
        if options.interactive and isinstance(scenario, InteractiveScenario):
            conversation = scenario.conversation(local)
            news = News(conversation.news)
            elapsed = talk(conversation, job)
        else:
            news = News(lambda: scenario.news(local))
            elapsed = feed(scenario, local, job, options, news)
        with console.status("waiting until the job has processed what it was fed"):
            drain(scenario, local, job, news)
        with console.status("stopping the job: every sink commits"):
            local.stop_job(job, watch=lambda: scenario.records_so_far(job))
        with console.status("counting what arrived"):
            outcome, epilogue, page = scenario.outcome(local, job), scenario.epilogue(local), scenario.page(local)
        address = local.serve(page) if page and options.keep else None
        if options.keep:
            console.print("kept; [b]python -m local stop[/b] ends it")
        return _Shown(report=_report(name, local, outcome, elapsed), epilogue=epilogue, page=page, address=address)


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


def scenario_named(name: str) -> Scenario:
    """The scenario of that name; raises a :class:`UsageError` that has the nearest one."""
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
def exit_status() -> Iterator[None]:
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
