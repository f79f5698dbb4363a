"""The lottery: players who click, or a person who does, and the winners."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table

from flink_apps.lottery.job import LOTTERY_EVENTS, USER_EVENTS
from flink_apps.lottery.logic import MalformedEventError
from flink_apps.lottery.settings import Kafka, Settings
from local.conversation import Conversation
from local.errors import RunError
from local.flink.rest import Job
from local.load import Load
from local.run import LocalRun
from local.scenarios import InteractiveScenario, Outcome
from local.scenarios.lottery_commands import Commands
from local.scenarios.lottery_events import Inputs
from local.scenarios.lottery_ledger import Ledger, Reader, complete
from local.scenarios.lottery_players import Players, Stage, millis
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService

#: Winners that are shown at the end.
_LAST_WINNERS = 20


class Game:
    """One run: its inputs, and what has been read of its outputs."""

    def __init__(self, run: LocalRun) -> None:
        """Find the streams in what the job is told."""
        self.settings = Settings.from_property_groups(run.property_groups())
        self.exactly_once = isinstance(self.settings.connector, Kafka)
        self.service = run.service(KafkaService) if self.exactly_once else run.service(KinesisService)
        self.inputs = Inputs(self.service, self.settings.streams)
        self.reader = Reader(self.service, self.settings.streams)

    def news(self) -> Iterable[str]:
        """The winners and the refused events that have come since it was last asked."""
        winners, rejections = self.reader.news()
        return map(str, (*winners, *rejections))

    def end(self) -> Ledger:
        """A ledger of all that there is, once the job has ended."""
        self.reader.close()
        return complete(self.service, self.settings.streams, self.settings.window_millis)


class Lottery(InteractiveScenario):
    """Has players buy and click, and draws every winner again."""

    def __init__(self) -> None:
        """Nothing has been played yet."""
        self._games: dict[Path, Game] = {}
        self._ledgers: dict[Path, Ledger] = {}

    def load(self, run: LocalRun) -> Load:
        """Players whose clicks have the time of the clock."""
        game = self._game(run)
        stage = Stage(Players.of(game.settings).game, game.inputs.send, millis)
        return Load("the load of players", stage.step)

    def conversation(self, run: LocalRun) -> Conversation:
        """A person in the place of the players."""
        game = self._game(run)
        return Commands(game.inputs.send, game.news, millis)

    def news(self, run: LocalRun) -> Iterable[str]:
        """The winners that have been drawn."""
        winners, _ = self._game(run).reader.news()
        return map(str, winners)

    def records_so_far(self, job: Job) -> int:
        """The events that both sources have handed on."""
        tables = (LOTTERY_EVENTS, USER_EVENTS)
        return sum(int(sum(job.metric_values("numRecordsOut", operator=f"Source__{table}"))) for table in tables)

    def drained(self, run: LocalRun, job: Job) -> bool:
        """Whether the job has read all that was sent: its stop, which ends all time, draws the last windows."""
        return self.records_so_far(job) >= self._game(run).inputs.sent

    def outcome(self, run: LocalRun, job: Job) -> Outcome:  # noqa: ARG002 - the streams themselves are counted
        """Count the outputs, and make every draw again; a dead letter is an event that is none.

        :raises RunError: for a winner that does not come out again, or is missing.
        """
        game = self._game(run)
        ledger = self._ledgers[run.folder] = game.end()
        for contradiction in ledger.contradictions(exactly_once=game.exactly_once):
            raise RunError(contradiction)
        return Outcome(
            records_in=ledger.received,
            records_out={"winners": len(ledger.winners), "rejected": ledger.reasons.total()},
            dead_letters=ledger.reasons[MalformedEventError.reason],
        )

    def epilogue(self, run: LocalRun) -> RenderableType | None:
        """The winners, and why events were refused."""
        ledger = self._ledgers[run.folder]
        tables = [table for table in (_rejections(ledger), _winners(ledger)) if table.row_count]
        return Group(*tables) if tables else None

    def _game(self, run: LocalRun) -> Game:
        if run.folder not in self._games:
            self._games[run.folder] = Game(run)
        return self._games[run.folder]


def _rejections(ledger: Ledger) -> Table:
    table = Table("reason", "events", "such as", title="rejected events")
    for reason, count in ledger.reasons.most_common():
        table.add_row(reason, f"{count:,}", ledger.samples[reason].message)
    return table


def _winners(ledger: Ledger) -> Table:
    """The latest winners: without contradictions, each of them has been verified."""
    shown = sorted(ledger.winners, key=lambda winner: winner.window_start)[-_LAST_WINNERS:]
    title = "winners" if len(shown) == len(ledger.winners) else f"the last {len(shown)} winners"
    table = Table("lottery", "window", "player", "clicks", "drawn again", title=title)
    for winner in shown:
        row = (str(winner.lottery_id), winner.local_times, str(winner.user_id), f"{winner.clicks:,}", "verified")
        table.add_row(*row)
    return table
