"""The SQL of the rules and partitions, evaluated by Flink, beside the same in Python."""

from __future__ import annotations

import csv
import itertools
import random
import time
from datetime import UTC, datetime
from pathlib import Path

from flink_apps.common import dead_letters
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.rules import reason
from flink_apps.common.tables import ARRIVAL, Column
from flink_apps.common.taxi_trip import FOR_HIRE, LAST_MILLISECOND, NOT_FOR_HIRE, TRIP
from flink_apps.common.taxi_zones import BOROUGHS, ZONES_BY_BOROUGH
from flink_apps.streaming_etl import queries, rules
from flink_apps.streaming_etl.settings import GROUP, Settings
from tests.flink_apps.sql import evaluate

COLUMNS = (*TRIP, Column("error", "STRING"))
AT = round(datetime(2019, 1, 5, 6, 36, 51, tzinfo=UTC).timestamp() * 1000)
GOOD: dict[str, object] = {
    **dict.fromkeys(column.name for column in COLUMNS),
    **dict.fromkeys(NOT_FOR_HIRE, 1.0),
    "vendor_id": 1,
    "pickup_datetime": AT,
    "dropoff_datetime": AT + 600_000,
    "pickup_location_id": 68,
    "dropoff_location_id": 236,
    "passenger_count": 1,
    "trip_distance": 3.72,
    "type": "yellow-trip",
    "error": None,
}
LONGEST = LAST_MILLISECOND


def trip(**changes: object) -> list[object]:
    return [{**GOOD, **changes}[column.name] for column in COLUMNS]


RULES = rules.rules(
    Settings.from_property_groups(
        {GROUP: {"InputKinesisStream": "trips", "InputStreamRegion": "eu-west-1", "OutputBucket": "lake"}}
    )
)


FROM_TOPIC_TO_TOPIC = Settings.from_property_groups(
    {
        GROUP: {
            **{"InputKafkaBootstrapServers": "a:9092", "OutputKafkaBootstrapServers": "a:9092"},
            **{"InputKafkaTopic": "trips", "OutputKafkaTopic": "clean-trips", "DeadLetterBucket": "lake"},
        }
    }
)


def reasons(rows: list[list[object]]) -> list[str | None]:
    return [row[0] for row in evaluate([reason(*RULES, error="error")], COLUMNS, rows)]


REFUSED: dict[str, list[dict[str, object]]] = {
    **{f"missing field: {name}": [{name: None}] for name in NOT_FOR_HIRE},
    "pickup_location_id must be 1 to 265": [{"pickup_location_id": zone} for zone in (0, 266, -1, 2**31 - 1)],
    "dropoff_location_id must be 1 to 265": [{"dropoff_location_id": zone} for zone in (0, 266, -(2**31))],
    "pickup_datetime must lie in the years 1970 to 9999": [
        {"pickup_datetime": time, "dropoff_datetime": LONGEST} for time in (-1, LONGEST + 1, -(2**63), 2**63 - 1)
    ],
    "dropoff_datetime must lie in the years 1970 to 9999": [{"dropoff_datetime": LONGEST + 1}],
    "dropoff_datetime must not be before pickup_datetime": [{"dropoff_datetime": AT - 1}],
    "passenger_count must not be negative": [{"passenger_count": -1}],
    "trip_distance must not be negative": [{"trip_distance": -0.01}],
    "type must be one of yellow-trip, green-trip, trip, fhv-trip, fhvhv-trip": [
        {"type": unknown}
        for unknown in ("", "bus-trip", "yellow-trips", "Yellow-trip", "rejected-documents", "x" * 999)
    ],
}
ACCEPTED: dict[str, dict[str, object]] = {
    "an unremarkable trip": {},
    "the first zone": {"pickup_location_id": 1},
    "the last zone, which means unknown": {"pickup_location_id": 265, "dropoff_location_id": 264},
    "a trip that took no time": {"dropoff_datetime": AT},
    "nobody on board": {"passenger_count": 0},
    "a device that counts no passengers": {"passenger_count": None},
    **{f"a {name} without fares": {**dict.fromkeys(NOT_FOR_HIRE, None), "type": name} for name in FOR_HIRE},
    "no distance": {"trip_distance": 0.0},
    "the first and the last millisecond": {"pickup_datetime": 0, "dropoff_datetime": LONGEST},
    "a green taxi": {"type": "green-trip"},
    "a taxi of either kind": {"type": "trip"},
    "a vehicle for hire": {"type": "fhv-trip"},
    "one of a large company": {"type": "fhvhv-trip"},
}


def test_each_rule_refuses_what_breaks_it_and_says_so() -> None:
    cases = [(reason, changes) for reason, examples in REFUSED.items() for changes in examples]
    assert reasons([trip(**changes) for _, changes in cases]) == [reason for reason, _ in cases]


def test_every_rule_has_an_example() -> None:
    assert set(REFUSED) == {rule.reason for rule in RULES}


def test_what_is_unusual_but_real_passes() -> None:
    found = reasons([trip(**changes) for changes in ACCEPTED.values()])
    assert dict(zip(ACCEPTED, found, strict=True)) == dict.fromkeys(ACCEPTED)


def test_what_the_format_found_comes_before_the_rules_and_needs_no_columns() -> None:
    nothing = dict.fromkeys(GOOD)
    assert reasons([trip(**{**nothing, "error": "not JSON"}), trip(error="not JSON", pickup_location_id=0)]) == [
        "not JSON",
        "not JSON",
    ]


def test_headers_that_would_not_fit_into_a_topic_are_refused() -> None:
    *_, rule = rules.rules(FROM_TOPIC_TO_TOPIC)
    assert rule.reason == "headers must be at most 10,000 characters long"
    broken = rule.broken.replace("headers", "MAP['a', ENCODE(traceparent, 'UTF-8')]")
    columns, values = (Column("traceparent", "STRING"),), ["x" * 9_000, "x" * 10_000, None]
    assert evaluate([f"COALESCE({broken}, FALSE)"], columns, [[value] for value in values]) == [
        [False],
        [True],
        [False],
    ]


def test_a_timestamp_that_a_topic_may_refuse_is_left_to_the_producer() -> None:
    now = round(time.time() * 1000)
    times = [-1, 0, now, now + 3_500_000, now + 4_500_000, 253_402_300_800_000]
    _key, _raw, timestamp, _headers = queries.trips_in_topic(FROM_TOPIC_TO_TOPIC).values
    travels = f"({timestamp}) IS NOT NULL".replace(ARRIVAL.name, "TO_TIMESTAMP_LTZ(millis, 3)")
    found = evaluate([travels], (Column("millis", "BIGINT"),), [[millis] for millis in times])
    assert found == [[False], [True], [True], [True], [False], [False]]


def test_a_dead_letter_in_a_stream_keeps_as_many_bytes_as_it_takes() -> None:
    raw, *_ = dead_letters.output(source="trips", end=KinesisStream(name="bad", region="eu-west-1")).values
    records = [b"\xff" * 740_000, b"\xff" * 740_001]
    found = evaluate([raw], (dead_letters.RAW,), [[bytearray(record)] for record in records])
    assert [len(letter) for (letter,) in found] == [740_000, 740_000]


def test_partitions_are_borough_zone_year_month_and_hour_of_the_pickup_in_utc() -> None:
    drawn = random.Random(7)  # noqa: S311 - reproducible cases
    edges = [datetime(2019, 1, 31, 23, 59, 59, 999_000, UTC), datetime(2019, 2, 1, tzinfo=UTC)]
    edges += [
        datetime(2020, 2, 29, 12, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, tzinfo=UTC),
    ]
    times = edges + [datetime.fromtimestamp(drawn.randrange(0, 4_000_000_000), UTC) for _ in range(500)]
    rows = [
        trip(pickup_datetime=round(time.timestamp() * 1000), pickup_location_id=zone)
        for time, zone in zip(times, itertools.cycle(range(1, 266)), strict=False)
    ]
    assert evaluate(queries.partitions(by_hour=True), COLUMNS, rows) == [
        [BOROUGHS[zone - 1], zone, str(time.year), f"{time.month:02}", f"{time.hour:02}"]
        for time, zone in zip(times, itertools.cycle(range(1, 266)), strict=False)
    ]


def test_without_the_hour_there_is_one_level_less() -> None:
    assert queries.partitions(by_hour=False) == queries.partitions(by_hour=True)[:-1]


def test_each_of_the_265_zones_is_in_one_borough() -> None:
    zones = sorted(zone for zones in ZONES_BY_BOROUGH.values() for zone in zones)
    assert zones == list(range(1, 266))


def test_the_zones_are_in_the_boroughs_that_the_commission_says(taxi_zones: Path) -> None:
    with taxi_zones.open(newline="") as file:
        said = {int(row["location_id"]): row["borough"] for row in csv.DictReader(file)}
    assert {zone: BOROUGHS[zone - 1] for zone in said} == said
