"""Runs taxi analytics over files in an embedded Flink cluster.

Reads from standard input a list of jobs: the properties of each, Flink's configuration, the folder of the trips, that
of the dead letters, and the ending that the names of the indices get.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_apps.common.tables import FILE_ARRIVAL, RAW_JSON, SOURCE_PARTITION, SOURCE_POSITION, Column, Connector
from flink_apps.taxi_analytics import job, main
from flink_apps.taxi_analytics.settings import GROUP, Settings
from tests.flink_apps.embedded import configuration, json_files, run_jobs

#: What streams have otherwise: each file is a partition.
METADATA = (
    Column(SOURCE_PARTITION, "STRING NOT NULL METADATA FROM 'file.name' VIRTUAL"),
    Column(SOURCE_POSITION, "AS '0'"),
    FILE_ARRIVAL,
)


def run(order: dict[str, Any]) -> None:
    settings = Settings.from_property_groups({GROUP: order["properties"]})
    env = StreamExecutionEnvironment.get_execution_environment(configuration(order["config"]))
    table_env = StreamTableEnvironment.create(env)
    folders = order["folders"]
    files = {"connector": "filesystem", "path": folders[job.TRIPS], **RAW_JSON.as_options()}
    source = Connector(table=job.TRIPS, options=files, metadata=METADATA)
    sinks = {
        name: dataclasses.replace(sink, options=json_files(folders[name]), partitioned_by=())
        if name in folders
        else sink.with_options({"index": f"{sink.options['index']}{order['ending']}"})
        for name, sink in main.sinks(settings).items()
    }
    job.build(table_env, settings, {job.TRIPS: source}, sinks).execute().wait()


if __name__ == "__main__":
    run_jobs(run, at_a_time=2)
