"""The lottery as a user has it: players who click by themselves, or a person who types."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flink_apps.lottery.logic import REASONS
from stacks.project import ROOT
from tests.local.test_command import COMMAND, ENVIRONMENT

pytestmark = pytest.mark.integration

#: Short windows that are soon drawn, so that there are lotteries to be late for, and quick commits for the readers.
CONTEXT = {
    "lottery.window-seconds": "3",
    "lottery.grace-millis": "500",
    "lottery.idle-seconds": "1",
    "lottery.checkpoint-seconds": "1",
    "lottery.shards": "2",
}
WON = re.compile(r"lottery \d+, [0-9:]{8} to [0-9:]{8}: player \d+ wins, of ([0-9,]+) clicks?")


def command(report: Path, *arguments: str, connector: str) -> list[str]:
    context = {**CONTEXT, "lottery.connector": connector}
    overrides = [word for key, value in context.items() for word in ("-c", f"{key}={value}")]
    return [*COMMAND, "run", "lottery", *overrides, "--report", str(report), *arguments]


def figures(report: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(report.read_text())
    return read


def test_players_click_and_every_winner_and_every_reason_of_a_refusal_is_shown(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = subprocess.run(
        command(report, "--duration", "22s", connector="kinesis"),
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    records = figures(report)
    assert records["records_in"] > 3_000  # 200 clicks a second
    assert records["records_out"]["winners"] == result.stdout.count("verified") >= 5
    refused = {reason: int(number) for reason, number in re.findall(r"│ ([a-z-]+) +│ (\d+) +│", result.stdout)}
    assert set(refused) == set(REASONS)
    assert sum(refused.values()) == records["records_out"]["rejected"]
    assert records["dead_letters"] == refused["malformed"]
    assert len(WON.findall(result.stdout)) >= 4  # as they were drawn; the last ones perhaps only in the table


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that waits for what is typed."""
    run = subprocess.Popen(
        command(tmp_path / "report.json", "--interactive", connector="kafka"),
        cwd=ROOT,
        env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    patience = threading.Timer(240, run.terminate)  # what is listened for may never come
    patience.start()
    yield run
    patience.cancel()
    run.terminate()
    run.communicate(timeout=60)


def heard(run: subprocess.Popen[str], *texts: str) -> list[str]:
    """The first line with each of the texts in it, in whatever order they come."""
    assert run.stdout
    lines: dict[str, str] = {}
    for line in run.stdout:
        lines = {text: line for text in texts if text in line} | lines
        if len(lines) == len(texts):
            return [lines[text] for text in texts]
    pytest.fail(f"the run ended without {set(texts) - set(lines)}: {run.stderr.read() if run.stderr else ''}")


def test_a_person_starts_a_lottery_buys_clicks_and_hears_who_won(typed: subprocess.Popen[str], tmp_path: Path) -> None:
    assert typed.stdin
    heard(typed, "quit: the end")
    for line in ("start 1", "buy 7 10", "click 7 1 3", "clik", "buy 7 0"):
        typed.stdin.write(f"{line}\n")
    typed.stdin.flush()
    refused = "refused, too-few-coupons: Cannot buy fewer coupons than 1"
    unknown, won, _ = heard(typed, "there is no command", "wins", refused)
    assert "did you mean click?" in unknown
    assert won.endswith("player 7 wins, of 3 clicks\n")

    typed.stdin.write("click 7 1 2\nclick 8 1\nquit\n")
    typed.stdin.flush()
    out, errors = typed.communicate(timeout=120)
    assert typed.returncode == 0, errors
    assert out.count("verified") == 2
    report = figures(tmp_path / "report.json")
    assert (report["records_in"], report["records_out"]) == (9, {"winners": 2, "rejected": 2})
