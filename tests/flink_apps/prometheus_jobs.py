"""Runs jobs that write to Prometheus in an embedded Flink cluster.

Reads from standard input a list of jobs: the SQL statements of each, Flink's configuration, the file for its outcome,
and how many samples to wait for. A job that is waited for never ends by itself: it is cancelled once its sink has
counted so many as written, refused or dropped, for a counter is gone with its task.
The outcome is {"failure": …, "counters": …}, the text that stopped the job, and the sink's own counters.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import requests
from pyflink.table import EnvironmentSettings, TableEnvironment, TableResult

from tests.flink_apps.embedded import configuration, run_jobs

#: The metric group that the managed service shows.
_SHOWN = ".kinesisanalytics."
#: Each sample is in one of these counters in the end.
_SETTLED = ("numSamplesOut", "numSamplesDropped", "numSamplesRefusedPerhapsStored")
_SECONDS = 60


def counters(flink: str) -> dict[str, int]:
    """The sink's counters in its group, summed over its tasks; none before it runs."""
    found = {}
    (job,) = _get(f"{flink}/jobs")["jobs"]
    for vertex in _get(f"{flink}/jobs/{job['id']}")["vertices"]:
        metrics = f"{flink}/jobs/{job['id']}/vertices/{vertex['id']}/subtasks/metrics"
        shown = [metric["id"] for metric in _get(metrics) if _SHOWN in metric["id"]]
        if shown:
            for metric in _get(metrics, get=",".join(shown), agg="sum"):
                found[metric["id"].rpartition(".")[2]] = int(metric["sum"])
    return found


def wait_for(samples: int, result: TableResult, flink: str) -> dict[str, int]:
    """The counters that are all of so many samples."""
    job = result.get_job_client()
    ended = job.get_job_execution_result()
    deadline = time.monotonic() + _SECONDS
    seen: dict[str, int] = {}
    try:
        while not ended.done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the sink must settle {samples} samples within {_SECONDS} s (got {seen})")
            time.sleep(0.1)
            try:
                before, seen = seen, counters(flink)
            except requests.ConnectionError:
                continue  # the cluster ends with its job
            # One counter may be a moment later than the others: the same twice is all.
            if seen == before and sum(seen.get(name, 0) for name in _SETTLED) >= samples:
                return seen
    finally:
        if not ended.done():
            job.cancel().result()
    result.wait()  # raises what has ended it
    raise RuntimeError("a job that is waited for must not end by itself; let it read an endless table")


def run(order: dict[str, Any]) -> None:
    settings = EnvironmentSettings.new_instance().with_configuration(configuration(order["config"])).build()
    table_env = TableEnvironment.create(settings)
    outcome: dict[str, Any] = {"failure": None, "counters": {}}
    try:
        for statement in order["statements"]:
            result = table_env.execute_sql(statement)
        if order["samples"] is None:
            result.wait()
        else:
            flink = f"http://localhost:{order['config']['rest.bind-port']}"
            outcome["counters"] = wait_for(order["samples"], result, flink)
    except Exception as error:
        outcome["failure"] = str(error)
    Path(order["outcome"]).write_text(json.dumps(outcome))


def _get(url: str, **parameters: str) -> Any:
    return requests.get(url, params=parameters, timeout=10).json()


if __name__ == "__main__":
    run_jobs(run, at_a_time=4)
