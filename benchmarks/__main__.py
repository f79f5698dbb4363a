"""``python -m benchmarks [SCENARIO]``: measure, print a table with ratios, write build/bench.json."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Protocol, cast

import typer
from rich.console import Console
from rich.table import Table

import scenarios
from benchmarks.measure import Row
from local.cli import known_scenario
from local.exit_status import exit_status
from local.services.registry import client_errors
from stacks.project import BUILD

console = Console()


class Bench(Protocol):
    """Measures a scenario's cases, one after the other."""

    def __call__(self, say: Callable[[str], None], *, long: bool) -> Iterator[Row]:
        """The rows; ``say`` is told which case is about to begin, ``long`` adds those that take minutes."""


def bench(scenario: str) -> Bench:
    """The benchmark of a scenario: ``run`` of the module that has its name."""
    return cast("Bench", scenarios.module("benchmarks", scenario).run)


def main(
    scenario: Annotated[str | None, typer.Argument(help=f"One of: {', '.join(scenarios.NAMES)}. Default: all.")] = None,
    long: Annotated[bool, typer.Option("--long", help="Also the cases that take minutes.")] = False,
) -> None:
    """Measure each scenario beside its baselines, in one run: quote the ratios, a machine's speed drifts."""
    with exit_status(), client_errors():
        if scenario is not None:
            known_scenario(scenario)
        rows: list[Row] = []
        for name in [scenario] if scenario else scenarios.NAMES:
            began = time.monotonic()
            for row in bench(name)(functools.partial(_announce, name), long=long):
                console.print(f"  {row.measured.records_per_second:,.0f} records/s")
                rows.append(row)
            console.print(f"{name} took {time.monotonic() - began:.0f} s")
        console.print(table(rows))
        BUILD.mkdir(exist_ok=True)
        figures = json.dumps([row.as_json() for row in rows], indent=2)
        (BUILD / "bench.json").write_text(figures + "\n", encoding="utf-8")


def _announce(scenario: str, case: str) -> None:
    console.print(f"measuring {scenario}: {case} …")


def table(rows: list[Row]) -> Table:
    """A line for each case; what others are compared with, and is compared with none, has 1 for its ratio."""
    result = Table(title="throughput")
    result.add_column("case")
    result.add_column("ratio", justify="right")
    result.add_column("to")
    for heading in ("records/s", "MB/s", "parallelism", "memory (MiB)"):
        result.add_column(heading, justify="right")
    baselines = [row.baseline for row in rows]
    for row in rows:
        memory = row.measured.first_memory_mib, row.measured.peak_memory_mib
        result.add_row(
            f"{row.scenario}: {row.case}",
            f"{row.ratio:.2f}" if row.ratio is not None else "1" if row in baselines else "",
            row.baseline.case if row.baseline else "",
            f"{row.measured.records_per_second:,.0f}",
            f"{row.megabytes_per_second:,}" if row.megabytes_per_second else "",
            str(row.parallelism),
            f"{memory[0]:,} to {memory[1]:,}" if any(memory) else "",
        )
    result.caption = "memory: TaskManagers and their Python workers, at first and most"
    return result


if __name__ == "__main__":
    typer.run(main)
