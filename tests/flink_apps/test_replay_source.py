"""Replays of small data sets by Flink itself, in an embedded cluster: no servers."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from flink_apps.replay.logic import kafka_keys
from flink_constructs.connector_jar import ConnectorJar
from stacks.project import SHIPPED_TRIPS
from tests.flink_apps.embedded import ROOT, rows, run_to_end, start, stop

DRIVER = "replay_job.py"
PART_1 = SHIPPED_TRIPS / "part-1.json.gz"
SHARDS = 3
PACED_TRIPS = 40
PACED_SECONDS = 4
BROKEN = [b"not JSON", b'{"dropoff_datetime":"when?","trip_id":77}', b'{"dropoff_datetime":null}', b"\xff\xfe"]

pytestmark = pytest.mark.integration


def trip_lines(count: int) -> list[bytes]:
    """The first trips of the data set, in the order of their dropoff."""
    with gzip.open(PART_1) as lines:
        return [next(lines).rstrip(b"\n") for _ in range(count)]


LINES = trip_lines(2_000)
TRIPS = [json.loads(line) for line in LINES]


@dataclass(frozen=True, kw_only=True)
class Replay:
    """One job: files, properties, Flink's configuration, whether the time of each row is wanted."""

    files: Mapping[str, bytes]
    properties: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    timed: bool = False


def joined(lines: Sequence[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n"


def csv_of(trips: Sequence[Mapping[str, Any]]) -> bytes:
    """The layout of the commission's files: local times, no id, no type, another name for the rate code."""
    names = [name for name in trips[0] if name not in ("trip_id", "type")]
    names.reverse()
    lines = [",".join("rate_code_id" if name == "ratecode_id" else name for name in names)]
    for trip in trips:
        texts = {name: str(trip[name]) for name in names}
        for name in ("pickup_datetime", "dropoff_datetime"):
            texts[name] = datetime.fromtimestamp(trip[name] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        lines.append(",".join(texts[name] for name in names))
    return joined([line.encode() for line in lines])


def parquet_of(trips: Sequence[Mapping[str, Any]]) -> bytes:
    types = {int: pa.int32(), float: pa.float64(), str: pa.string()}
    long = ("pickup_datetime", "dropoff_datetime", "trip_id")
    schema = pa.schema([(name, pa.int64() if name in long else types[type(trips[0][name])]) for name in trips[0]])
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.Table.from_pylist(list(trips), schema=schema), sink)
    return bytes(sink.getvalue())


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as compressed:
        compressed.write(content)
    return bytes(sink.getvalue())


def shuffled(lines: Sequence[bytes], *, seed: int) -> list[bytes]:
    return random.Random(seed).sample(lines, len(lines))  # noqa: S311 - an order, no secret


#: A trip that is due PACED_SECONDS after the first one, and others evenly between them, at a speedup of 60.
PACED = [
    b'{"dropoff_datetime":%d,"trip_id":%d}' % (number * 60_000 * PACED_SECONDS // PACED_TRIPS, number)
    for number in range(PACED_TRIPS + 1)
]

REPLAYS = {
    "plain": Replay(files={"trips.json": joined(LINES)}),
    "gzip": Replay(files={"trips.json.gz": gzip.compress(joined(LINES))}),
    "zstd": Replay(files={"trips.json.zst": zstd(joined(LINES))}),
    "csv": Replay(files={"trips.csv.gz": gzip.compress(csv_of(TRIPS))}, properties={"source.format": "csv"}),
    "parquet": Replay(files={"trips.parquet": parquet_of(TRIPS)}, properties={"source.format": "parquet"}),
    "several files": Replay(
        files={
            "part-10.json": joined(LINES[1_500:]),
            "part-9.json.gz": gzip.compress(joined(LINES[700:1_500])),
            "part-1.json": joined(LINES[:700]),
        },
        # Smaller than the first file: read in another order, they would come in another order.
        properties={"buffer.records": "100"},
    ),
    "out of order within the buffer": Replay(
        files={"trips.json": joined(shuffled(LINES, seed=1))}, properties={"buffer.records": "2000"}
    ),
    "out of order beyond the buffer": Replay(
        files={"trips.json": joined([*LINES[1_000:], *LINES[:1_000]])}, properties={"buffer.records": "100"}
    ),
    "broken lines": Replay(files={"trips.json": joined([*LINES[:10], *BROKEN, *LINES[10:20]])}),
    "broken csv": Replay(
        files={
            "trips.csv": csv_of(TRIPS[:3]) + b"1,2,3\n" + csv_of(TRIPS[3:4]).splitlines()[1].replace(b",2024", b",?024")
        },
        properties={"source.format": "csv"},
    ),
    "seek": Replay(
        files={"trips.json": joined(LINES)},
        properties={"seek": datetime.fromtimestamp(TRIPS[1_000]["dropoff_datetime"] / 1000, UTC).isoformat()},
    ),
    **{
        f"{source_format} with watermarks": Replay(
            files={f"trips.{source_format}": content},
            properties={"source.format": source_format, "watermark.interval.seconds": "60"},
        )
        for source_format, content in {
            "json": joined(LINES[:10]),
            "csv": csv_of(TRIPS[:10]),
            "parquet": parquet_of(TRIPS[:10]),
        }.items()
    },
    "paced with watermarks": Replay(
        files={"trips.json": joined(PACED)},
        properties={
            "speedup": "60",
            "watermark.interval.seconds": "1",
            "watermark.shards": str(SHARDS),
        },
        config={"parallelism.default": "2"},
    ),
    "paced": Replay(files={"trips.json": joined(PACED)}, properties={"speedup": "60"}, timed=True),
}


@pytest.fixture(scope="module")
def jar() -> Path:
    return ConnectorJar(project=ROOT / "flink_apps", module="replay").build(ROOT / "build" / "jars").resolve()


def write(replay: Replay, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in replay.files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def replayed(jar: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What each of ``REPLAYS`` gave; all in one process, which takes longer to start than to do the work."""
    base = tmp_path_factory.mktemp("replays")
    names = {name: name.replace(" ", "-") for name in REPLAYS}
    jobs = [
        {
            "properties": {
                "source.path": str(write(replay, base / "in" / names[name])),
                "speedup": "1000000000",
                **replay.properties,
            },
            "folder": str(base / "out" / names[name]),
            "config": replay.config,
            "timed": replay.timed,
        }
        for name, replay in REPLAYS.items()
    ]
    run_to_end(DRIVER, jar, jobs, base / "log")
    return {name: rows(base / "out" / names[name]) for name in REPLAYS}


def events(replayed: Mapping[str, list[dict[str, Any]]], name: str) -> list[bytes]:
    return [base64.b64decode(row["raw"]) for row in replayed[name]]


@pytest.mark.parametrize("name", ["plain", "gzip", "zstd", "several files"])
def test_the_very_lines_come_in_their_order(replayed: dict[str, list[dict[str, Any]]], name: str) -> None:
    assert events(replayed, name) == LINES


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_rows_of_other_formats_become_the_same_events(replayed: dict[str, list[dict[str, Any]]], name: str) -> None:
    assert [json.loads(event) for event in events(replayed, name)] == TRIPS


def test_the_key_is_the_trip_id_or_the_rows_number(replayed: dict[str, list[dict[str, Any]]]) -> None:
    ids = [str(trip["trip_id"]) for trip in TRIPS]
    assert [row["trip_key"] for row in replayed["plain"]] == ids
    assert [row["trip_key"] for row in replayed["csv"]] == [str(number) for number in range(1, len(TRIPS) + 1)]
    assert {row["trip_key"] for row in replayed["broken lines"]} == {*ids[:20], "11", "77", "13", "14"}


def test_rows_out_of_order_within_the_buffer_are_sorted(replayed: dict[str, list[dict[str, Any]]]) -> None:
    times = [json.loads(event)["dropoff_datetime"] for event in events(replayed, "out of order within the buffer")]
    assert times == [trip["dropoff_datetime"] for trip in TRIPS]


def test_rows_out_of_order_beyond_the_buffer_are_not_lost(replayed: dict[str, list[dict[str, Any]]]) -> None:
    assert sorted(events(replayed, "out of order beyond the buffer")) == sorted(LINES)


def test_a_broken_line_goes_out_as_it_is(replayed: dict[str, list[dict[str, Any]]]) -> None:
    assert sorted(events(replayed, "broken lines")) == sorted([*LINES[:20], *BROKEN])


def test_a_csv_line_that_is_no_trip_goes_out_as_it_is(replayed: dict[str, list[dict[str, Any]]]) -> None:
    found = events(replayed, "broken csv")
    assert [json.loads(event) for event in found if event.startswith(b"{")] == TRIPS[:3]
    assert [event for event in found if not event.startswith(b"{")] == [
        b"1,2,3",
        csv_of(TRIPS[3:4]).splitlines()[1].replace(b",2024", b",?024"),
    ]


def test_seek_leaves_out_what_is_earlier(replayed: dict[str, list[dict[str, Any]]]) -> None:
    first = TRIPS[1_000]["dropoff_datetime"]
    assert events(replayed, "seek") == [
        line for line, trip in zip(LINES, TRIPS, strict=True) if trip["dropoff_datetime"] >= first
    ]


def test_rows_come_when_they_are_due(replayed: dict[str, list[dict[str, Any]]]) -> None:
    released = [datetime.fromisoformat(row["released"]).timestamp() for row in replayed["paced"]]
    assert [row["number"] for row in replayed["paced"]] == list(range(1, PACED_TRIPS + 2))
    late = [at - released[0] - number * PACED_SECONDS / PACED_TRIPS for number, at in enumerate(released)]
    assert min(late) > -0.2, "the first one may itself have been late by so much"
    assert sorted(late)[len(late) // 2] < 0.3, "half of them come on time, whatever else the machine is doing"


@pytest.mark.parametrize("source_format", ["json", "csv", "parquet"])
def test_a_watermark_event_behind_the_last_trip_ends_the_replay(
    replayed: dict[str, list[dict[str, Any]]], source_format: str
) -> None:
    *trips, last = map(json.loads, events(replayed, f"{source_format} with watermarks"))
    assert [trip["dropoff_datetime"] for trip in trips] == [trip["dropoff_datetime"] for trip in TRIPS[:10]]
    assert last.pop("type") == "watermark"
    assert {name: millis(text) for name, text in last.items()} == {"watermark": TRIPS[9]["dropoff_datetime"] + 1}


def test_no_trip_that_is_earlier_follows_a_watermark(replayed: dict[str, list[dict[str, Any]]]) -> None:
    found = [json.loads(event) for event in events(replayed, "paced with watermarks")]
    assert [event["trip_id"] for event in found if "trip_id" in event] == list(range(PACED_TRIPS + 1))
    latest = -1
    for event in found:
        latest = max(latest, millis(event["watermark"]) if "watermark" in event else -1)
        assert event.get("dropoff_datetime", latest) >= latest


def test_watermarks_come_at_their_interval_to_each_partition(replayed: dict[str, list[dict[str, Any]]]) -> None:
    watermarks: dict[int, list[str]] = {}
    for row, event in zip(
        replayed["paced with watermarks"], map(json.loads, events(replayed, "paced with watermarks")), strict=True
    ):
        if "watermark" in event:
            watermarks.setdefault(millis(event["watermark"]), []).append(row["trip_key"])
    assert set(map(tuple, watermarks.values())) == {kafka_keys(SHARDS)}
    *paced, end = watermarks
    assert end == PACED_SECONDS * 60_000 + 1
    # The first one may find little done: its interval begins with the reader, before the first trip.
    assert all(58_000 < after - before < 120_000 for before, after in itertools.pairwise(paced))
    assert 2 <= len(paced) <= PACED_SECONDS


def millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_nothing_is_lost_or_doubled_when_the_job_is_killed_and_restored(jar: Path, tmp_path: Path) -> None:
    """The file sink writes exactly once, so what it has committed is what the source gave."""
    folder, checkpoints = tmp_path / "out", tmp_path / "checkpoints"
    properties = {
        "source.path": str(write(Replay(files={"trips.json.gz": gzip.compress(joined(LINES))}), tmp_path / "in")),
        "buffer.records": "500",
        # Two minutes in all: it is killed long before.
        "speedup": str((TRIPS[-1]["dropoff_datetime"] - TRIPS[0]["dropoff_datetime"]) / 120_000),
    }
    config = {
        "execution.checkpointing.interval": "500 ms",
        "execution.checkpointing.dir": checkpoints.as_uri(),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    }
    job = {"properties": properties, "folder": str(folder), "config": config, "timed": False}
    first = start(DRIVER, jar, [job], tmp_path / "first.log")
    try:
        deadline = time.monotonic() + 120
        while not rows(folder):
            assert first.poll() is None, (tmp_path / "first.log").read_text(errors="replace")[-3_000:]
            assert time.monotonic() < deadline, "no checkpoint was completed"
            time.sleep(0.1)
    finally:
        stop(first)
    assert len(rows(folder)) < len(LINES), "it was killed too late to tell anything"

    newest = max(checkpoints.glob("*/chk-*/_metadata"), key=lambda file: int(re.sub(r"\D", "", file.parent.name)))
    restored = {
        **job,
        "properties": {**properties, "speedup": "1000000000"},
        "config": {**config, "execution.state-recovery.path": newest.parent.as_uri()},
    }
    run_to_end(DRIVER, jar, [restored], tmp_path / "second.log")
    assert sorted(base64.b64decode(row["raw"]) for row in rows(folder)) == sorted(LINES)
