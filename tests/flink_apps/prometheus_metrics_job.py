"""Runs the Prometheus metrics into files in an embedded Flink cluster.

Reads from standard input a list of jobs: the properties of each, the parallelism, how many ticks there are, and the
folder of the samples.
"""

from __future__ import annotations

from typing import Any

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_apps.common.tables import Connector
from flink_apps.prometheus_metrics import job, main
from flink_apps.prometheus_metrics.settings import Settings
from tests.flink_apps.embedded import configuration, json_files, run_jobs


def run(order: dict[str, Any]) -> None:
    settings = Settings.from_property_groups(order["groups"])
    parallelism = order["parallelism"]
    env = StreamExecutionEnvironment.get_execution_environment(configuration({"parallelism.default": str(parallelism)}))
    sources = {
        name: source.with_options({"ticks": str(order["ticks"])}) for name, source in main.sources(settings).items()
    }
    sinks = {job.SAMPLES: Connector(table=job.SAMPLES, options=json_files(order["folder"]))}
    table_env = StreamTableEnvironment.create(env)
    job.build(table_env, settings, sources, sinks).execute().wait()


if __name__ == "__main__":
    run_jobs(run, at_a_time=2)
