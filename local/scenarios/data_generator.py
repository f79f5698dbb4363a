"""The data generator: what it has generated, and what the stream and the topic hold."""

from __future__ import annotations

from flink_apps.data_generator.metrics import RECORD_COUNT_METRIC
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios import Outcome, Scenario
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService


class DataGenerator(Scenario):
    """Measures a run of the data generator."""

    def records_so_far(self, job: Job) -> int:
        """The records that all subtasks have generated."""
        return int(sum(job.metric_values(RECORD_COUNT_METRIC)))

    def outcome(self, run: LocalRun, job: Job) -> Outcome:
        """Count the stream and the topic."""
        counts: dict[str, int] = {}
        for service in run.services:
            if isinstance(service, KinesisService):
                counts["kinesis"] = sum(map(service.count, service.stream_names()))
            if isinstance(service, KafkaService):
                counts["kafka"] = sum(map(service.count, service.topic_names()))
        return Outcome(records_in=self.records_so_far(job), records_out=counts)
