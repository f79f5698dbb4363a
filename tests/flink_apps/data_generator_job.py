"""Runs the data generator into files in an embedded Flink cluster.

Reads from standard input a list of runs: the properties of the generator, Flink's configuration, the number of ticks,
and the folder of the output. What is written in Avro is in JSON there; where some records are malformed, the bytes of
all are, in Base64.
"""

from __future__ import annotations

from typing import Any

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_apps.common.tables import JSON, Connector
from flink_apps.data_generator import job, main
from flink_apps.data_generator.settings import Settings
from tests.flink_apps.embedded import configuration, json_files, run_jobs

SINK = {"KafkaSink": {"bootstrap.servers": "b-1:9098", "topic": "records"}}


def run(order: dict[str, Any]) -> None:
    settings = Settings.from_property_groups({"DataGen": order["properties"], **SINK})
    env = StreamExecutionEnvironment.get_execution_environment(configuration(order["config"]))
    table_env = StreamTableEnvironment.create(env)
    ticks = main.sources(settings)[job.TICKS].with_options({"ticks": str(order["ticks"])})
    chosen = settings.record_format.as_format(settings.record_type, destination="records")
    if settings.faults.malformed:
        chosen = JSON
    in_avro = chosen.name == "avro"
    folder = f"{order['folder']}-avro" if in_avro else order["folder"]
    sink = Connector(table="records_out", options={**json_files(folder), **chosen.as_options()})
    job.build(table_env, settings, {job.TICKS: ticks}, {job.KAFKA: sink}).execute().wait()
    if in_avro:
        columns = settings.record_type.columns
        table_env.execute_sql(Connector(table="as_json", options=json_files(order["folder"])).create_table(columns))
        table_env.execute_sql("INSERT INTO as_json SELECT * FROM records_out").wait()


if __name__ == "__main__":
    run_jobs(run, at_a_time=4)
