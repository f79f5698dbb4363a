"""The events of the lottery, as lotteries and players send them, and where they go."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from flink_apps.lottery.schema import BUY, CLICK, START, STOP
from flink_apps.lottery.settings import Streams
from local.counts import stream_service
from local.run import LocalRun


class Event(NamedTuple):
    """A record for one of the two inputs; events with the same key stay in their order."""

    of_lottery: bool
    key: str
    value: bytes


def start(lottery_id: int, timestamp: int, prizes: int | None = None) -> Event:
    """A lottery starts at ``timestamp``, in milliseconds since 1970, and ends after ``prizes`` windows, if given."""
    limit = {} if prizes is None else {"prizes": prizes}
    return _of_lottery(START, lottery_id, {"timestamp": timestamp, **limit})


def stop(lottery_id: int, timestamp: int) -> Event:
    """A lottery stops: clicks from ``timestamp`` on do not count."""
    return _of_lottery(STOP, lottery_id, {"timestamp": timestamp})


def buy(user_id: int, coupons: int) -> Event:
    """A player buys coupons."""
    return _of_user(BUY, user_id, {"purchasedCoupons": coupons})


def click(user_id: int, lottery_id: int, timestamp: int) -> Event:
    """A player clicks, for a coupon."""
    return _of_user(CLICK, user_id, {"lotteryId": lottery_id, "timestamp": timestamp})


def _of_lottery(kind: str, lottery_id: int, fields: dict[str, int]) -> Event:
    return Event(True, str(lottery_id), _json({"type": kind, "lotteryId": lottery_id, **fields}))


def _of_user(kind: str, user_id: int, fields: dict[str, int]) -> Event:
    return Event(False, str(user_id), _json({"type": kind, "userId": user_id, **fields}))


def _json(fields: dict[str, str | int]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


class Inputs:
    """The job's two inputs, to send events to; ``sent`` counts them."""

    def __init__(self, run: LocalRun, streams: Streams) -> None:
        """Send nothing yet."""
        self.sent = 0
        self._run = run
        self._streams = streams

    def send(self, events: Iterable[Event]) -> None:
        """Send events, and wait until the inputs have them."""
        batch = list(events)
        for of_lottery, stream in ((True, self._streams.lottery_input), (False, self._streams.user_input)):
            records = [(event.key, event.value) for event in batch if event.of_lottery is of_lottery]
            stream_service(self._run, stream).write(stream.name, records)
            self.sent += len(records)
