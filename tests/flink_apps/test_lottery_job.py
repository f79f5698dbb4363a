"""Whole lotteries over files, by Flink itself in an embedded cluster: no servers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from flink_apps.lottery import job, logic, schema
from flink_apps.lottery.settings import EXECUTION_MODE
from flink_constructs.connector_jar import ConnectorJar
from tests.flink_apps.embedded import ROOT, rows, run_to_end

pytestmark = pytest.mark.integration

#: How many tasks there are, and how they call Python.
TASKS = [(1, "thread"), (3, "thread"), (2, "process")]
PLAYERS, COUPONS, CLICKS, WINDOW = 30, 20, 50, 10_000


def start(lottery_id: int) -> dict[str, Any]:
    return {"type": schema.START, "lotteryId": lottery_id}


Tasks = tuple[int, str]
#: Winners and refusals of each example.
Results = dict[tuple[str, Tasks], tuple[list[Any], list[Any]]]


def buy(user_id: int, coupons: int) -> dict[str, Any]:
    return {"type": schema.BUY, "userId": user_id, "purchasedCoupons": coupons}


def click(user_id: int, timestamp: int) -> dict[str, Any]:
    return {"type": schema.CLICK, "userId": user_id, "lotteryId": 1, "timestamp": timestamp}


#: What each of three players does, and what each of many does who click more often than they have coupons.
KNOWN = {user_id: [buy(user_id, 100), click(user_id, at)] for user_id, at in {1: 1_000, 2: 5_000, 3: 11_000}.items()}
CROWD = {
    user_id: [buy(user_id, COUPONS), *(click(user_id, user_id + number * 1_000) for number in range(CLICKS))]
    for user_id in range(PLAYERS)
}


def write(folder: Path, files: Mapping[int, Sequence[Mapping[str, Any]]]) -> str:
    """Each player's events in a file, which one task reads in its order."""
    folder.mkdir(parents=True)
    for name, events in files.items():
        (folder / f"{name}.json").write_text("".join(f"{json.dumps(event)}\n" for event in events))
    return str(folder)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Winners and refusals of both examples at each parallelism; all in one process, which is slow to start."""
    base = tmp_path_factory.mktemp("lotteries")
    started = write(base / "starts", {1: [start(1)]})
    inputs = {name: write(base / name, players) for name, players in {"known": KNOWN, "crowd": CROWD}.items()}
    orders = {
        (name, (parallelism, mode)): {
            # All files are old: nothing in them is late by how long it takes to open the next.
            "properties": {
                "window.seconds": str(WINDOW // 1000),
                "grace.millis": "60000",
                "idle.seconds": "60",
                EXECUTION_MODE.key: mode,
            },
            "config": {"parallelism.default": str(parallelism)},
            "folders": {
                job.LOTTERY_EVENTS: started,
                job.USER_EVENTS: folder,
                **{table: str(base / f"{name}-{parallelism}-{mode}" / table) for table in (job.WINNERS, job.REJECTED)},
            },
        }
        for name, folder in inputs.items()
        for parallelism, mode in TASKS
    }
    jar = ConnectorJar(project=ROOT / "flink_apps", module="lottery").build(ROOT / "build" / "jars").resolve()
    run_to_end("lottery_job.py", jar, list(orders.values()), base / "log")
    return {
        key: (rows(Path(order["folders"][job.WINNERS])), rows(Path(order["folders"][job.REJECTED])))
        for key, order in orders.items()
    }


@pytest.mark.parametrize("tasks", TASKS, ids=lambda tasks: f"{tasks[0]} in {tasks[1]} mode")
def test_the_known_example_has_its_two_winners(results: Results, tasks: Tasks) -> None:
    winners, rejected = results["known", tasks]
    first, second = sorted(winners, key=lambda winner: winner["windowStart"])
    assert (first["windowStart"], first["clicks"], first["userId"] in (1, 2)) == (0, 2, True)
    assert (second["windowStart"], second["clicks"], second["userId"]) == (10_000, 1, 3)
    assert rejected == []


@pytest.mark.parametrize("tasks", TASKS, ids=lambda tasks: f"{tasks[0]} in {tasks[1]} mode")
def test_a_crowd_spends_each_coupon_once_and_the_draws_can_be_made_again(results: Results, tasks: Tasks) -> None:
    winners, rejected = results["crowd", tasks]
    assert Counter(refusal["reason"] for refusal in rejected) == {
        logic.NoCouponError.reason: PLAYERS * (CLICKS - COUPONS)
    }
    # A player's coupons go to the first of its clicks, whoever else is served in between.
    accepted = [(user_id, event["timestamp"]) for user_id, events in CROWD.items() for event in events[1 : COUPONS + 1]]
    windows = {winner["windowStart"]: winner for winner in winners}
    assert len(windows) == len(winners) == COUPONS * 1_000 // WINDOW
    for began, winner in windows.items():
        clicks = [click for click in accepted if logic.window_start(click[1], WINDOW) == began]
        assert (winner["clicks"], winner["userId"]) == (len(clicks), logic.winner(winner["seed"], clicks))
