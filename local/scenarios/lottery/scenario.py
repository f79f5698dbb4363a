"""The lottery: players who click, or a person who does, and the winners."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from rich.console import Group, RenderableType
from rich.table import Table

from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.lottery.job import LOTTERY_EVENTS, USER_EVENTS
from flink_apps.lottery.logic import MalformedEventError
from flink_apps.lottery.settings import Settings
from local.conversation import Conversation
from local.errors import RunError
from local.flink.rest import Job
from local.load import Load
from local.scenarios import InteractiveScenario, Outcome
from local.scenarios.lottery.commands import Commands
from local.scenarios.lottery.events import Inputs
from local.scenarios.lottery.ledger import Ledger, Reader, complete
from local.scenarios.lottery.players import Players, Stage, millis
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService

#: Winners that are shown at the end.
_LAST_WINNERS = 20


class Lottery(InteractiveScenario):
    """Has players buy and click, and draws every winner again."""

    @cached_property
    def settings(self) -> Settings:
        """What the job is told."""
        return Settings.from_property_groups(self.run.property_groups())

    @property
    def _exactly_once(self) -> bool:
        return isinstance(self.settings.streams.winners, KafkaTopic)

    @cached_property
    def _service(self) -> KafkaService | KinesisService:
        return self.run.service(KafkaService) if self._exactly_once else self.run.service(KinesisService)

    @cached_property
    def _inputs(self) -> Inputs:
        return Inputs(self._service, self.settings.streams)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self._service, self.settings.streams)

    @cached_property
    def _ledger(self) -> Ledger:
        """A ledger of all that there is, once the job has ended."""
        self._reader.close()
        return complete(self._service, self.settings.streams, self.settings.window_millis)

    def load(self) -> Load:
        """Players whose clicks have the time of the clock."""
        stage = Stage(Players.of(self.settings).game, self._inputs.send, millis)
        return Load("the load of players", stage.step)

    def conversation(self) -> Conversation:
        """A person in the place of the players."""

        def news() -> Iterable[str]:
            winners, rejections = self._reader.news()
            return map(str, (*winners, *rejections))

        return Commands(self._inputs.send, news, millis)

    def news(self) -> Iterable[str]:
        """The winners that have been drawn."""
        winners, _ = self._reader.news()
        return map(str, winners)

    def records_so_far(self, job: Job) -> int:
        """The events that both sources have handed on."""
        tables = (LOTTERY_EVENTS, USER_EVENTS)
        return sum(int(sum(job.metric_values("numRecordsOut", operator=f"Source__{table}"))) for table in tables)

    def drained(self, job: Job) -> bool:
        """Whether the job has read all that was sent: its stop, which ends all time, draws the last windows."""
        return self.records_so_far(job) >= self._inputs.sent

    def outcome(self, job: Job) -> Outcome:  # noqa: ARG002 - the streams themselves are counted
        """Count the outputs, and make every draw again; a dead letter is an event that is none.

        Raises:
            RunError: for a winner that does not come out again, or is missing.

        """
        for contradiction in self._ledger.contradictions(exactly_once=self._exactly_once):
            raise RunError(contradiction)
        return Outcome(
            records_in=self._ledger.received,
            records_out={"winners": len(self._ledger.winners), "rejected": self._ledger.reasons.total()},
            dead_letters=self._ledger.reasons[MalformedEventError.reason],
        )

    def epilogue(self) -> RenderableType | None:
        """The winners, and why events were refused."""
        tables = [table for table in (_rejections(self._ledger), _winners(self._ledger)) if table.row_count]
        return Group(*tables) if tables else None


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
