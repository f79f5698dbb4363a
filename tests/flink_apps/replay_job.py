"""Runs replays in an embedded Flink cluster: as a process, for a test that wants to kill it.

Reads from standard input a list of jobs: the properties of each, the folder that the records go to, and Flink's
configuration. Each line of the output is {"trip_key": …, "raw": …}, the bytes in Base64; of a job that is ``timed`` it
is {"number": …, "released": …}, the time at which each row came.
"""

from __future__ import annotations

from typing import Any

from pyflink.table import EnvironmentSettings, StatementSet, TableEnvironment

from flink_apps.common.tables import Column, Connector
from flink_apps.replay import job, queries
from flink_apps.replay.settings import Settings
from tests.flink_apps.embedded import configuration, json_files, run_jobs


def declare(table_env: TableEnvironment, settings: Settings, sink: Connector, *, timed: bool) -> StatementSet:
    source = job.files(settings)
    if not timed:
        return job.build(table_env, settings, {job.TRIPS: source}, {job.EVENTS: sink})
    columns = queries.columns(source_format="json", time_attribute=settings.time_attribute, partition_key="trip_id")
    table_env.execute_sql(source.create_table(columns))
    table_env.execute_sql(sink.create_table((Column("number", "BIGINT"), Column("released", "STRING"))))
    statements = table_env.create_statement_set()
    statements.add_insert_sql(
        "INSERT INTO replayed SELECT `number`, DATE_FORMAT(CURRENT_TIMESTAMP, 'yyyy-MM-dd''T''HH:mm:ss.SSS') FROM trips"
    )
    return statements


def run(order: dict[str, Any]) -> None:
    table_env = TableEnvironment.create(
        EnvironmentSettings.new_instance().with_configuration(configuration(order["config"])).build()
    )
    # The sink is the test's own.
    groups = {
        "ReplayProperties": {"output.bootstrap.servers": "none:9092", "output.topic": "none", **order["properties"]}
    }
    sink = Connector(table="replayed", options=json_files(order["folder"]))
    declare(table_env, Settings.from_property_groups(groups), sink, timed=order["timed"]).execute().wait()


if __name__ == "__main__":
    run_jobs(run, at_a_time=4)
