"""The pulse: the beats that the stream holds."""

from __future__ import annotations

from flink_apps.pulse.metrics import BEATS
from flink_apps.pulse.settings import Settings
from local.account import Account
from local.counts import count
from local.flink.rest import Job
from local.scenarios import Outcome, Scenario


class Pulse(Scenario):
    """Measures a run of the pulse."""

    def records_so_far(self, job: Job) -> int:
        """The beats of all subtasks."""
        return int(sum(job.metric_values(BEATS)))

    def outcome(self, job: Job) -> Outcome:
        """Count the stream."""
        settings = Settings.from_property_groups(self.run.property_groups())
        beats, stored = self.run.cluster.final_count(job, BEATS), count(self.run, settings.sink)
        account = Account(title="account: kinesis", went_in=beats, came_out={"stored": stored}, at_least_once=True)
        return Outcome(records_in=beats, records_out={"kinesis": stored}, accounts=(account,))
