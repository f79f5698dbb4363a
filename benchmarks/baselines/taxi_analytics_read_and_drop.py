"""The limit of the taxi analytics: trips in files are read, parsed and dropped."""

from __future__ import annotations

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common.dead_letters import ERROR, RAW
from flink_apps.common.environment import configure
from flink_apps.common.properties import read_property_groups
from flink_apps.common.tables import RAW_JSON, Connector
from flink_apps.taxi_analytics import job, schema


def run() -> None:
    """Submit the job for the folder that the property groups name."""
    folder = read_property_groups()["Bench"]["folder"]
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    configure(table_env)
    files = {"connector": "filesystem", "path": folder, **RAW_JSON.as_options()}
    columns = (*schema.TRIP, RAW, ERROR)
    table_env.execute_sql(Connector(table=job.TRIPS, options=files).create_table(columns))
    nothing = Connector(table="nothing", options={"connector": "blackhole"})
    table_env.execute_sql(nothing.create_table(columns))
    table_env.execute_sql(f"INSERT INTO nothing SELECT * FROM `{job.TRIPS}`")


if __name__ == "__main__":
    run()
