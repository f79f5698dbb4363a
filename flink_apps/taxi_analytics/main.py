"""Starts the job: reads the property groups, supplies the real source and sinks."""

from __future__ import annotations

import dataclasses

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_apps.common import dead_letters
from flink_apps.common.properties import PropertyGroups, read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import ARRIVAL, RAW_JSON, Connector, kinesis_source, opensearch_sink
from flink_apps.taxi_analytics import job, schema
from flink_apps.taxi_analytics.settings import Settings


def sources(settings: Settings, groups: PropertyGroups) -> dict[str, Connector]:
    """The input, by the job's name for it."""
    stream = settings.input_stream
    source = kinesis_source(
        job.TRIPS,
        stream=stream.stream_name,
        region=stream.region,
        initial_position=settings.initial_position,
        endpoints=groups,
        record_format=RAW_JSON,
    )
    return {job.TRIPS: dataclasses.replace(source, metadata=(*source.metadata, ARRIVAL))}


def sinks(settings: Settings, groups: PropertyGroups) -> dict[str, Connector]:
    """The two indices and the dead letters, by the job's names for them."""
    indices = {
        index: opensearch_sink(index, settings.search, {"index": index, "id-column": schema.ID.name})
        for index in (job.PICKUP_COUNT, job.TRIP_DURATION)
    }
    return {**indices, job.DEAD_LETTERS: dead_letters.sink(job.DEAD_LETTERS, settings.dead_letters, endpoints=groups)}


def main() -> None:
    """Submit the job."""
    groups = read_property_groups()
    settings = Settings.from_property_groups(groups)
    table_env = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment())
    job.build(table_env, settings, sources(settings, groups), sinks(settings, groups)).execute()


if __name__ == "__main__":
    start(main)
