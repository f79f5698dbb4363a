"""The load of players, against the rules themselves."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from flink_apps.lottery import logic
from flink_apps.lottery.logic import REASONS, MalformedEventError, RuleError, Run
from flink_apps.lottery.schema import BUY, CLICK, START, STOP
from local.scenarios.lottery.events import Event
from local.scenarios.lottery.players import Due, OpenLottery, Players, Sender

WINDOW = 10_000
BEGAN = 1_700_000_003_000
PLAYERS = Players(window_millis=WINDOW, drawn_after_millis=10_000, number=50)


@dataclass
class Referee:
    """The rules, applied to events one by one in their order, with a watermark that far behind the clock."""

    behind_millis: int
    runs: dict[int, tuple[Run, ...]] = field(default_factory=dict)
    coupons: Counter[int] = field(default_factory=Counter)
    clicks: Counter[tuple[int, int]] = field(default_factory=Counter)

    def apply(self, due: Due) -> None:
        event = parsed(due.event)
        lottery = event.get("lotteryId", 0)
        match event["type"]:
            case str() as kind if kind == START:
                self.runs[lottery] = logic.start(
                    self.runs.get(lottery, ()), lottery, timestamp=event["timestamp"], secret=""
                )
            case str() as kind if kind == STOP:
                self.runs[lottery] = logic.stop(self.runs.get(lottery, ()), lottery, timestamp=event["timestamp"])
            case str() as kind if kind == BUY:
                self.coupons[event["userId"]] = logic.buy(self.coupons[event["userId"]], event["purchasedCoupons"])
            case _:
                self.click(event["userId"], lottery, event["timestamp"], due.time - self.behind_millis)

    def click(self, user_id: int, lottery_id: int, timestamp: int, watermark: int) -> None:
        logic.refuse_late(timestamp, window_millis=WINDOW, watermark=watermark, lottery_id=lottery_id)
        runs, coupons = self.runs.get(lottery_id, ()), self.coupons[user_id]
        _, left = logic.click(runs, coupons, lottery_id=lottery_id, user_id=user_id, timestamp=timestamp)
        self.coupons[user_id] = left
        self.clicks[lottery_id, logic.window_start(timestamp, WINDOW)] += 1


def parsed(event: Event) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = json.loads(event.value)
    except ValueError as error:
        raise MalformedEventError from error
    return fields


def played(seconds: int, players: Players = PLAYERS) -> list[Due]:
    return list(itertools.takewhile(lambda due: due.time < BEGAN + seconds * 1000, players.events(BEGAN)))


def refusals(game: list[Due], behind_millis: int) -> tuple[Referee, Counter[str]]:
    referee, reasons = Referee(behind_millis), Counter[str]()
    for due in game:
        try:
            referee.apply(due)
        except RuleError as error:
            reasons[error.reason] += 1
    return referee, reasons


@pytest.mark.parametrize("behind_millis", [0, 2_000, 10_000])
def test_a_minute_of_play_has_every_reason_to_refuse_an_event(behind_millis: int) -> None:
    _, reasons = refusals(played(60), behind_millis)
    assert set(reasons) == set(REASONS)


@pytest.mark.parametrize("reason", [reason for reason in REASONS if reason != "late"])
def test_a_mistake_is_refused_for_what_is_wrong_with_it(reason: str) -> None:
    game = [due for due in played(1) if due.time == BEGAN]
    referee, _ = refusals(game, 0)
    player = parsed(game[-1].event)["userId"]
    mistake = PLAYERS.mistakes(BEGAN + 1, player, OpenLottery(1, BEGAN))[reason]
    with pytest.raises(RuleError) as caught:
        referee.apply(Due(BEGAN + 1, mistake))
    assert caught.value.reason == reason


def test_a_click_is_late_only_for_a_window_of_its_own_lottery() -> None:
    held = OpenLottery(1, BEGAN)
    assert "late" not in PLAYERS.mistakes(BEGAN + PLAYERS.drawn_after_millis, 1, held)
    late = parsed(PLAYERS.mistakes(BEGAN + PLAYERS.lottery_millis - 1, 1, held)["late"])
    window_end = logic.window_start(late["timestamp"], WINDOW) + WINDOW
    assert BEGAN <= late["timestamp"] < window_end <= BEGAN + PLAYERS.lottery_millis - PLAYERS.drawn_after_millis


def test_one_event_in_a_hundred_or_so_is_refused_and_every_other_one_counts() -> None:
    game = played(60)
    referee, reasons = refusals(game, 2_000)
    clicks = sum(b'"UserClickEvent"' in due.event.value for due in game)
    mistaken_clicks = sum(reasons[reason] for reason in ("malformed", "inactive-lottery", "no-coupon", "late"))
    assert referee.clicks.total() == clicks - mistaken_clicks
    assert clicks / 200 < reasons.total() < clicks / 90


def test_clicks_come_at_the_rate_that_is_asked_for() -> None:
    quick = replace(PLAYERS, clicks_per_second=5_000)
    clicks = sum(b'"UserClickEvent"' in due.event.value for due in played(2, quick))
    assert clicks == pytest.approx(10_000, rel=0.01)


def test_events_come_in_order_of_time_and_carry_it() -> None:
    game = played(10)  # there cannot be a late click yet
    assert [due.time for due in game] == sorted(due.time for due in game)
    clicks = [due for due in game if b'"UserClickEvent"' in due.event.value and due.event.value.endswith(b"}")]
    assert {due.time - parsed(due.event)["timestamp"] for due in clicks} == {0}


def test_lotteries_follow_one_upon_the_other_without_a_gap() -> None:
    regular = [parsed(due.event) for due in played(70) if due.event.of_lottery and due.event.key != "999999"]
    stops = {event["lotteryId"]: event["timestamp"] for event in regular if event["type"] == STOP}
    starts: dict[int, int] = {}
    for event in regular:
        if event["type"] == START:
            starts.setdefault(event["lotteryId"], event["timestamp"])  # the first: others are mistakes
    assert starts == {1: BEGAN, 2: BEGAN + 30_000, 3: BEGAN + 60_000}
    assert stops == {1: BEGAN + 30_000, 2: BEGAN + 60_000}


def test_events_of_a_player_or_a_lottery_have_its_number_as_their_key() -> None:
    for due in played(10):
        if due.event.value.endswith(b"}"):
            fields = parsed(due.event)
            assert due.event.key == str(fields["lotteryId" if due.event.of_lottery else "userId"])
            assert due.event.of_lottery is (fields["type"] in (START, STOP))


def test_the_same_seed_plays_the_same_game_and_another_one_another() -> None:
    assert played(5) == played(5)
    assert played(5) != played(5, replace(PLAYERS, seed=6))


def test_a_stage_sends_each_event_once_when_its_time_has_come() -> None:
    clock, sent = iter((BEGAN, BEGAN + 1_000, BEGAN + 1_000, BEGAN + 4_999)), list[list[Event]]()
    stage = Sender(PLAYERS.events, sent.append, lambda: next(clock))
    for _ in range(4):
        stage.step()
    assert [event for batch in sent for event in batch] == [due.event for due in played(5)]
    assert parsed(sent[0][0])["type"] == START
    assert sent[2] == []


def test_every_kind_of_event_is_played() -> None:
    kinds = Counter(parsed(due.event)["type"] for due in played(60) if due.event.value.endswith(b"}"))
    assert set(kinds) == {START, STOP, BUY, CLICK}
