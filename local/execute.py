"""A local run from its synthesis to what is shown of it."""

from __future__ import annotations

import dataclasses
import platform
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyflink.version
from rich.console import RenderableType

from local.flink.savepoints import Origin
from local.options import RunOptions
from local.report import Report
from local.restarts import WatchedJob
from local.run import LocalRun
from local.runs import new_folder
from local.scenarios import InteractiveScenario, Outcome, scenario_type
from local.services.registry import client_errors
from local.synth import synthesize
from local.terminal import console
from local.watch import News, drain, feed, talk
from stacks.project import ROOT

if TYPE_CHECKING:
    from local.permissions.recorder import Recorder
    from local.permissions.verdict import Permissions


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a run ends with: the page is a file, and has an address where it is served."""

    report: Report
    epilogue: RenderableType | None
    page: Path | None
    permissions: Permissions | None
    address: str | None


def execute(name: str, overrides: dict[str, str], options: RunOptions) -> Shown:
    """Run a scenario, and count what arrived.

    Args:
        name: The scenario's.
        overrides: Values of the context, by their keys.
        options: When to end, who feeds the job, and whether the servers stay.

    Raises:
        UsageError: for a context that the stack refuses.
        RunError: for a run that fails.

    """
    folder = new_folder(name)
    with console.status("synthesizing the stack"):
        assembly = synthesize(name, overrides, folder / "cdk.out")
    recorder = _recorder() if options.permissions else None
    with (
        client_errors(),
        recorder or nullcontext(),
        LocalRun(assembly, folder, keep=options.keep, recorder=recorder) as local,
    ):
        with console.status(f"starting {', '.join([*(service.title for service in local.services), 'Flink'])}"):
            local.start()
        for service in local.services:
            console.print(f"{service.title}: {service.address}")
        for title, cluster in local.clusters.items():
            console.print(f"{title}: {cluster.rest.address}")
        console.print(f"logs: {folder.relative_to(ROOT)}", soft_wrap=True)
        scenario = scenario_type(name)(local)
        with console.status("putting data in place"):
            scenario.prepare()
        with console.status("submitting the job"):
            job = local.submit(once=True)
        watched = WatchedJob(job)
        if options.interactive and isinstance(scenario, InteractiveScenario):
            conversation = scenario.conversation()
            news = News(conversation.news)
            elapsed = talk(conversation, watched)
        else:
            news = News(scenario.news)
            elapsed = feed(scenario, watched, options, news)
        with console.status("waiting until the job has processed what it was fed"):
            drain(scenario, watched, news)
        if options.savepoint:  # transactions that were pending in it would be unknown wherever it is tried
            job.checkpoint()
        with console.status("stopping the job: every sink commits"):
            local.stop_job(job, drain=options.savepoint is None)
        if options.savepoint:
            local.keep_savepoint(options.savepoint, Origin(scenario=name, context=overrides))
            console.print(f"savepoint: {options.savepoint}", soft_wrap=True)
        with console.status("counting what arrived"):
            outcome, epilogue, page = scenario.outcome(job), scenario.epilogue(), scenario.page()
        page = page and page.resolve()  # a link to the run's folder goes with the run
        address = local.serve(page) if page and options.keep else None
        if options.keep:
            console.print("kept; [b]python -m local stop[/b] ends it")
        if options.savepoint:  # what the job still holds is in no sink
            outcome = dataclasses.replace(outcome, accounts=())
        return Shown(
            report=_report(name, local, outcome, elapsed),
            epilogue=epilogue,
            page=page,
            permissions=_permissions(local, recorder) if recorder else None,
            address=address,
        )


def _recorder() -> Recorder:
    from local.permissions.recorder import Recorder  # with moto, which other runs need not wait for

    return Recorder()


def _permissions(local: LocalRun, recorder: Recorder) -> Permissions:
    from local.permissions.verdict import JOBS, Permissions, case_of  # as above

    case = case_of(local.assembly.template, local.attribute, recorder.calls, trusts=JOBS)
    return Permissions.of(case, recorder.unknown)


def _report(name: str, local: LocalRun, outcome: Outcome, elapsed: float) -> Report:
    return Report(
        scenario=name,
        records_in=outcome.records_in,
        records_out=outcome.records_out,
        dead_letters=outcome.dead_letters,
        duration_seconds=round(elapsed, 3),
        accounts=outcome.accounts,
        records_per_second=round(outcome.records_in / elapsed, 1) if elapsed else 0.0,
        parallelism=local.cluster.spec.parallelism,
        versions={
            "flink": pyflink.version.__version__,
            "python": platform.python_version(),
            **{service.title.lower(): service.version for service in local.services},
        },
    )
