"""The commands that a person types, as events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flink_apps.common.properties import nearest
from local.conversation import HELP, QUIT, Conversation
from local.errors import UsageError
from local.scenarios.lottery.events import Event, buy, click, start, stop

#: Clicks that one line may ask for.
MOST_CLICKS = 1_000
#: Gives the time, in milliseconds since 1970, later each time.
Clock = Callable[[], int]


@dataclass(frozen=True, kw_only=True)
class Command:
    """A name and integers, those in brackets optional, and the events that they make."""

    usage: str
    meaning: str
    events: Callable[..., list[Event]]

    @property
    def parameters(self) -> list[str]:
        """The names of the numbers, in brackets where one may be left out."""
        return self.usage.split()[1:]

    def numbers(self, words: list[str]) -> list[int]:
        """The numbers that somebody has typed.

        Raises:
            UsageError: where they are too few or too many, or not integers.

        """
        required = sum(not parameter.startswith("[") for parameter in self.parameters)
        if not required <= len(words) <= len(self.parameters):
            numbers = "1 number" if len(words) == 1 else f"{len(words)} numbers"
            raise UsageError(f"write {self.usage} (got {numbers}): {self.meaning}")
        for parameter, word in zip(self.parameters, words, strict=False):
            if not re.fullmatch(r"-?[0-9]{1,19}", word):
                raise UsageError(f"{parameter.strip('[]')} must be an integer (got {word!r}); write {self.usage}")
        return [int(word) for word in words]


def _start(clock: Clock, lottery_id: int, prizes: int | None = None) -> list[Event]:
    return [start(lottery_id, clock(), prizes)]


def _stop(clock: Clock, lottery_id: int) -> list[Event]:
    return [stop(lottery_id, clock())]


def _buy(_clock: Clock, user_id: int, coupons: int) -> list[Event]:
    return [buy(user_id, coupons)]


def _click(clock: Clock, user_id: int, lottery_id: int, times: int = 1) -> list[Event]:
    if not 1 <= times <= MOST_CLICKS:
        raise UsageError(f"TIMES must be from 1 to {MOST_CLICKS} (got {times}); for example click 7 1 10")
    return [click(user_id, lottery_id, clock()) for _ in range(times)]


COMMANDS = {
    command.usage.split()[0]: command
    for command in (
        Command(
            usage="start LOTTERY [PRIZES]",
            meaning="a lottery starts, until stopped or out of prizes",
            events=_start,
        ),
        Command(usage="stop LOTTERY", meaning="it ends", events=_stop),
        Command(usage="buy PLAYER COUPONS", meaning="a player buys coupons", events=_buy),
        Command(usage="click PLAYER LOTTERY [TIMES]", meaning="a player clicks, for a coupon each", events=_click),
    )
}


class Commands(Conversation):
    """Sends what is typed, and shows what the outputs hold."""

    def __init__(
        self,
        send: Callable[[list[Event]], object],
        news: Callable[[], Iterable[str]],
        now: Callable[[], int],
    ) -> None:
        """Take commands; ``now`` is the clock, in milliseconds since 1970."""
        self._send = send
        self._news = news
        self._now = now
        self._latest = 0

    @property
    def help(self) -> str:
        """Every command with its meaning."""
        return "\n".join(f"{command.usage}: {command.meaning}" for command in COMMANDS.values())

    def answer(self, line: str) -> str:
        """Send the events of a line, and show the last of them."""
        events = self.events(line)
        self._send(events)
        others = f", and {len(events) - 1} before it" if len(events) > 1 else ""
        return f"sent {events[-1].value.decode()}{others}"

    def news(self) -> Iterable[str]:
        """The winners and the refused events that have come."""
        return self._news()

    def events(self, line: str) -> list[Event]:
        """The events that a line asks for.

        Raises:
            UsageError: where it is none of the commands.

        """
        name, *words = line.split()
        if name not in COMMANDS:
            raise UsageError(f"there is no command {name!r}; {nearest(name, (*COMMANDS, HELP, QUIT))}")
        command = COMMANDS[name]
        return command.events(self._clock, *command.numbers(words))

    def _clock(self) -> int:
        """The time, later each time: clicks of one millisecond would share a ticket, and a stop come before them."""
        self._latest = max(self._now(), self._latest + 1)
        return self._latest
