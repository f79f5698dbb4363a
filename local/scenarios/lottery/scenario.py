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
from local.account import Account
from local.conversation import Conversation
from local.errors import RunError
from local.flink.rest import Job
from local.load import Load
from local.run import LocalRun
from local.scenarios import InteractiveScenario, Outcome
from local.scenarios.lottery.commands import Commands
from local.scenarios.lottery.events import Inputs
from local.scenarios.lottery.ledger import Ledger, OutputReader
from local.scenarios.lottery.players import Players, Sender, now_millis

#: Winners that are shown at the end.
_LAST_WINNERS = 20


class Lottery(InteractiveScenario):
    """Has players buy and click, and repeats every draw."""

    def __init__(self, run: LocalRun) -> None:
        """Nothing is sent or read yet."""
        super().__init__(run)
        self.settings = Settings.from_property_groups(run.property_groups())
        self.inputs = Inputs(run, self.settings.streams)
        self._outputs = OutputReader(run, self.settings.streams)

    def load(self) -> Load:
        """Players whose clicks have the time of the clock."""
        sender = Sender(Players.of(self.settings).events, self.inputs.send, now_millis)
        return Load("the load of players", sender.step)

    def conversation(self) -> Conversation:
        """A person in the place of the players."""
        return Commands(self.inputs.send, self._winners_and_rejections, now_millis)

    def news(self) -> Iterable[str]:
        """The winners that have been drawn."""
        winners, _ = self._outputs.next()
        return map(str, winners)

    def records_so_far(self, job: Job) -> int:
        """The events that both sources have emitted."""
        tables = (LOTTERY_EVENTS, USER_EVENTS)
        return sum(int(sum(job.metric_values("numRecordsOut", operator=f"Source__{table}"))) for table in tables)

    def drained(self, job: Job) -> bool:
        """Whether the job has read all that was sent. Its stop, with the last watermark, draws the last windows."""
        return self.records_so_far(job) >= self.inputs.sent

    def outcome(self, job: Job) -> Outcome:  # noqa: ARG002 - the streams themselves are counted
        """Count the outputs and repeat every draw; a dead letter is an event that could not be parsed.

        Raises:
            RunError: for a winner that another draw does not confirm, or that is missing.

        """
        exactly_once = isinstance(self.settings.streams.winners, KafkaTopic)
        for contradiction in self.ledger.contradictions(exactly_once=exactly_once):
            raise RunError(contradiction)
        return Outcome(
            records_in=self.ledger.received,
            records_out={"winners": len(self.ledger.winners), "rejected": self.ledger.reasons.total()},
            dead_letters=self.ledger.reasons[MalformedEventError.reason],
            accounts=(self._account(at_least_once=not exactly_once),),
        )

    def _account(self, *, at_least_once: bool) -> Account:
        """Every click takes part in a draw, or is rejected."""
        ledger = self.ledger
        clicks = sum(winner.clicks for winner in set(ledger.winners))
        return Account(
            title="account: clicks",
            went_in=ledger.clicks,
            came_out={"in draws": clicks, "rejected": ledger.rejected_clicks},
            at_least_once=at_least_once,
            unknown=self.unread,
        )

    def epilogue(self) -> RenderableType | None:
        """The winners, and why events were refused."""
        tables = [table for table in (_rejections(self.ledger), _winners(self.ledger)) if table.row_count]
        return Group(*tables) if tables else None

    @cached_property
    def ledger(self) -> Ledger:
        """All that the inputs and outputs hold, once the job has finished."""
        self._outputs.close()
        return Ledger.read(self.run, self.settings)

    def _winners_and_rejections(self) -> Iterable[str]:
        winners, rejections = self._outputs.next()
        return map(str, (*winners, *rejections))


def _rejections(ledger: Ledger) -> Table:
    table = Table("reason", "events", "such as", title="rejected events")
    for reason, number in ledger.reasons.most_common():
        table.add_row(reason, f"{number:,}", ledger.samples[reason].message)
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
