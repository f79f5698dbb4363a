"""The limit of the streaming ETL: trips are read, parsed and checked, and dropped."""

from __future__ import annotations

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common.ends.kafka import TRAVELLING
from flink_apps.common.properties import read_property_groups
from flink_apps.common.tables import Column, Connector
from flink_apps.streaming_etl import job, main
from flink_apps.streaming_etl.settings import Settings


def run() -> None:
    """Submit the job with sinks that keep nothing."""
    settings = Settings.from_property_groups(read_property_groups())
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    sinks = {name: Connector(table=name, options={"connector": "blackhole"}) for name in (job.KAFKA, job.DEAD_LETTERS)}
    travelling = tuple(Column(column.name, column.type.partition(" METADATA")[0]) for column in TRAVELLING)
    sinks[job.KAFKA] = sinks[job.KAFKA].with_metadata(*travelling)
    job.build(table_env, settings, main.sources(settings), sinks).execute()


if __name__ == "__main__":
    run()
