"""Every document of the shipped rides, by Flink in an embedded cluster and in a real OpenSearch, beside an oracle."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flink_apps.taxi_analytics import job
from flink_constructs.connector_jar import ConnectorJar
from local.services.opensearch import DOMAIN_TYPE, OBJECTS_TYPE, OpenSearchService
from local.template import Template
from tests import taxi_oracle
from tests.flink_apps.embedded import ROOT, rows, run_to_end
from tests.local.started import started

pytestmark = pytest.mark.integration

LINES = taxi_oracle.lines()
TRIP = json.loads(LINES[0])
#: Seconds since 1970: all trips arrive in the year 2030.
ARRIVAL = 1_893_456_000
IN_2031 = 1_925_000_000_000


def changed(**changes: Any) -> bytes:
    """A ride with other fields, or with none where a field is to be left out."""
    return json.dumps({key: value for key, value in {**TRIP, **changes}.items() if value != "absent"}).encode()


BAD = {
    b"not JSON": None,
    changed(pickup_latitude="absent"): "missing field: pickup_latitude",
    changed(dropoff_longitude=None): None,
    changed(pickup_latitude=0, pickup_longitude=0): "pickup_latitude and pickup_longitude must not be 0",
    changed(dropoff_latitude=0.0, dropoff_longitude=0.0): "dropoff_latitude and dropoff_longitude must not be 0",
    changed(
        pickup_latitude=TRIP["pickup_longitude"], pickup_longitude=TRIP["pickup_latitude"]
    ): "pickup_latitude and pickup_longitude must not be swapped",
    changed(pickup_latitude=90.01): "pickup_latitude must be -90 to 90",
    changed(dropoff_longitude=-181): "dropoff_longitude must be -180 to 180",
    changed(dropoff_datetime=TRIP["pickup_datetime"] - 1): "dropoff_datetime must not be before pickup_datetime",
    changed(pickup_datetime=-1): "pickup_datetime must lie in the years 1970 to 9999",
    changed(dropoff_datetime=IN_2031): "dropoff_datetime must not be more than 60 s ahead of the arrival",
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One job: its files, its properties, its parallelism."""

    files: Mapping[str, list[bytes]]
    properties: Mapping[str, str] = field(default_factory=dict)
    parallelism: int = 1


HALF = len(LINES) // 2
SHUFFLED = taxi_oracle.out_of_order(LINES, minutes=2)
WATERMARK = b'{"type":"watermark","watermark":"2024-01-31T08:00:00.000Z"}'
MIXED = [line for number, line in enumerate(LINES) for line in ([*BAD, WATERMARK, line] if number == HALF else [line])]
RUNS = {
    "one task": Run(files={"all": MIXED}),
    "two tasks": Run(files={"even": LINES[::2], "odd": LINES[1::2]}, parallelism=2),
    "two minutes out of order": Run(files={"all": SHUFFLED}),
    "no early results": Run(files={"all": LINES}, properties={"EarlyResultsMinutes": "60"}),
}


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSearchService]:
    templates = ROOT / "dashboards" / "search" / "taxi_analytics"
    objects = [
        {"method": "PUT", "path": f"/_index_template/{file.stem}", "body": json.loads(file.read_text())}
        for file in sorted(templates.glob("*.json"))
    ]
    resources = {
        "Search": {"Type": DOMAIN_TYPE},
        "Templates": {"Type": OBJECTS_TYPE, "Properties": {"Objects": json.dumps(objects)}},
    }
    with started(
        OpenSearchService(Template({"Resources": resources}), tmp_path_factory.mktemp("opensearch"))
    ) as service:
        yield service


Results = dict[str, tuple[dict[str, taxi_oracle.Documents], list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def results(search: OpenSearchService, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The documents of each run, and its dead letters; all in one process, which is slow to start."""
    base = tmp_path_factory.mktemp("runs")
    endings = {name: f"-{number}" for number, name in enumerate(RUNS)}
    orders = [order(run, search, base / endings[name], endings[name]) for name, run in RUNS.items()]
    jar = ConnectorJar(project=ROOT / "flink_apps", module="taxi_analytics").build(ROOT / "build" / "jars")
    run_to_end("taxi_analytics_job.py", jar, orders, base / "log")
    return {
        name: (
            {
                index: {document["_id"]: document["_source"] for document in search.documents(f"{index}{ending}")}
                for index in (job.PICKUP_COUNT, job.TRIP_DURATION)
            },
            rows(base / ending / "letters"),
        )
        for name, ending in endings.items()
    }


def order(run: Run, search: OpenSearchService, folder: Path, ending: str) -> dict[str, Any]:
    """What the driver is told of a run."""
    (folder / "in").mkdir(parents=True)
    for name, lines in run.files.items():
        file = folder / "in" / f"{name}.json"
        file.write_bytes(b"\n".join(lines) + b"\n")
        # A file arrives when it is written: here after all of its trips.
        os.utime(file, (ARRIVAL, ARRIVAL))
    return {
        "properties": {
            "InputStreamArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/trips",
            "OpenSearchEndpoint": search.address,
            "Region": "eu-west-1",
            "OpenSearchUsername": "nobody",
            "OpenSearchPassword": "asks",
            "DeadLetterBucket": "letters",
            **run.properties,
        },
        "config": {"parallelism.default": str(run.parallelism)},
        "folders": {job.TRIPS: str(folder / "in"), job.DEAD_LETTERS: str(folder / "letters")},
        "ending": ending,
    }


@pytest.mark.parametrize("name", RUNS)
def test_every_document_is_the_oracles(results: Results, name: str) -> None:
    found, _ = results[name]
    taxi_oracle.compare(found, LINES)


@pytest.mark.parametrize("name", RUNS)
def test_the_bad_records_alone_are_dead_letters(results: Results, name: str) -> None:
    _, letters = results[name]
    bad = BAD if name == "one task" else {}
    reasons = {base64.b64decode(letter["raw"]): letter["reason"] for letter in letters}
    assert len(letters) == len(bad)
    assert reasons == {raw: reason or reasons.get(raw) for raw, reason in bad.items()}
