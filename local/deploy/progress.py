"""The events of a stack as they come: a table that changes in a terminal, else a line each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.live import Live
from rich.markup import escape
from rich.table import Table

from local.deploy.stack import STACK_TYPE, Event
from local.terminal import console

_STYLES = {"COMPLETE": "green", "FAILED": "red", "PROGRESS": "yellow", "SKIPPED": "cyan"}
#: Lines of a terminal that are not the table's rows.
_FRAME = 6


class Listener(Protocol):
    """Who is told of events."""

    def __call__(self, event: Event) -> None:
        """Take note of one."""


@contextmanager
def progress() -> Iterator[Listener]:
    """Show events while something is under way."""
    if not console.is_terminal:
        yield _print
        return
    latest: dict[str, Event] = {}

    def show(event: Event) -> None:
        latest.pop(event.logical_id, None)
        latest[event.logical_id] = event
        live.update(_table(list(latest.values())[-max(console.height - _FRAME, 5) :]), refresh=True)

    with Live(console=console, auto_refresh=False) as live:
        yield show
    for event in latest.values():  # what has scrolled out of the table, or did not fit into it
        if event.status.endswith("FAILED"):
            _print(event)


def _table(events: list[Event]) -> Table:
    table = Table("time", "status", "type", "resource", "reason", box=None, header_style="dim", expand=True)
    for event in events:
        kind = "Stack" if event.type == STACK_TYPE else event.type
        table.add_row(event.at[11:19], _status(event), kind, event.logical_id, escape(event.reason))
    return table


def _print(event: Event) -> None:
    kind = "Stack" if event.type == STACK_TYPE else event.type
    reason = f" | {escape(event.reason)}" if event.reason else ""
    text = f"{event.at[11:19]} | {_status(event)} | {kind} | {event.logical_id}{reason}"
    console.print(text, soft_wrap=True, highlight=False, emoji=False)


def _status(event: Event) -> str:
    style = next((style for end, style in _STYLES.items() if event.status.endswith(end)), "default")
    return f"[{style}]{event.status}[/]"
