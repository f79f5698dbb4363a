"""What the environments of the jobs have in common."""

from __future__ import annotations

from pyflink.table import TableEnvironment


def prepare(table_env: TableEnvironment) -> None:
    """All times in UTC, rows handed on without a copy, and ``counted(value, 'metric')``, which counts in the JVM.

    The function is in flink_apps/connectors/json, which the job's jar needs.
    """
    config = table_env.get_config()
    config.set("table.local-time-zone", "UTC")
    config.set("pipeline.object-reuse", "true")
    table_env.create_java_temporary_function("counted", "flinkscenarios.json.Counted")
