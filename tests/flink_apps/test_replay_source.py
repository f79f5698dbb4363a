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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from flink_apps.replay.logic import kafka_keys
from stacks.project import SHIPPED_TRIPS
from tests.flink_apps.embedded import rows, run_to_end, start, stop
from tests.flink_apps.replays import DRIVER, Replay, Replayed, jar, joined, millis, run, write

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

#: Trips whose clock was wrong.
WRONG_YEARS = [
    LINES[0].replace(str(TRIPS[0]["dropoff_datetime"]).encode(), str(millis).encode())
    for millis in (978_310_800_000, 4_055_000_000_000)
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
    "a byte order mark, returns and blank lines": Replay(
        files={"trips.json": b"\xef\xbb\xbf" + b"\r\n \r\n\r\n".join(LINES[:10]) + b"\r\n"}
    ),
    "damaged files": Replay(
        files={
            "part-1.json.gz": gzip.compress(joined(LINES[:1_000]))[:-9_000],
            "part-2.json.zst": zstd(joined(LINES[1_000:1_500]))[:-4_000],
            "part-3.json.gz": b"",
            "part-4.json.gz": gzip.compress(joined(LINES[1_500:1_800])) + gzip.compress(joined(LINES[1_800:])),
        }
    ),
    "a damaged parquet file": Replay(
        files={
            "part-1.parquet": parquet_of(TRIPS[:5])[:-100],
            "part-2.parquet": b"",
            "part-3.parquet": parquet_of(TRIPS[5:]),
        },
        properties={"source.format": "parquet"},
    ),
    "wrong years": Replay(
        files={"trips.json": joined([WRONG_YEARS[0], *LINES[:100], WRONG_YEARS[1]])},
        properties={"speedup": "6480"},
    ),
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
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return run(REPLAYS, tmp_path_factory.mktemp("replays"))


@pytest.mark.parametrize("name", ["plain", "gzip", "zstd", "several files"])
def test_the_very_lines_come_in_their_order(replayed: Replayed, name: str) -> None:
    assert replayed.events(name) == LINES


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_rows_of_other_formats_become_the_same_events(replayed: Replayed, name: str) -> None:
    assert [json.loads(event) for event in replayed.events(name)] == TRIPS


def test_marks_returns_and_blank_lines_are_no_part_of_a_line(replayed: Replayed) -> None:
    assert replayed.events("a byte order mark, returns and blank lines") == LINES[:10]


def test_of_damaged_files_comes_what_can_be_read_and_of_the_others_all(
    replayed: Replayed,
) -> None:
    found = replayed.events("damaged files")
    whole = [line for line in found if line in LINES]
    assert whole[-500:] == LINES[1_500:], "of a file with several members all"
    assert LINES[0] in whole
    assert LINES[1_000] in whole
    assert 700 < len(whole) < len(LINES)
    cut_off = [line for line in found if line not in LINES]
    assert len(cut_off) == 2
    assert all(any(line.startswith(piece) for line in LINES) for piece in cut_off)


def test_a_damaged_parquet_file_does_not_stop_the_others(replayed: Replayed) -> None:
    assert [json.loads(event) for event in replayed.events("a damaged parquet file")] == TRIPS[5:]


@pytest.mark.parametrize("problem", ["part-1.json.gz", "part-2.json.zst", "part-1.parquet"])
def test_a_file_that_is_not_read_to_its_end_is_named_once(replayed: Replayed, problem: str) -> None:
    named = re.findall(rf"(\S+)/{re.escape(problem)} is not read to its end: it is damaged", replayed.log)
    assert len(named) == 1, named


def test_trips_of_wrong_years_do_not_halt_the_others(replayed: Replayed) -> None:
    assert replayed.events("wrong years") == [WRONG_YEARS[0], *LINES[:100], WRONG_YEARS[1]]


def test_the_key_is_the_trip_id_or_the_rows_number(replayed: Replayed) -> None:
    ids = [str(trip["trip_id"]) for trip in TRIPS]
    assert [row["trip_key"] for row in replayed.rows["plain"]] == ids
    assert [row["trip_key"] for row in replayed.rows["csv"]] == [str(number) for number in range(1, len(TRIPS) + 1)]
    assert {row["trip_key"] for row in replayed.rows["broken lines"]} == {*ids[:20], "11", "77", "13", "14"}


def test_rows_out_of_order_within_the_buffer_are_sorted(replayed: Replayed) -> None:
    times = [json.loads(event)["dropoff_datetime"] for event in replayed.events("out of order within the buffer")]
    assert times == [trip["dropoff_datetime"] for trip in TRIPS]


def test_rows_out_of_order_beyond_the_buffer_are_not_lost(replayed: Replayed) -> None:
    assert sorted(replayed.events("out of order beyond the buffer")) == sorted(LINES)


def test_a_broken_line_goes_out_as_it_is(replayed: Replayed) -> None:
    assert sorted(replayed.events("broken lines")) == sorted([*LINES[:20], *BROKEN])


def test_a_csv_line_that_is_no_trip_goes_out_as_it_is(replayed: Replayed) -> None:
    found = replayed.events("broken csv")
    assert [json.loads(event) for event in found if event.startswith(b"{")] == TRIPS[:3]
    assert [event for event in found if not event.startswith(b"{")] == [
        b"1,2,3",
        csv_of(TRIPS[3:4]).splitlines()[1].replace(b",2024", b",?024"),
    ]


def test_seek_leaves_out_what_is_earlier(replayed: Replayed) -> None:
    first = TRIPS[1_000]["dropoff_datetime"]
    assert replayed.events("seek") == [
        line for line, trip in zip(LINES, TRIPS, strict=True) if trip["dropoff_datetime"] >= first
    ]


def test_rows_come_when_they_are_due(replayed: Replayed) -> None:
    released = [datetime.fromisoformat(row["released"]).timestamp() for row in replayed.rows["paced"]]
    assert [row["number"] for row in replayed.rows["paced"]] == list(range(1, PACED_TRIPS + 2))
    late = [at - released[0] - number * PACED_SECONDS / PACED_TRIPS for number, at in enumerate(released)]
    assert min(late) > -0.2, "the first one may itself have been late by so much"
    assert sorted(late)[len(late) // 2] < 0.3, "half of them come on time, whatever else the machine is doing"


@pytest.mark.parametrize("source_format", ["json", "csv", "parquet"])
def test_a_watermark_event_behind_the_last_trip_ends_the_replay(replayed: Replayed, source_format: str) -> None:
    *trips, last = map(json.loads, replayed.events(f"{source_format} with watermarks"))
    assert [trip["dropoff_datetime"] for trip in trips] == [trip["dropoff_datetime"] for trip in TRIPS[:10]]
    assert last.pop("type") == "watermark"
    assert {name: millis(text) for name, text in last.items()} == {"watermark": TRIPS[9]["dropoff_datetime"] + 1}


def test_no_trip_that_is_earlier_follows_a_watermark(replayed: Replayed) -> None:
    found = [json.loads(event) for event in replayed.events("paced with watermarks")]
    assert [event["trip_id"] for event in found if "trip_id" in event] == list(range(PACED_TRIPS + 1))
    latest = -1
    for event in found:
        latest = max(latest, millis(event["watermark"]) if "watermark" in event else -1)
        assert event.get("dropoff_datetime", latest) >= latest


def test_watermarks_come_at_their_interval_to_each_partition(replayed: Replayed) -> None:
    watermarks: dict[int, list[str]] = {}
    for row, event in zip(
        replayed.rows["paced with watermarks"], map(json.loads, replayed.events("paced with watermarks")), strict=True
    ):
        if "watermark" in event:
            watermarks.setdefault(millis(event["watermark"]), []).append(row["trip_key"])
    assert set(map(tuple, watermarks.values())) == {kafka_keys(SHARDS)}
    *paced, end = watermarks
    assert end == PACED_SECONDS * 60_000 + 1
    # The first one may find little done: its interval begins with the reader, before the first trip.
    assert all(58_000 < after - before < 120_000 for before, after in itertools.pairwise(paced))
    assert 2 <= len(paced) <= PACED_SECONDS


def test_nothing_is_lost_or_doubled_when_the_job_is_killed_and_restored(tmp_path: Path) -> None:
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
    first = start(DRIVER, jar(), [job], tmp_path / "first.log")
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
    run_to_end(DRIVER, jar(), [restored], tmp_path / "second.log")
    assert sorted(base64.b64decode(row["raw"]) for row in rows(folder)) == sorted(LINES)
