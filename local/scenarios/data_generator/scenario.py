"""The data generator: what it has generated, and what the stream and the topic hold."""

from __future__ import annotations

from functools import cached_property

from flink_apps.data_generator.metrics import RECORD_COUNT_METRIC
from flink_apps.data_generator.settings import Settings
from local.account import Account
from local.counts import count
from local.flink.rest import Job
from local.scenarios import Outcome, Scenario


class DataGenerator(Scenario):
    """Measures a run of the data generator."""

    @cached_property
    def settings(self) -> Settings:
        """The job's settings, parsed as the job parses them."""
        return Settings.from_property_groups(self.run.property_groups())

    def records_so_far(self, job: Job) -> int:
        """The records that all subtasks have generated."""
        return records_generated(job)

    def outcome(self, job: Job) -> Outcome:
        """Count the stream and the topic."""
        sinks = {"kinesis": self.settings.kinesis, "kafka": self.settings.kafka}
        counts = {name: count(self.run, sink) for name, sink in sinks.items() if sink}
        generated = self.run.cluster.final_count(job, RECORD_COUNT_METRIC)
        accounts = tuple(
            Account(title=f"account: {name}", went_in=generated, came_out={"stored": arrived}, at_least_once=True)
            for name, arrived in counts.items()
        )
        return Outcome(records_in=generated, records_out=counts, accounts=accounts)


def records_generated(job: Job) -> int:
    """The records that all subtasks of the generator's job have generated."""
    return int(sum(job.metric_values(RECORD_COUNT_METRIC)))
