"""Lists the operators of jobs, as they would be submitted; nothing runs.

Reads from standard input a list of jobs: the scenario, its property groups, the parallelism, and the file for the list.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StatementSet, StreamTableEnvironment
from pyflink.util.java_utils import get_field

from tests.flink_apps.embedded import configuration


def translate(table_env: StreamTableEnvironment, statements: StatementSet) -> None:
    """Do what ``execute()`` does before it submits."""
    plan = table_env._j_tenv.getPlanner().translate(statements._j_statement_set.getOperations())
    executor = get_field(table_env._j_tenv.getClass(), "execEnv").get(table_env._j_tenv)
    executor.createPipeline(plan, table_env._j_tenv.getConfig().getConfiguration(), None)


def run(order: dict[str, Any]) -> None:
    job, main, settings = (
        importlib.import_module(f"flink_apps.{order['scenario']}.{module}") for module in ("job", "main", "settings")
    )
    given = settings.Settings.from_property_groups(order["groups"])
    options = job.options(given) if hasattr(job, "options") else {}
    env = StreamExecutionEnvironment.get_execution_environment(
        configuration({**options, "parallelism.default": str(order["parallelism"])})
    )
    table_env = StreamTableEnvironment.create(env)
    shares = [given.at(order["parallelism"])] if hasattr(given, "at") else []
    translate(table_env, job.build(table_env, given, main.sources(given), main.sinks(given, *shares)))


if __name__ == "__main__":
    written = Path(os.environ["FLINK_APPS_OPERATORS"])
    for each in json.load(sys.stdin):
        run(each)
        written.rename(each["file"])
