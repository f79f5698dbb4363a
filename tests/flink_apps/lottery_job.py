"""Runs lotteries over files in an embedded Flink cluster.

Reads from standard input a list of jobs: the properties of each, Flink's configuration, the folders of the two inputs,
and those of the two outputs.
"""

from __future__ import annotations

import sys
from typing import Any

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_apps.common.tables import FILE_ARRIVAL, Connector
from flink_apps.lottery import job, rules
from flink_apps.lottery.settings import (
    CONSUMER_GROUP,
    GROUP,
    LOTTERY_INPUT,
    PRODUCER_GROUP,
    REJECTED_OUTPUT,
    USER_INPUT,
    WINNERS_OUTPUT,
    Settings,
)
from tests.flink_apps.embedded import configuration, json_files, run_jobs


def events(table: str, folder: str) -> Connector:
    options = {"connector": "filesystem", "path": folder, **rules.record_format(job.FIELDS[table]).as_options()}
    return Connector(table=table, options=options, metadata=(FILE_ARRIVAL,))


def run(order: dict[str, Any]) -> None:
    # The inputs and outputs are the test's own.
    streams: dict[str, dict[str, str]] = {
        stream.group: {} for stream in (LOTTERY_INPUT, USER_INPUT, WINNERS_OUTPUT, REJECTED_OUTPUT)
    }
    regions = {group: {"aws.region": "eu-west-1"} for group in (CONSUMER_GROUP, PRODUCER_GROUP)}
    settings = Settings.from_property_groups({**streams, **regions, GROUP: order["properties"]})
    config = {**job.options(settings), "python.executable": sys.executable, **order["config"]}
    env = StreamExecutionEnvironment.get_execution_environment(configuration(config))
    table_env = StreamTableEnvironment.create(env)
    folders = order["folders"]
    sources = {table: events(table, folders[table]) for table in (job.LOTTERY_EVENTS, job.USER_EVENTS)}
    sinks = {table: Connector(table=table, options=json_files(folders[table])) for table in (job.WINNERS, job.REJECTED)}
    job.build(table_env, settings, sources, sinks).execute().wait()


if __name__ == "__main__":
    run_jobs(run, at_a_time=2)
