"""The configuration that the environments of all jobs share."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import TableEnvironment


def configuration(options: Mapping[str, str]) -> Configuration:
    """Flink's options as a ``Configuration``."""
    result = Configuration()
    for option, value in options.items():
        result.set_string(option, value)
    return result


def environment(options: Mapping[str, str]) -> StreamExecutionEnvironment:
    """The environment, with Flink's options from the submission overridden by these."""
    return StreamExecutionEnvironment.get_execution_environment(configuration(options))


def configure(table_env: TableEnvironment) -> None:
    """Use UTC for all times, pass rows between operators without copies, and give every operator of SQL an id.

    Without ids of their own, operators get hashes of what they are chained to, which another parallelism changes: a
    savepoint would not restore after the application has been scaled.
    """
    config = table_env.get_config()
    config.set("table.local-time-zone", "UTC")
    config.set("pipeline.object-reuse", "true")
    config.set("table.exec.uid.generation", "ALWAYS")


def prepare(table_env: TableEnvironment) -> None:
    """Configure the environment, and register two functions.

    ``counted(value, 'metric')`` counts in the JVM. ``once(text)`` is evaluated once per row, however often a query
    refers to it. The job's jar needs flink_apps/connectors/functions, which has both.
    """
    configure(table_env)
    table_env.create_java_temporary_function("counted", "flinkscenarios.functions.Counted")
    table_env.create_java_temporary_function("once", "flinkscenarios.functions.Once")


def parallelism(table_env: TableEnvironment) -> int:
    """The default parallelism of the job's operators."""
    return int(table_env.get_config().get("parallelism.default", "1"))
