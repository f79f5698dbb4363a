"""The taxi analytics as they are, but for their source: trips in files, as fast as they can be read."""

from __future__ import annotations

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_apps.common.properties import read_property_groups
from flink_apps.common.tables import FILE_ARRIVAL, RAW_JSON, SOURCE_PARTITION, SOURCE_POSITION, Column, Connector
from flink_apps.taxi_analytics import job, main
from flink_apps.taxi_analytics.settings import Settings


def run() -> None:
    """Submit the job for the folder that the property groups name."""
    groups = read_property_groups()
    settings = Settings.from_property_groups(groups)
    table_env = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment())
    source = Connector(
        table=job.TRIPS,
        options={"connector": "filesystem", "path": groups["Bench"]["folder"], **RAW_JSON.as_options()},
        metadata=(
            Column(SOURCE_PARTITION, "STRING NOT NULL METADATA FROM 'file.name' VIRTUAL"),
            Column(SOURCE_POSITION, "AS '0'"),
            FILE_ARRIVAL,
        ),
    )
    job.build(table_env, settings, {job.TRIPS: source}, main.sinks(settings)).execute()


if __name__ == "__main__":
    run()
