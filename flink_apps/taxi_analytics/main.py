"""Starts the job: reads the property groups, supplies the real source and sinks."""

from __future__ import annotations

from pyflink.table import StreamTableEnvironment

from flink_apps.common import dead_letters
from flink_apps.common.environment import environment
from flink_apps.common.properties import read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import RAW_JSON, Connector
from flink_apps.taxi_analytics import job, schema
from flink_apps.taxi_analytics.settings import Settings


def sources(settings: Settings) -> dict[str, Connector]:
    """The input, by the job's name for it."""
    return {job.TRIPS: settings.source.source(job.TRIPS, record_format=RAW_JSON).with_arrival()}


def sinks(settings: Settings) -> dict[str, Connector]:
    """The two indices and the dead letters, by the job's names for them."""
    indices = {
        index: settings.search.sink(index, {"index": index, "id-column": schema.ID.name})
        for index in (job.PICKUP_COUNT, job.TRIP_DURATION)
    }
    return {**indices, job.DEAD_LETTERS: dead_letters.sink(job.DEAD_LETTERS, settings.dead_letters)}


def main() -> None:
    """Submit the job."""
    settings = Settings.from_property_groups(read_property_groups())
    table_env = StreamTableEnvironment.create(environment({}))
    job.build(table_env, settings, sources(settings), sinks(settings)).execute()


if __name__ == "__main__":
    start(main)
