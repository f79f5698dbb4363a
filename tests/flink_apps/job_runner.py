"""Several jobs of SQL statements in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from flink_constructs.connector_jar import ConnectorJar

ROOT = Path(__file__).parents[2]

#: Runs each job of the standard input, and reports what stopped it. In a process of its own: the AWS SDK looks for
#: credentials in the environment of its JVM, and one JVM for all jobs saves most of the time.
_RUNNER = """
import json, sys
from pyflink.table import EnvironmentSettings, TableEnvironment
from tests.flink_apps.embedded import in_threads

given = json.load(sys.stdin)

def failure(job):
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for key, value in {**given["options"], **job["options"]}.items():
        table_env.get_config().set(key, value)
    try:
        for statement in job["statements"]:
            result = table_env.execute_sql(statement)
        result.wait()
    except Exception as error:
        return str(error)

found = dict(zip(given["jobs"], in_threads(failure, given["jobs"].values(), at_a_time=4)))
print(json.dumps({name: text for name, text in found.items() if text}))
"""
_OPTIONS = {"parallelism.default": "1", "restart-strategy.type": "none"}


@dataclass(frozen=True, kw_only=True)
class Job:
    """What Flink is told."""

    statements: Sequence[str]
    options: Mapping[str, str] = field(default_factory=dict)


class Running:
    """Jobs that have been started, four at a time, with the connectors of the streaming ETL."""

    def __init__(self, jobs: Mapping[str, Job], environment: Mapping[str, str]) -> None:
        """Start them, in this environment; a job is not restarted, unless its options say so."""
        jar = ConnectorJar(project=ROOT / "flink_apps", module="streaming_etl").build(ROOT / "build" / "jars")
        given = {"options": _OPTIONS, "jobs": {name: asdict(job) for name, job in jobs.items()}}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _RUNNER],
            env={**environment, "PYTHONPATH": str(ROOT), "HADOOP_CLASSPATH": str(jar.resolve())},  # see embedded.py
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(given))
        self._process.stdin.close()
        self._process.stdin = None

    def __enter__(self) -> Running:
        """Nothing more: they run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what still runs."""
        self._process.kill()
        self._process.communicate()

    def failures(self) -> dict[str, str]:
        """Wait for the end of all jobs; what stopped those that failed, by their names."""
        stdout, stderr = self._process.communicate(timeout=600)
        assert self._process.returncode == 0, stderr
        found: dict[str, str] = json.loads(stdout.splitlines()[-1])
        return found
