"""The taxi analytics' cases: trips from files through checks, cells and windows into OpenSearch, beside plain SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Row, measure, submit
from local.run import LocalRun
from local.runs import new_folder
from local.scenarios.taxi_analytics.scenario import TaxiAnalytics
from local.services.opensearch import OpenSearchService
from local.synth import synthesize
from tools.make_rides import rides

SCENARIO = "taxi-analytics"
WARM_UP_SECONDS = 10
SECONDS = 15
DAY_MILLIS = 86_400_000
#: New York's yellow taxis had so many rides on a day of the years with coordinates.
RIDES_A_DAY = 330_000
DAYS = 18


@dataclass(frozen=True, kw_only=True)
class Case:
    """A job, and how often it writes the documents of an open hour."""

    name: str
    job: str
    early_results_minutes: int = 60


CASES = (
    Case(name="plain SQL", job="taxi_analytics_plain_sql.py"),
    Case(name="geohashes, checks, dead letters", job="taxi_analytics_files.py"),
    Case(name="with early results each 15 minutes", job="taxi_analytics_files.py", early_results_minutes=15),
)


def run(say: Callable[[str], None]) -> Iterator[Row]:
    """Measure every case, one after the other, each on fresh servers."""
    baseline: Row | None = None
    for case in CASES:
        say(case.name)
        with _started(case) as local:
            folder = local.folder / "bench" / "data"
            size = _write(folder / "trips.json")
            job = submit(local, case.job, {"Bench": {"folder": folder.as_uri()}})
            scenario = TaxiAnalytics(local)
            result = measure(
                lambda job=job, scenario=scenario: scenario.records_so_far(job),  # type: ignore[misc] # mypy cannot tell
                local.cluster.task_managers,
                warm_up_seconds=WARM_UP_SECONDS,
                seconds=SECONDS,
            )
            if not local.service(OpenSearchService).count("pickup_count"):
                raise RuntimeError(f"{case.name} wrote no document")
        row = Row(scenario=SCENARIO, case=case.name, measured=result, baseline=baseline, record_bytes=size)
        baseline = baseline or row
        yield row


def _days() -> Iterator[str]:
    """Lines of trips in the order of their dropoffs, a day at a time: the same made-up one, later each time."""
    parts = []
    for ride in rides(RIDES_A_DAY):
        pickup, dropoff = ride.pop("pickup_datetime"), ride.pop("dropoff_datetime")
        parts.append((json.dumps(ride, separators=(",", ":"))[:-1], pickup, dropoff))
    # The last rides end after midnight: each day begins where the one before has ended.
    step = max(DAY_MILLIS, parts[-1][2] - parts[0][2])
    for day in range(DAYS):
        yield "".join(
            f'{begin},"pickup_datetime":{pickup + day * step},"dropoff_datetime":{dropoff + day * step}}}\n'
            for begin, pickup, dropoff in parts
        )


def _write(file: Path) -> float:
    """Write the trips to a file; gives the mean bytes of one."""
    file.parent.mkdir(parents=True)
    with file.open("w", encoding="utf-8") as lines:
        return sum(map(lines.write, _days())) / (DAYS * RIDES_A_DAY)


@contextmanager
def _started(case: Case) -> Iterator[LocalRun]:
    folder = new_folder("bench")
    context = {
        "producer": "none",
        "parallelism": "1",
        "archive": "false",
        # A file is one partition: there is no other one to wait for.
        "idle-seconds": "1",
        "early-results-minutes": str(case.early_results_minutes),
    }
    keys = {f"{SCENARIO}.{key}": value for key, value in context.items()}
    with LocalRun(synthesize(SCENARIO, keys, folder / "cdk.out"), folder) as local:
        local.start()
        yield local
