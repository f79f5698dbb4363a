"""What the environments of the jobs have in common."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import TableEnvironment


def configuration(options: Mapping[str, str]) -> Configuration:
    """Flink's options, as environments take them."""
    result = Configuration()
    for option, value in options.items():
        result.set_string(option, value)
    return result


def environment(options: Mapping[str, str]) -> StreamExecutionEnvironment:
    """The environment with these of Flink's options over those of whoever submits the job."""
    return StreamExecutionEnvironment.get_execution_environment(configuration(options))


def configure(table_env: TableEnvironment) -> None:
    """All times in UTC, and rows handed on without a copy."""
    config = table_env.get_config()
    config.set("table.local-time-zone", "UTC")
    config.set("pipeline.object-reuse", "true")


def prepare(table_env: TableEnvironment) -> None:
    """Configure the environment, and declare two functions.

    ``counted(value, 'metric')`` counts in the JVM, ``once(text)`` is worked out once for each row, however often a
    query refers to it. They are in flink_apps/connectors/functions, which the job's jar needs.
    """
    configure(table_env)
    table_env.create_java_temporary_function("counted", "flinkscenarios.functions.Counted")
    table_env.create_java_temporary_function("once", "flinkscenarios.functions.Once")


def parallelism(table_env: TableEnvironment) -> int:
    """The parallelism that the job's operators have where nothing else is said."""
    return int(table_env.get_config().get("parallelism.default", "1"))
