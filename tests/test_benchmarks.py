"""The command of the benchmarks, and its table; what they measure takes minutes, and is not a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

import scenarios
from benchmarks import measure
from benchmarks.__main__ import bench, table
from benchmarks.measure import Measurement, Row

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As a person starts it, who has no other path than the folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_every_scenario_has_its_cases(name: str) -> None:
    assert callable(bench(name))


def test_an_unknown_scenario_is_told_in_one_line_with_the_nearest() -> None:
    result = run("lotery")
    assert result.returncode == 2
    assert result.stderr == "error: SCENARIO must be a known scenario (got 'lotery'); did you mean lottery?\n"


def test_a_case_is_compared_with_its_baseline() -> None:
    plain = Row(scenario="lottery", case="plain", measured=Measurement(records_per_second=2_000.4))
    measured = Measurement(records_per_second=5_000, first_memory_mib=1_000, peak_memory_mib=1_100)
    ours = Row(scenario="lottery", case="ours", measured=measured, baseline=plain, record_bytes=400)
    console = Console(width=120)
    with console.capture() as shown:
        console.print(table([plain, ours]))
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.get().splitlines() if "lottery" in line]
    assert lines == [
        ["lottery: plain", "1", "", "2,000", "", "1", ""],
        ["lottery: ours", "2.50", "plain", "5,000", "2.0", "1", "1,000 to 1,100"],
    ]
    assert (ours.as_json()["ratio"], ours.as_json()["ratio_to"]) == (2.5, "plain")


def measured(monkeypatch: pytest.MonkeyPatch, *, records: int, per_second: int) -> Measurement:
    """The measurement of an input that comes at a steady rate, and ends; by a clock that nobody waits for."""
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    clock.sleep = lambda seconds: setattr(clock, "now", clock.now + seconds)
    monkeypatch.setattr(measure, "time", clock)
    return measure.measure(lambda: min(records, int(clock.now * per_second)), ())


def test_the_rate_is_that_after_the_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, records=10_000, per_second=100).records_per_second == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("ends_after", [6, 9, 14])
def test_an_input_that_ends_before_is_measured_while_it_lasts(ends_after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = measured(monkeypatch, records=ends_after * 100 + 50, per_second=100)
    assert shown.records_per_second == pytest.approx(100, rel=0.01)


def test_an_input_that_ends_at_once_cannot_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match=r"the input must last for some seconds \(got 150 records\)"):
        measured(monkeypatch, records=150, per_second=100)
