"""``python -m benchmarks [SCENARIO]``: measure, print a table with ratios, write build/bench.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Table

import scenarios
from benchmarks.measure import Row
from local.cli import exit_status, known_scenario
from stacks.project import BUILD

console = Console()
#: Measures a scenario's cases one after the other; it is given what reports the case that is about to begin.
Bench = Callable[[Callable[[str], None]], Iterator[Row]]


def bench(scenario: str) -> Bench:
    """The benchmark of a scenario: ``run`` of the module that has its name."""
    return cast("Bench", scenarios.module("benchmarks", scenario).run)


def main(
    scenario: Annotated[str | None, typer.Argument(help=f"One of: {', '.join(scenarios.NAMES)}. Default: all.")] = None,
) -> None:
    """Measure each scenario beside its baselines, in one run: quote the ratios, a machine's speed drifts."""
    with exit_status():
        if scenario is not None:
            known_scenario(scenario)
        rows: list[Row] = []
        for name in [scenario] if scenario else scenarios.NAMES:
            for row in bench(name)(lambda case, name=name: console.print(f"measuring {name}: {case} …")):  # type: ignore[misc] # mypy cannot tell its name
                console.print(f"  {row.measured.records_per_second:,.0f} records/s")
                rows.append(row)
        console.print(table(rows))
        BUILD.mkdir(exist_ok=True)
        figures = json.dumps([row.as_json() for row in rows], indent=2)
        (BUILD / "bench.json").write_text(figures + "\n", encoding="utf-8")


def table(rows: list[Row]) -> Table:
    """A line for each case; a baseline has 1 for its ratio."""
    result = Table(title="throughput")
    result.add_column("case")
    for heading in ("parallelism", "records/s", "MB/s", "ratio", "memory (MiB)"):
        result.add_column(heading, justify="right")
    baselines = [row.baseline for row in rows]
    for row in rows:
        memory = row.measured.first_memory_mib, row.measured.peak_memory_mib
        result.add_row(
            f"{row.scenario}: {row.case}",
            str(row.parallelism),
            f"{row.measured.records_per_second:,.0f}",
            f"{row.megabytes_per_second:,}" if row.megabytes_per_second else "",
            f"{row.ratio:.2f}" if row.ratio is not None else "1" if row in baselines else "",
            f"{memory[0]:,} to {memory[1]:,}" if any(memory) else "",
        )
    result.caption = "ratio: to the case with 1 above; memory: TaskManagers and their Python workers, at first and most"
    return result


if __name__ == "__main__":
    typer.run(main)
