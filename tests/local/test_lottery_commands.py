import json
from typing import Any

import pytest

from local.errors import UsageError
from local.scenarios.lottery.commands import COMMANDS, Commands
from local.scenarios.lottery.events import Event

NOW = 1_700_000_000_000


@pytest.fixture
def sent() -> list[Event]:
    return []


@pytest.fixture
def commands(sent: list[Event]) -> Commands:
    return Commands(sent.extend, lambda: ["player 7 wins"], lambda: NOW)


def fields(event: Event) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(event.value)
    return parsed


@pytest.mark.parametrize(
    ("line", "of_lottery", "key", "event"),
    [
        ("start 1", True, "1", {"type": "LotteryStartEvent", "lotteryId": 1, "timestamp": NOW}),
        ("start 1 3", True, "1", {"type": "LotteryStartEvent", "lotteryId": 1, "timestamp": NOW, "prizes": 3}),
        ("stop 2", True, "2", {"type": "LotteryStopEvent", "lotteryId": 2, "timestamp": NOW}),
        ("buy 7 10", False, "7", {"type": "UserBuyCouponEvent", "userId": 7, "purchasedCoupons": 10}),
        ("buy 7 0", False, "7", {"type": "UserBuyCouponEvent", "userId": 7, "purchasedCoupons": 0}),
        ("  click  7  1 ", False, "7", {"type": "UserClickEvent", "userId": 7, "lotteryId": 1, "timestamp": NOW}),
        ("click -7 1", False, "-7", {"type": "UserClickEvent", "userId": -7, "lotteryId": 1, "timestamp": NOW}),
    ],
)
def test_a_line_is_an_event(commands: Commands, line: str, of_lottery: bool, key: str, event: dict[str, Any]) -> None:
    (made,) = commands.events(line)
    assert (made.of_lottery, made.key, fields(made)) == (of_lottery, key, event)


def test_several_clicks_of_one_line_have_a_millisecond_each(commands: Commands) -> None:
    clicks = commands.events("click 7 1 3")
    assert [fields(click)["timestamp"] for click in clicks] == [NOW, NOW + 1, NOW + 2]


def test_a_stop_comes_after_the_clicks_that_were_typed_before_it(commands: Commands) -> None:
    commands.events("click 7 1 500")
    (stop,) = commands.events("stop 1")
    assert fields(stop)["timestamp"] == NOW + 500


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("clik 7 1", "there is no command 'clik'; did you mean click?"),
        ("hello", "there is no command 'hello'; did you mean help?"),
        ("?", "there is no command '?'; known are start, stop, buy, click, help, quit"),
        ("buy 7", "write buy PLAYER COUPONS (got 1 number): a player buys coupons"),
        ("stop", "write stop LOTTERY (got 0 numbers): it ends"),
        ("click 7 1 2 3", "write click PLAYER LOTTERY [TIMES] (got 4 numbers): a player clicks, for a coupon each"),
        ("buy 7 many", "COUPONS must be an integer (got 'many'); write buy PLAYER COUPONS"),
        ("click 7 1 1.5", "TIMES must be an integer (got '1.5'); write click PLAYER LOTTERY [TIMES]"),
        ("click 7 1 0", "TIMES must be from 1 to 1000 (got 0); for example click 7 1 10"),
        ("click 7 1 1001", "TIMES must be from 1 to 1000 (got 1001); for example click 7 1 10"),
    ],
)
def test_a_line_that_cannot_be_used_is_answered_with_one_that_can(commands: Commands, line: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        commands.events(line)
    assert str(caught.value) == message


def test_an_answer_shows_the_event_that_was_sent(commands: Commands, sent: list[Event]) -> None:
    answer = commands.answer("click 7 1 3")
    assert answer == f"sent {sent[-1].value.decode()}, and 2 before it"
    assert len(sent) == 3


def test_a_refused_line_sends_nothing(commands: Commands, sent: list[Event]) -> None:
    with pytest.raises(UsageError):
        commands.answer("click 7")
    assert sent == []


def test_the_help_has_every_command(commands: Commands) -> None:
    assert [line.split()[0] for line in commands.help.splitlines()] == list(COMMANDS)
