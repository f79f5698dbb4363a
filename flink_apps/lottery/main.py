"""Starts the job: reads the property groups, supplies the real sources and sinks."""

from __future__ import annotations

import dataclasses

from pyflink.table import StreamTableEnvironment

from flink_apps.common import topic_limits
from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.environment import environment
from flink_apps.common.properties import read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import JSON_WITHOUT_NULLS, Connector
from flink_apps.lottery import job, rules
from flink_apps.lottery.settings import Settings


def sources(settings: Settings) -> dict[str, Connector]:
    """The two inputs, by the job's names for them."""
    streams = settings.streams
    inputs = {job.LOTTERY_EVENTS: streams.lottery_input, job.USER_EVENTS: streams.user_input}
    return {
        table: stream.source(table, record_format=rules.record_format(job.FIELDS[table])).with_arrival()
        for table, stream in inputs.items()
    }


def sinks(settings: Settings) -> dict[str, Connector]:
    """The two outputs, by the job's names for them."""
    streams = settings.streams
    return {
        job.WINNERS: _sink(job.WINNERS, streams.winners, key="lotteryId"),
        job.REJECTED: _sink(job.REJECTED, streams.rejected, key=None),
    }


def _sink(table: str, stream: KinesisStream | KafkaTopic, *, key: str | None) -> Connector:
    if isinstance(stream, KafkaTopic):
        # Each sink of a job needs a prefix of its own.
        topic = dataclasses.replace(stream, transactional_id_prefix=f"{stream.transactional_id_prefix}-{table}")
        return topic.sink(table, key=None, record_format=JSON_WITHOUT_NULLS)
    return stream.sink(table, key=key, record_format=JSON_WITHOUT_NULLS)


def main() -> None:
    """Submit the job."""
    settings = Settings.from_property_groups(read_property_groups())
    topic_limits.check((settings.streams.winners, settings.streams.rejected))
    table_env = StreamTableEnvironment.create(environment(job.options(settings)))
    job.build(table_env, settings, sources(settings), sinks(settings)).execute()


if __name__ == "__main__":
    start(main)
