"""The command line: ``python -m ops status | start | stop | …``."""

from __future__ import annotations

import json as jsons
import re
import webbrowser
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from ops.account import Account
from ops.errors import UsageError, exit_status
from ops.logs import Event, Log, Side, Wanted
from ops.operations import Operations
from ops.status import status as status_of
from ops.status import table
from ops.terminal import console

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="See, start, stop and change the applications of Managed Service for Apache Flink, whoever has deployed them. "
    "[b]--endpoint-url[/b], or AWS_ENDPOINT_URL, turns to the service of [b]python -m local cloud[/b].",
)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_STYLES = {"ERROR": "red", "WARN": "yellow", "DEBUG": "dim"}

Name = Annotated[str, typer.Argument(metavar="APPLICATION", help="The application's name.", show_default=False)]
Region = Annotated[str | None, typer.Option(help="The AWS Region; else that of the profile.", show_default=False)]
Profile = Annotated[str | None, typer.Option(help="The profile with the credentials.", show_default=False)]
Endpoint = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The address of the service, such as that of a local one.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
AllowNonRestoredState = Annotated[
    bool, typer.Option("--allow-non-restored-state", help="Let state go whose operator the job no longer has.")
]


@app.command()
def status(
    applications: Annotated[
        list[str] | None, typer.Argument(help="Names of applications; else all of the account.", show_default=False)
    ] = None,
    stack: Annotated[str | None, typer.Option(help="All applications of this stack.", show_default=False)] = None,
    json: AsJson = False,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Show state, version, KPUs, last checkpoint, lag and restarts of applications.

    The KPUs are those that are billed: one orchestrates. Lag and restarts are of the last hour.

    For example: python -m ops status --stack lottery
    """
    with exit_status():
        account = Account(region, profile, endpoint_url)
        if applications and stack:
            raise UsageError("APPLICATION and --stack exclude each other: name one or the other")
        found = [status_of(account, name) for name in applications or account.names(stack)]
        if json:
            _print_json([one.json() for one in found])
        elif found:
            console.print(table(found))
        else:
            console.print("there is no application in this account and Region")


@app.command()
def start(
    application: Name,
    restore: Annotated[
        str, typer.Option(metavar="latest|none|SNAPSHOT", help="The state that the job begins with.")
    ] = "latest",
    allow_non_restored_state: AllowNonRestoredState = False,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Start an application, and wait until its job runs.

    For example: python -m ops start lottery --restore before-the-change
    """
    with exit_status():
        operations = Operations(Account(region, profile, endpoint_url), application)
        operations.start(restore, allow_non_restored_state=allow_non_restored_state)


@app.command()
def stop(
    application: Name,
    force: Annotated[
        bool, typer.Option("--force", help="Without a snapshot: what came after the last one is processed again.")
    ] = False,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Stop an application with a snapshot, and wait until it has stopped.

    For example: python -m ops stop lottery
    """
    with exit_status():
        Operations(Account(region, profile, endpoint_url), application).stop(force=force)


@app.command()
def snapshot(
    application: Name,
    name: Annotated[str | None, typer.Option(help="Its name; else one with the time.", show_default=False)] = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Take a snapshot of a running application, and wait until it can be restored.

    For example: python -m ops snapshot lottery --name before-the-change
    """
    with exit_status():
        taken = Operations(Account(region, profile, endpoint_url), application).snapshot(name)
        console.print(f"snapshot: {taken}", markup=False)


@app.command()
def snapshots(
    application: Name,
    json: AsJson = False,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """List the snapshots of an application, the newest one first.

    For example: python -m ops snapshots lottery --json
    """
    with exit_status():
        found = Operations(Account(region, profile, endpoint_url), application).snapshots()
        rows = [
            {
                "name": one["SnapshotName"],
                "status": one["SnapshotStatus"],
                "version": one["ApplicationVersionId"],
                "at": f"{one['SnapshotCreationTimestamp']:%Y-%m-%dT%H:%M:%S%z}" if _timed(one) else None,
            }
            for one in found
        ]
        if json:
            _print_json(rows)
        elif rows:
            shown = Table()
            for column in ("snapshot", "status", "version", "taken at"):
                shown.add_column(column, overflow="fold")
            for row in rows:
                shown.add_row(*(str(value or "-") for value in row.values()))
            console.print(shown)
        else:
            console.print(f"{application} has no snapshot")


@app.command()
def restore(
    application: Name,
    snapshot: Annotated[str, typer.Argument(help="The snapshot's name.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Stop a running job without a snapshot.")] = False,
    allow_non_restored_state: AllowNonRestoredState = False,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Take an application back to a snapshot: stop it if it runs, and start it from there.

    For example: python -m ops restore lottery before-the-change
    """
    with exit_status():
        operations = Operations(Account(region, profile, endpoint_url), application)
        operations.restore(snapshot, force=force, allow_non_restored_state=allow_non_restored_state)


@app.command()
def rollback(application: Name, region: Region = None, profile: Profile = None, endpoint_url: Endpoint = None) -> None:
    """Take an application back to the version before its last update, with the snapshot that this began with.

    For example: python -m ops rollback lottery
    """
    with exit_status():
        version = Operations(Account(region, profile, endpoint_url), application).rollback()
        console.print(f"version: {version}")


@app.command()
def scale(
    application: Name,
    parallelism: Annotated[int, typer.Option(min=1, help="Parallel tasks of each operator.", show_default=False)],
    per_kpu: Annotated[
        int | None,
        typer.Option(min=1, max=8, help="Tasks of each operator in one KPU; else as now.", show_default=False),
    ] = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Change the parallelism of an application; a running job goes on from a snapshot.

    For example: python -m ops scale lottery --parallelism 4
    """
    with exit_status():
        Operations(Account(region, profile, endpoint_url), application).scale(parallelism, per_kpu)


@app.command()
def logs(
    application: Name,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Such as 10m; else since the last start.", show_default=False)
    ] = None,
    level: Annotated[str, typer.Option(help="The lowest level: DEBUG, INFO, WARN or ERROR.")] = "INFO",
    side: Annotated[Side | None, typer.Option(help="Of Python alone, or of the JVM.", show_default=False)] = None,
    subtask: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="A part of the task's thread, such as '(1/2)'.", show_default=False),
    ] = None,
    json: AsJson = False,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Show an application's log since its last start.

    For example: python -m ops logs lottery --follow --level WARN --side python
    """
    with exit_status():
        wanted = Wanted(level=level.upper(), side=side, subtask=subtask)
        log = Log(Account(region, profile, endpoint_url), application)
        begin = datetime.now(UTC) - _time(since) if since else log.last_start()
        for event in filter(wanted.has, log.events(begin, follow=follow)):
            _print_event(event, json=json)


@app.command()
def ui(
    application: Name,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it, or print its address only.")] = True,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Open Flink's own dashboard of a running application; the address is good for three minutes.

    For example: python -m ops ui lottery --no-browser
    """
    with exit_status():
        address = Operations(Account(region, profile, endpoint_url), application).dashboard()
        console.print(address, soft_wrap=True, markup=False, highlight=False)
        if browser:
            webbrowser.open(address)


def _print_json(value: Iterable[dict[str, Any]]) -> None:
    console.print(jsons.dumps(list(value), indent=2), soft_wrap=True, markup=False, highlight=False)


def _print_event(event: Event, *, json: bool) -> None:
    if json:
        console.print(jsons.dumps(event.json()), soft_wrap=True, markup=False, highlight=False)
        return
    text = f"{event.at:%H:%M:%S} {event.level:5} {event.place}: {event.message}"
    console.print(Text("\n".join([text, *event.stack]), style=_STYLES.get(event.level, "")), soft_wrap=True)


def _time(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise UsageError(f"--since must be a time back from now (got {text!r}); write for example 30s, 10m or 2h")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _timed(snapshot: Any) -> bool:  # noqa: ANN401 - its type is not there at run time
    return bool(snapshot.get("SnapshotCreationTimestamp"))
