"""The configuration that the environments of all jobs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.table import StatementSet, TableEnvironment

from flink_apps.common.tables import Connector


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
    """Use UTC for all times, pass rows between operators without copies, and refuse an operator without an id."""
    config = table_env.get_config()
    config.set("table.local-time-zone", "UTC")
    config.set("pipeline.object-reuse", "true")
    # State is found again by its operator's id: see insert(). Ids that Flink generates change with the plan.
    config.set("table.exec.uid.generation", "ALWAYS")
    config.set("pipeline.auto-generate-uids", "false")


def prepare(table_env: TableEnvironment) -> None:
    """Configure the environment, and register two functions.

    ``counted(value, 'metric')`` counts in the JVM. ``once(text)`` is evaluated once per row, however often a query
    refers to it. The job's jar needs flink_apps/connectors/functions, which has both, and ``operators``.
    """
    configure(table_env)
    table_env.create_java_temporary_function("counted", "flinkscenarios.functions.Counted")
    table_env.create_java_temporary_function("once", "flinkscenarios.functions.Once")


def parallelism(table_env: TableEnvironment) -> int:
    """The default parallelism of the job's operators."""
    return int(table_env.get_config().get("parallelism.default", "1"))


def insert(table_env: TableEnvironment, queries: Mapping[str, str], *, connectors: Iterable[Connector]) -> StatementSet:
    """Declare the statements of a job, whose operators get ids by the names of their tables.

    The ids, and with them the state, stay the same when other tables come or go: see
    flink_apps/connectors/operators.

    Args:
        table_env: The environment of the tables.
        queries: For each table the query whose rows it gets.
        connectors: The sources and sinks. Another connector makes another operator: it cannot read the old one's state.

    """
    names = {connector.table: connector.options["connector"] for connector in connectors}
    executor = get_gateway().jvm.flinkscenarios.operators.IdentifyingExecutor
    executor.install(table_env._j_tenv, list(queries), names)
    statements = table_env.create_statement_set()
    for table, query in queries.items():
        statements.add_insert_sql(f"INSERT INTO `{table}` {query}")
    return statements
