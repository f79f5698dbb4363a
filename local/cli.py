"""The command line: ``python -m local run | upgrade | deploy | destroy | permissions | cloud | stop | setup``."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Annotated

import typer

import scenarios
from flink_apps.common.properties import nearest
from local.errors import RunError, UsageError
from local.exit_status import exit_status
from local.options import RunOptions
from local.scenarios import takes_typed_events
from local.services.managed_flink import DEFAULT_PORT
from local.terminal import console, errors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Run a scenario on this machine: the very template and bundle that you deploy, on real servers.",
)
#: The managed service's: six hours, the longest time that it measures, in a few seconds.
_FASTEST_CLOCK = 10_000
Scenario = Annotated[str, typer.Argument(help=f"One of: {', '.join(scenarios.NAMES)}.", show_default=False)]
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@app.command()
def run(
    scenario: Scenario,
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
    savepoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Stop with a savepoint, as an update does, and keep it here; [b]upgrade[/b] goes on from it.",
            show_default=False,
        ),
    ] = None,
    permissions: Annotated[
        bool,
        typer.Option("--permissions", help="Record what the jobs call, and judge it by the template's policies."),
    ] = False,
) -> None:
    """Run a scenario: synthesize its stack, start the local counterparts, submit the bundle, count what arrives.

    Without --records and --duration it runs until Ctrl-C, and then reports.
    """
    with exit_status():
        known_scenario(scenario)
        overrides = _overrides(context)
        seconds = _seconds(duration) if duration else None
        if sum(map(bool, (records, seconds, interactive))) > 1:
            raise UsageError("--records, --duration and --interactive exclude each other: say when to end in one way")
        if interactive and not takes_typed_events(scenario):
            able = ", ".join(filter(takes_typed_events, scenarios.NAMES))
            raise UsageError(
                f"--interactive must be for a scenario that takes typed events (got {scenario!r}); known is {able}"
            )
        if report and (report.is_dir() or not report.resolve().parent.is_dir()):
            raise UsageError(f"--report must be a file in a folder that exists (got {str(report)!r})")
        if report and report.suffix == ".html":
            raise UsageError(f"--report must be a JSON file (got {str(report)!r}); a page is written beside it")
        if savepoint and (savepoint.exists() or not savepoint.resolve().parent.is_dir()):
            raise UsageError(f"--savepoint must be a new folder in one that exists (got {str(savepoint)!r})")
        if permissions and keep:
            raise UsageError("--permissions and --keep exclude each other: the recording ends with the command")
        options = RunOptions(
            records=records,
            seconds=seconds,
            interactive=interactive,
            keep=keep,
            savepoint=savepoint,
            permissions=permissions,
        )
        from local.execute import execute  # with the clients of all servers, which the other commands need not wait for

        shown = execute(scenario, overrides, options)
        console.print(shown.report.table())
        if shown.epilogue is not None:
            console.print(shown.epilogue)
        if report:
            shown.report.write(report)
            console.print(f"report: {report}", soft_wrap=True)
        if shown.page:
            beside = shutil.copyfile(shown.page, report.with_suffix(".html")) if report else shown.page
            console.print(f"page: {shown.address or beside.resolve().as_uri()}", soft_wrap=True)
        if shown.permissions:
            for line in shown.permissions.lines:
                console.print(line, markup=False, highlight=False, soft_wrap=True)
        shown.report.check()
        if shown.permissions:
            shown.permissions.check()


@app.command()
def upgrade(
    scenario: Scenario,
    savepoint: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="SAVEPOINT|RELEASE",
            help="The folder of a savepoint, or a release whose savepoints the repository keeps.",
            show_default=False,
        ),
    ],
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "-c", metavar="KEY=VALUE", help="A context value of the changed application."),
    ] = None,
    allow_non_restored_state: Annotated[
        bool,
        typer.Option("--allow-non-restored-state", help="Let state go whose operator the application no longer has."),
    ] = False,
) -> None:
    """Say whether the application, as it is now, can go on from a savepoint; nothing is deployed.

    It is restored on local servers without data. Each operator with state [b]restores[/b], [b]starts empty[/b], is
    [b]dropped[/b], or [b]cannot be read[/b]. The exit status is 0 if all goes on, else 1.

    For example: python -m local upgrade streaming-etl -c streaming-etl.sinks=s3,opensearch,kafka --from my-savepoint
    """
    with exit_status():
        known_scenario(scenario)
        overrides = _overrides(context)
        from local import upgrade as upgrades  # with the clients of all servers

        folder, kept = upgrades.savepoint_of(savepoint, scenario)
        verdict = upgrades.check(scenario, kept | overrides, folder, allow_non_restored_state=allow_non_restored_state)
        console.print(verdict.table())
        verdict.check()
        console.print(verdict.text)


@app.command()
def cloud(
    port: Annotated[
        int, typer.Option(help="The port that it prefers; another one where that is taken.")
    ] = DEFAULT_PORT,
    clock_speed: Annotated[
        float, typer.Option(metavar="FACTOR", help="How many times as fast the service's time passes.")
    ] = 1,
) -> None:
    """Be the managed service: its API, S3 and logs, until Ctrl-C.

    Any SDK and the AWS command line can talk to it. An application that is started runs on a Flink cluster of its own.
    """
    with exit_status():
        _check_port(port)
        if not 1 <= clock_speed <= _FASTEST_CLOCK:
            raise UsageError(f"--clock-speed must be from 1 to {_FASTEST_CLOCK} (got {clock_speed:g}); try 60")
        from local import cloud as clouds  # with the clients of all servers

        clouds.run(port, clock_speed)


@app.command()
def deploy(
    scenario: Scenario,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "-c", metavar="KEY=VALUE", help="A context value, as with [b]cdk deploy -c[/b]."),
    ] = None,
    port: Annotated[
        int, typer.Option(help="The port that a new control plane prefers; another one where that is taken.")
    ] = DEFAULT_PORT,
) -> None:
    """Rehearse a deployment: create or update the scenario's stack on this machine, as CloudFormation does.

    The servers go on when it has ended, and the application runs there: any SDK can talk to it. A deployment that fails
    is rolled back. [b]destroy[/b] deletes the stack, [b]stop[/b] ends all servers.

    For example: python -m local deploy lottery

    And then, with another option: python -m local deploy lottery -c lottery.stable-for-seconds=10
    """
    with exit_status():
        known_scenario(scenario)
        _check_port(port)
        overrides = _overrides(context)
        from local.deploy import commands  # with the clients of all servers

        commands.deploy(scenario, overrides, port)


@app.command()
def destroy(
    scenario: Scenario,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "-c", metavar="KEY=VALUE", help="The context; the stage says which stack it is."),
    ] = None,
) -> None:
    """Delete a stack that was deployed here; what its policies retain stays until [b]stop[/b].

    For example: python -m local destroy lottery
    """
    with exit_status():
        known_scenario(scenario)
        overrides = _overrides(context)
        from local.deploy import commands  # with the clients of all servers

        commands.destroy(scenario, overrides)


@app.command()
def permissions(
    scenario: Scenario,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "-c", metavar="KEY=VALUE", help="The [b]stage[/b] with which it was deployed."),
    ] = None,
) -> None:
    """Say what the jobs and functions of a stack that was deployed here have called, and what its policies say to that.

    A call that AWS would refuse is told by role, action and resource, and is an error. So far unused permissions are
    told as well.
    """
    with exit_status():
        known_scenario(scenario)
        overrides = _overrides(context)
        from local.deploy import commands  # with the clients of all servers

        told = commands.permissions(scenario, overrides)
        for line in told.lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        told.check()


@app.command()
def stop() -> None:
    """Stop what runs with --keep, deployed stacks, or runs that were killed, have left."""
    from local.runs import stop_kept

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
        from local.flink.final_counters import reporter
        from local.flink.savepoints import reader
        from local.services.registry import SERVICES
        from stacks.project import job_bundle, jobs

        with console.status("set-up: the readers of counters and savepoints"):
            reporter()
            reader()
        for service in SERVICES:
            with console.status(f"set-up: {service.title}"):
                try:
                    service.fetch()
                except RunError as error:  # it is in the way of those scenarios alone that need it
                    errors.print(f"warning: {service.title} is left out: {error}", markup=False)
        for name in jobs():
            with console.status(f"set-up: the bundle of {name}"):
                job_bundle(name).build()


def known_scenario(name: str) -> str:
    """The name of a scenario.

    Raises:
        UsageError: for a name that none has, with the nearest one.

    """
    if name not in scenarios.NAMES:
        fix = nearest(name, scenarios.NAMES)
        raise UsageError(f"SCENARIO must be a known scenario (got {name!r}); {fix}")
    return name


def _check_port(port: int) -> None:
    if not 1024 <= port <= 65535:
        raise UsageError(f"--port must be from 1024 to 65535 (got {port}); leave it out for one that is free")


def _overrides(context: list[str] | None) -> dict[str, str]:
    return dict(_override(text) for text in context or [])


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
