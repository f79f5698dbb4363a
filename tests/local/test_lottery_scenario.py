"""What the local run makes of the lottery's streams, without servers."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from flink_apps.lottery import logic
from flink_apps.lottery.settings import (
    CONNECTOR,
    CONSUMER_SERVERS,
    LOTTERY_INPUT,
    PRODUCER_SERVERS,
    REJECTED_OUTPUT,
    STREAMS,
    USER_INPUT,
    WINNERS_OUTPUT,
)
from local.errors import RunError
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios import Outcome
from local.scenarios.lottery.events import buy, click, start
from local.scenarios.lottery.scenario import Lottery

WINDOW = 10_000


@dataclass
class FakeService:
    """Streams in memory."""

    streams: defaultdict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def write(self, stream: str, records: Sequence[tuple[str, bytes]]) -> None:
        self.streams[stream] += [value for _, value in records]

    def values(self, stream: str) -> Iterator[bytes]:
        return iter(self.streams[stream])

    def follow(self, stream: str) -> Generator[list[bytes], None, None]:
        read = 0
        while True:
            new = self.streams[stream][read:]
            read += len(new)
            yield new


@dataclass
class FakeRun:
    """A run with one service."""

    fake: FakeService = field(default_factory=FakeService)
    folder: Path = Path("here")

    def service(self, _kind: object) -> FakeService:
        return self.fake

    def property_groups(self) -> dict[str, dict[str, str]]:
        groups = {prop.group: {prop.key: str(prop.default)} for prop in STREAMS}
        servers = {prop.group: {prop.key: "127.0.0.1:9092"} for prop in (CONSUMER_SERVERS, PRODUCER_SERVERS)}
        return {**groups, **servers, CONNECTOR.group: {CONNECTOR.key: "kafka"}}


@dataclass
class FakeJob:
    """A job whose sources have handed on so many events."""

    lottery_events: int = 0
    user_events: int = 0

    def metric_values(self, _name: str, *, operator: str) -> list[float]:
        return [float(getattr(self, operator.removeprefix("Source__")))]


@dataclass
class World:
    """A lottery that has been started, one player with coupons, and three clicks; nothing of it is read yet."""

    run: FakeRun = field(default_factory=FakeRun)
    job: FakeJob = field(default_factory=FakeJob)
    lottery: Lottery = field(init=False)

    def __post_init__(self) -> None:
        self.lottery = Lottery(cast("LocalRun", self.run))
        events = [start(1, 0), buy(7, 10), *(click(7, 1, timestamp) for timestamp in (1, 2, 3))]
        self.lottery.inputs.send(events)

    def read_all(self) -> None:
        self.job = FakeJob(lottery_events=1, user_events=4)

    def draw(self, *, user_id: int = 7) -> None:
        seed = logic.seed("secret", 1, 0)
        record = {"lotteryId": 1, "userId": user_id, "windowStart": 0, "windowEnd": WINDOW, "clicks": 3, "seed": seed}
        self.put(WINNERS_OUTPUT.default, record)

    def refuse(self, event: str, reason: str) -> None:
        self.put(REJECTED_OUTPUT.default, {"event": event, "reason": reason, "message": f"not {event}"})

    def put(self, stream: str | None, record: dict[str, Any]) -> None:
        self.run.fake.streams[str(stream)].append(json.dumps(record).encode())

    def drained(self) -> bool:
        return self.lottery.drained(cast("Job", self.job))

    def outcome(self) -> Outcome:
        return self.lottery.outcome(cast("Job", self.job))

    def epilogue(self) -> str:
        told = io.StringIO()
        Console(file=told, width=120).print(self.lottery.epilogue())
        return told.getvalue()


@pytest.fixture
def world() -> World:
    return World()


def test_events_of_lotteries_and_of_players_go_to_inputs_of_their_own(world: World) -> None:
    lengths = {prop: len(world.run.fake.streams[str(prop.default)]) for prop in (LOTTERY_INPUT, USER_INPUT)}
    assert lengths == {LOTTERY_INPUT: 1, USER_INPUT: 4}


def test_a_job_has_drained_when_it_has_read_all(world: World) -> None:
    assert not world.drained()
    world.read_all()
    assert world.drained()


def test_news_are_the_winners_each_told_once(world: World) -> None:
    world.draw()
    world.refuse("{", "malformed")
    (news,) = world.lottery.news()
    assert news.endswith("player 7 wins, of 3 clicks")
    assert list(world.lottery.news()) == []


def test_who_types_hears_of_refusals_too(world: World) -> None:
    world.draw()
    world.refuse("{", "malformed")
    _, refusal = world.lottery.conversation().news()
    assert refusal == "refused, malformed: not {"


def test_the_outcome_counts_both_outputs_and_events_that_are_none_are_dead_letters(world: World) -> None:
    world.draw()
    world.refuse("{", "malformed")
    world.refuse(buy(7, 0).value.decode(), "too-few-coupons")
    outcome = world.outcome()
    assert (outcome.records_in, outcome.records_out) == (5, {"winners": 1, "rejected": 2})
    assert outcome.dead_letters == 1


def test_every_click_takes_part_in_a_draw_or_is_rejected(world: World) -> None:
    world.draw()
    world.lottery.inputs.send([click(8, 1, 4)])
    world.refuse(click(8, 1, 4).value.decode(), "no-coupon")
    (account,) = world.outcome().accounts
    assert account.balances
    assert str(account) == "4 = 3 in draws + 1 rejected"


def test_a_winner_who_does_not_come_out_again_is_an_error(world: World) -> None:
    world.draw(user_id=8)
    with pytest.raises(RunError, match=r"lottery 1 in the window 0 was won by player 8 of 3 clicks, which a draw"):
        world.outcome()


def test_the_end_shows_winners_that_were_verified_and_refusals_by_reason(world: World) -> None:
    world.draw()
    world.refuse("{", "malformed")
    world.refuse("[", "malformed")
    world.outcome()
    words = [line.replace("│", " ").split() for line in world.epilogue().splitlines()]
    assert ["malformed", "2", "not", "{"] in words
    assert any(line[-3:] == ["7", "3", "verified"] for line in words)


def test_a_run_without_any_click_has_nothing_to_show_at_its_end() -> None:
    lottery = Lottery(cast("LocalRun", FakeRun()))
    lottery.outcome(cast("Job", FakeJob()))
    assert lottery.epilogue() is None
