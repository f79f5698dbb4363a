"""What the lottery's inputs and outputs hold, and whether it is consistent: every draw is repeated."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from flink_apps.lottery import logic
from flink_apps.lottery.schema import CLICK
from flink_apps.lottery.settings import Settings, Streams
from local.counts import stream_service, values
from local.run import LocalRun


class Window(NamedTuple):
    """A window of a lottery, by its first millisecond."""

    lottery_id: int
    start: int

    def __str__(self) -> str:
        """The window in an error message, as it can be found in the streams."""
        return f"lottery {self.lottery_id} in the window {self.start}"


class Winner(NamedTuple):
    """A record of the winners' output."""

    lottery_id: int
    user_id: int
    window_start: int
    window_end: int
    clicks: int
    seed: str

    @classmethod
    def from_json(cls, value: bytes) -> Winner:
        """Read a record."""
        fields = json.loads(value)
        names = ("lotteryId", "userId", "windowStart", "windowEnd", "clicks", "seed")
        return cls(*(fields[name] for name in names))

    @property
    def window(self) -> Window:
        """The window that was won."""
        return Window(self.lottery_id, self.window_start)

    @property
    def local_times(self) -> str:
        """The window, in the local time zone."""
        return f"{_clock(self.window_start)} to {_clock(self.window_end)}"

    def __str__(self) -> str:
        """One line of the terminal."""
        return (
            f"lottery {self.lottery_id}, {self.local_times}: player {self.user_id} wins, "
            f"of {self.clicks:,} {'click' if self.clicks == 1 else 'clicks'}"
        )


class Rejection(NamedTuple):
    """A record of the rejected events' output; the event is as it came."""

    event: str
    reason: str
    message: str

    @classmethod
    def from_json(cls, value: bytes) -> Rejection:
        """Read a record."""
        fields = json.loads(value)
        return cls(fields.get("event", ""), fields["reason"], fields["message"])

    def __str__(self) -> str:
        """One line of the terminal."""
        return f"refused, {self.reason}: {self.message}"


class Ledger:
    """Events, winners and rejections, added as they are read."""

    def __init__(self, window_millis: int) -> None:
        """Nothing has been added yet; windows last ``window_millis``."""
        self.received = 0
        #: Events that are clicks to all who read them, and those of them that were rejected.
        self.clicks = self.rejected_clicks = 0
        self.winners: list[Winner] = []
        #: How many rejections there are for each reason, and the first one.
        self.reasons: Counter[str] = Counter()
        self.samples: dict[str, Rejection] = {}
        self._window_millis = window_millis
        # Players and timestamps of the clicks, less those that were refused: either may be read first.
        self._clicks: defaultdict[Window, Counter[tuple[int, int]]] = defaultdict(Counter)

    @classmethod
    def read(cls, run: LocalRun, settings: Settings) -> Ledger:
        """A ledger of all that the inputs and outputs hold now."""
        ledger, streams = cls(settings.window_millis), settings.streams
        for stream in (streams.lottery_input, streams.user_input):
            ledger.add_events(values(run, stream))
        ledger.add_winners(values(run, streams.winners))
        ledger.add_rejections(values(run, streams.rejected))
        return ledger

    def add_events(self, values: Iterable[bytes]) -> None:
        """Add events of either input."""
        for value in values:
            self.received += 1
            self.clicks += self._count(value, 1)

    def add_winners(self, values: Iterable[bytes]) -> None:
        """Add records of the winners' output."""
        self.winners += map(Winner.from_json, values)

    def add_rejections(self, values: Iterable[bytes]) -> None:
        """Add records of the rejected events' output."""
        for rejection in map(Rejection.from_json, values):
            self.reasons[rejection.reason] += 1
            self.samples.setdefault(rejection.reason, rejection)
            self.rejected_clicks += self._count(rejection.event, -1)

    def accepted(self, window: Window) -> Counter[tuple[int, int]]:
        """The players and timestamps of the window's clicks that were not refused."""
        return +self._clicks.get(window, Counter())

    def undrawn(self) -> list[Window]:
        """The windows that have accepted clicks, and no winner."""
        drawn = {winner.window for winner in self.winners}
        return sorted(window for window in self._clicks if window not in drawn and self.accepted(window))

    def contradictions(self, *, exactly_once: bool) -> Iterator[str]:
        """What is inconsistent, a sentence each.

        Every window with accepted clicks has a winner, which a draw from these clicks and the recorded seed confirms.
        With ``exactly_once`` no winner was written twice.
        """
        for window in self.undrawn():
            yield f"{window} has {self.accepted(window).total()} clicks, and no winner"
        found: defaultdict[Window, list[Winner]] = defaultdict(list)
        for winner, count in Counter(self.winners).items():
            found[winner.window].append(winner)
            if exactly_once and count > 1:
                yield f"{winner.window} has {count} records of one winner"
        for window, winners in found.items():
            clicks = sorted(self.accepted(window).elements(), key=lambda click: click[1])
            if not confirmed(winners, clicks):
                won = " and ".join(f"player {winner.user_id} of {winner.clicks} clicks" for winner in winners)
                yield f"{window} was won by {won}, which a draw from its {len(clicks)} clicks does not confirm"

    def _count(self, event: bytes | str, number: int) -> bool:
        """Add a click to its window, or take it away; gives whether the event is one."""
        try:
            fields = json.loads(event)
        except ValueError:
            return False
        if not isinstance(fields, dict) or fields.get("type") != CLICK:
            return False
        lottery_id, user_id, timestamp = (fields.get(name) for name in ("lotteryId", "userId", "timestamp"))
        if isinstance(lottery_id, int) and isinstance(user_id, int) and isinstance(timestamp, int):
            window = Window(lottery_id, logic.window_start(timestamp, self._window_millis))
            self._clicks[window][user_id, timestamp] += number
            return True
        return False


class OutputReader:
    """Follows both outputs while the job writes them."""

    def __init__(self, run: LocalRun, streams: Streams) -> None:
        """Begin with the oldest records."""
        self._winners, self._rejected = (
            stream_service(run, stream).follow(stream.name) for stream in (streams.winners, streams.rejected)
        )

    def next(self) -> tuple[list[Winner], list[Rejection]]:
        """What the outputs hold that was not there at the last call."""
        return [Winner.from_json(value) for value in next(self._winners)], [
            Rejection.from_json(value) for value in next(self._rejected)
        ]

    def close(self) -> None:
        """Read no more."""
        self._winners.close()
        self._rejected.close()


def confirmed(winners: Sequence[Winner], clicks: Sequence[tuple[int, int]]) -> bool:
    """Whether draws from a window's clicks, players and timestamps in order of time, have exactly these winners.

    A lottery that is started anew within a window has one more winner there: each start has a secret of its own, and
    the clicks until the next one.
    """
    if not winners or not clicks:
        return not winners and not clicks
    return any(
        0 < winner.clicks <= len(clicks)
        and logic.winner(winner.seed, clicks[: winner.clicks]) == winner.user_id
        and confirmed([other for other in winners if other != winner], clicks[winner.clicks :])
        for winner in winners
    )


def _clock(millis: int) -> str:
    return f"{datetime.fromtimestamp(millis / 1000, UTC).astimezone():%H:%M:%S}"
