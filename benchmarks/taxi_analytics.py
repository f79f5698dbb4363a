"""The taxi analytics' cases: trips from files through checks, cells and windows into OpenSearch, beside plain SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Row, measure, renew_cluster, started, submit
from flink_apps.taxi_analytics import settings
from flink_apps.taxi_analytics.job import PICKUP_COUNT, TRIP_DURATION
from local.run import LocalRun
from local.scenarios.taxi_analytics.scenario import TaxiAnalytics
from local.services.opensearch import OpenSearchService
from tools.make_rides import rides

SCENARIO = "taxi-analytics"
DAY_MILLIS = 86_400_000
#: New York's yellow taxis had so many rides on a day of the years with coordinates.
RIDES_A_DAY = 330_000
DAYS = 18


@dataclass(frozen=True, kw_only=True)
class Case:
    """A job, how often it writes the documents of an open hour, and what it is compared with."""

    name: str
    job: str
    early_results_minutes: int = 60
    ratio_to: str | None = None


LIMIT, PLAIN_SQL = "read, check and drop", "plain SQL"
CASES = (
    Case(name=LIMIT, job="taxi_analytics_read_and_drop.py"),
    Case(name=PLAIN_SQL, job="taxi_analytics_plain_sql.py", ratio_to=LIMIT),
    Case(name="geohashes, checks, dead letters", job="taxi_analytics_files.py", ratio_to=PLAIN_SQL),
    Case(
        name="with early results each 15 minutes",
        job="taxi_analytics_files.py",
        early_results_minutes=15,
        ratio_to=PLAIN_SQL,
    ),
)


def run(say: Callable[[str], None], *, long: bool = False) -> Iterator[Row]:  # noqa: ARG001 - no case takes longer
    """Measure every case, one after the other on the same servers."""
    rows: dict[str, Row] = {}
    with _started() as local:
        say("writing the trips")
        folder = local.folder / "bench" / "data"
        size = _write(folder / "trips.json")
        scenario, search = TaxiAnalytics(local), local.service(OpenSearchService)
        for case in CASES:
            say(case.name)
            early = {settings.EARLY_RESULTS.key: str(case.early_results_minutes)}
            groups = local.property_groups()
            groups |= {"Bench": {"folder": folder.as_uri()}, settings.GROUP: {**groups[settings.GROUP], **early}}
            # To write an id again is an update, which takes longer.
            search.delete(PICKUP_COUNT, TRIP_DURATION)
            job = submit(local, case.job, groups)
            measured = measure(lambda job=job: scenario.records_so_far(job), local.cluster.task_managers)  # type: ignore[misc] # mypy cannot tell
            if case.name != LIMIT and not search.count(PICKUP_COUNT):
                raise RuntimeError(f"{case.name} wrote no document")
            renew_cluster(local)
            baseline = rows[case.ratio_to] if case.ratio_to else None
            rows[case.name] = Row(
                scenario=SCENARIO, case=case.name, measured=measured, baseline=baseline, record_bytes=size
            )
            yield rows[case.name]


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


def _started() -> AbstractContextManager[LocalRun]:
    # A file is one partition: there is no other one to wait for.
    keys = {"producer": "none", "parallelism": 1, "archive": "false", "idle-seconds": 1}
    return started(SCENARIO, keys)
