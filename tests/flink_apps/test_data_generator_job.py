"""The generator in an embedded cluster: what SQL makes of every type, in every format, with every fault."""

import base64
import io
import json
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import fastavro
import pytest

from flink_apps.data_generator.faults import LATENESS_MILLIS
from flink_apps.data_generator.records import RECORD_TYPES
from flink_apps.data_generator.records.lottery import COUPONS, NEVER_HELD, SLOT_MILLIS
from flink_apps.data_generator.records.stock_price import TICKERS
from flink_constructs.connector_jar import ConnectorJar
from tests.flink_apps import embedded, schema_registry
from tests.flink_apps.embedded import rows
from tests.flink_apps.schema_registry import SchemaRegistry

pytestmark = pytest.mark.integration

TICKS, RATE = 25, 1000
SIZE = RATE * TICKS // 50
#: The first record's time: with a seed they count from here.
FIRST_MILLIS = 1_704_067_200_020
FAULTS = {"faults.late": "0.2", "faults.malformed": "0.2", "faults.out.of.range": "0.2", "faults.duplicate": "0.2"}
#: Runs by their names: properties of the generator beside the seed and the rate, and the configuration of Flink.
RUNS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    **{name: ({"record.type": name}, {}) for name in RECORD_TYPES},
    "again": ({}, {"parallelism.default": "2"}),
    "csv": ({"format": "csv"}, {}),
    "avro": ({"format": "avro", "record.type": "metric-sample"}, {}),
    "late-or-twice": ({"faults.late": "0.3", "faults.duplicate": "0.3", "record.type": "taxi-trip"}, {}),
    "lottery-wrong": ({"record.type": "lottery-user-event", "faults.out.of.range": "1"}, {}),
    "all-faults": ({"record.type": "taxi-trip", **FAULTS}, {}),
}


Generated = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def registry() -> Iterator[SchemaRegistry]:
    with schema_registry.serving() as registry:
        yield registry


@pytest.fixture(scope="module")
def folders(registry: SchemaRegistry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    jars = embedded.ROOT / "build" / "jars"
    jar = ConnectorJar(project=embedded.ROOT / "flink_apps", module="data_generator").build(jars)
    folder = tmp_path_factory.mktemp("generated")
    with_registry = {"format": "avro-confluent", "schema.registry.url": registry.url, "record.type": "metric-sample"}
    jobs = [
        {
            "properties": {"records.per.second": str(RATE), "seed": "7", **properties},
            "config": {"execution.checkpointing.interval": "300 ms", **config},
            "ticks": TICKS,
            "folder": str(folder / name),
        }
        for name, (properties, config) in {**RUNS, "avro-confluent": (with_registry, {})}.items()
    ]
    embedded.run_to_end("data_generator_job.py", jar, jobs, folder / "log")
    return folder


@pytest.fixture(scope="module")
def generated(folders: Path) -> Generated:
    return lambda name: rows(folders / name)


@pytest.mark.parametrize("name", RECORD_TYPES)
def test_every_type_has_its_fields_in_their_order(generated: Generated, name: str) -> None:
    fields = RECORD_TYPES[name].fields
    records = generated(name)
    assert len(records) == SIZE
    for record in records:
        assert list(record) == [field.name for field in fields if field.name in record]
        assert {field.name for field in fields if not field.optional} <= set(record)
        assert None not in record.values()


@pytest.mark.parametrize("name", RECORD_TYPES)
def test_no_record_is_longer_than_its_type_says(generated: Generated, name: str) -> None:
    record_type = RECORD_TYPES[name]
    for record in generated(name):
        key = str(record[record_type.partition_key])
        assert len(json.dumps(record, separators=(",", ":"))) + len(key) <= record_type.record_bytes


def test_a_seed_gives_the_same_records_at_another_parallelism(generated: Generated) -> None:
    def in_order(name: str) -> list[str]:
        return sorted(map(json.dumps, generated(name)))

    assert in_order("again") == in_order("stock-price")


def test_times_count_from_the_start_time(generated: Generated) -> None:
    times = Counter(record["timestamp"] for record in generated("metric-sample"))
    assert times == {FIRST_MILLIS + 20 * tick: SIZE // TICKS for tick in range(TICKS)}
    assert generated("stock-price")[0]["event_time"] == "2024-01-01T00:00:00.020"


def test_a_walk_has_small_steps(generated: Generated) -> None:
    last: dict[str, float] = {}
    for record in generated("stock-walk"):
        ticker, price = record["ticker"], record["price"]
        assert price == pytest.approx(last.get(ticker, price), rel=0.01, abs=0.02)
        last[ticker] = price
    assert set(last) == set(TICKERS)


def test_players_buy_then_click_on_lotteries_of_the_last_minute(generated: Generated) -> None:
    coupons = Counter[int]()
    for event in generated("lottery-user-event"):
        if event["type"] == "UserBuyCouponEvent":
            assert event["purchasedCoupons"] == COUPONS
            coupons[event["userId"]] += COUPONS
        else:
            coupons[event["userId"]] -= 1
            assert 1 <= event["timestamp"] // SLOT_MILLIS - event["lotteryId"] <= 4
    assert min(coupons.values()) >= 0


def test_a_lottery_starts_once(generated: Generated) -> None:
    ids = [event["lotteryId"] for event in generated("lottery-event")]
    assert len(set(ids)) == len(ids)


def test_a_sample_has_a_label_and_its_series_the_same(generated: Generated) -> None:
    for sample in generated("metric-sample"):
        assert sample["series"] == f"{sample['name']}-{sample['labels']['InstanceId']}"
        assert 0 <= sample["value"] < 1


def test_csv_has_the_same_records_as_json(generated: Generated, folders: Path) -> None:
    files = sorted((folders / "csv").glob("part-*"), key=lambda file: int(file.name.rpartition("-")[2]))
    lines = [line for file in files for line in file.read_text().splitlines()]
    expected = [f"{one['event_time']},{one['ticker']},{one['price']}" for one in generated("stock-price")]
    assert lines == expected


def test_avro_has_the_same_records_as_json(generated: Generated) -> None:
    assert sorted(map(json.dumps, generated("avro"))) == sorted(map(json.dumps, generated("metric-sample")))


def test_avro_for_a_registry_begins_with_the_number_of_its_schema(folders: Path, registry: SchemaRegistry) -> None:
    written = b"".join(file.read_bytes() for file in sorted((folders / "avro-confluent").glob("part-*")))
    samples, content = [], io.BytesIO(written)
    while header := content.read(5):
        magic, number = struct.unpack(">bI", header)
        assert magic == 0
        schema = fastavro.parse_schema(json.loads(registry.schema(number)))
        samples.append(fastavro.schemaless_reader(content, schema))
        assert content.read(1) == b"\n", "the end of a record in a file"
    assert registry.subjects == {"records-value"}
    assert sorted(map(json.dumps, samples)) == sorted(map(json.dumps, rows(folders / "metric-sample")))


def test_duplicates_come_one_after_the_other_beyond_the_rate(generated: Generated) -> None:
    twice = generated("late-or-twice")
    ids = [trip["trip_id"] for trip in twice]
    assert list(dict.fromkeys(ids)) == [trip["trip_id"] for trip in generated("taxi-trip")]
    assert all(other == one for one, other in pairwise(twice) if one["trip_id"] == other["trip_id"])
    assert 0.2 < len(twice) / SIZE - 1 < 0.4


def test_late_records_are_two_hours_behind_and_otherwise_the_same(generated: Generated) -> None:
    written = {trip["trip_id"]: trip for trip in generated("late-or-twice")}
    late = 0
    for trip in generated("taxi-trip"):
        behind = trip["dropoff_datetime"] - written[trip["trip_id"]]["dropoff_datetime"]
        late += behind == LATENESS_MILLIS
        times = {name: trip[name] - behind for name in ("pickup_datetime", "dropoff_datetime")}
        assert written[trip["trip_id"]] == {**trip, **times}
        assert behind in (0, LATENESS_MILLIS)
    assert 0.2 < late / SIZE < 0.4


def test_who_is_out_of_range_breaks_the_rules_of_the_lottery(generated: Generated) -> None:
    events = generated("lottery-wrong")
    assert {event.get("purchasedCoupons", 0) for event in events} == {0}
    assert {event.get("lotteryId", NEVER_HELD) for event in events} == {NEVER_HELD}


def test_malformed_records_are_the_first_half_of_their_json_beside_the_other_faults(generated: Generated) -> None:
    counts = Counter[str]()
    good = {trip["trip_id"]: trip for trip in generated("taxi-trip")}
    for written in generated("all-faults"):
        text = base64.b64decode(written["raw"]).decode()
        try:
            trip = json.loads(text)
        except ValueError:
            counts["malformed"] += 1
            continue
        expected = good[written["trip_id"]]
        if trip == expected:
            counts["good"] += 1
        elif trip["dropoff_datetime"] == expected["dropoff_datetime"] - LATENESS_MILLIS:
            counts["late"] += 1
        elif trip["pickup_location_id"] == 0 and trip["pickup_datetime"] > trip["dropoff_datetime"]:
            counts["out of range"] += 1
    assert counts.total() == len(generated("all-faults"))
    assert {fault: count / counts.total() for fault, count in counts.items()} == pytest.approx(
        {"good": 0.4, "malformed": 0.2, "late": 0.2, "out of range": 0.2}, abs=0.07
    )
