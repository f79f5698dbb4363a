"""The streaming ETL for real: every trip counted in every sink, after it was changed and processes were killed."""

from __future__ import annotations

import base64
import csv
import io
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from confluent_kafka import Message, Producer

from benchmarks.trips import trips
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS
from flink_apps.common.taxi_zones import BOROUGHS
from flink_apps.streaming_etl.metrics import DEAD_LETTER_COUNT, WATERMARK_EVENTS
from flink_apps.streaming_etl.settings import GROUP, PARQUET, SINK_DOMAIN
from local.counts import dead_letters, files, is_parquet
from local.errors import RunError
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios.streaming_etl.archive import partition_values
from local.scenarios.streaming_etl.scenario import StreamingEtl
from local.services.kafka import KafkaService
from local.services.opensearch import OpenSearchService
from local.synth import synthesize
from stacks.streaming_etl import SINK_TOPIC, SOURCE_TOPIC
from tests.local.bad_trips import bad
from tests.local.balance import check_the_balance
from tests.local.changes import Change
from tests.local.failures import arrivals, kill_a_task_manager, kill_the_job_manager, wait_for
from tests.local.rounds import Rounds, rounds
from tests.local.steady import coming

pytestmark = pytest.mark.integration

TRIPS = 60_000
BAD_SHARE = 100  # one record in so many
TRIPS_PER_SECOND = 2_000
#: Sent when the last process has been killed and replaced, so that the restored job has something to read and to count.
LAST = 2_000
#: What a replay may have among its trips.
WATERMARKS = [b'{"type":"watermark","watermark":"2019-01-%02dT00:00:00.000Z"}' % day for day in range(1, 8)]
#: Each checkpoint leaves a file for each zone and month: a few requests each, which the emulator takes one by one.
ZONES = range(230, 238)
#: What a record of the source topic has beside its value.
HEADERS: list[tuple[str, str | bytes | None]] = [("traceparent", b"00-4bf92f35-01")]
TIMESTAMP = round(time.time() * 1000) - 3_600_000
#: The last trips of all have the broker's time instead: half of them in the source, the others in the sink, too.
STAMPED = LAST // 2
#: A good trip to all but OpenSearch, which keeps a field of this name to itself.
REFUSED_BY_SEARCH = next(trips(1)).replace(b'"trip_id":0', b'"trip_id":999999999,"_id":"mine"')


@dataclass
class Story:
    """What went in, and what came out of each sink."""

    good: dict[int, bytes] = field(default_factory=dict)
    bad: list[bytes] = field(default_factory=list)
    kafka: list[tuple[str, bytes]] = field(default_factory=list)
    #: The timestamps and headers in the topic, by the number of the trip, in the source and in the sink.
    source_marks: dict[int, tuple[int, str]] = field(default_factory=dict)
    sink_marks: dict[int, tuple[int, str]] = field(default_factory=dict)
    #: What a start says to a topic that takes less than a trip may have, and why one that becomes such ends a run.
    small_topic: str = ""
    lowered_topic: str = ""
    s3: list[dict[str, object]] = field(default_factory=list)
    #: How many files in S3 are of each format.
    formats: Counter[str] = field(default_factory=Counter)
    #: The good trips that had been written when OpenSearch became a sink.
    before_search: set[int] = field(default_factory=set)
    search: dict[str, dict[str, object]] = field(default_factory=dict)
    refused: list[dict[str, object]] = field(default_factory=list)
    dead_letters: list[dict[str, object]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    watermarks: int = 0


def records(story: Story) -> list[bytes]:
    """The input: good trips, and bad records strewn among them."""
    drawn, result = random.Random(20240131), []  # noqa: S311 - the same each time
    for number, trip in enumerate(trips(TRIPS, zones=ZONES)):
        if drawn.randrange(BAD_SHARE) == 0:
            story.bad.append(bad(len(story.bad), trip))
            result.append(story.bad[-1])
        else:
            story.good[number] = trip
            result.append(trip)
    story.good[999_999_999] = REFUSED_BY_SEARCH
    return [*result, REFUSED_BY_SEARCH]


def context(**changes: object) -> dict[str, str]:
    keys = {"checkpoint-seconds": 3, "replay": "false", "shards": 4, "partitions": 4, **changes}
    return {f"streaming-etl.{key}": str(value) for key, value in keys.items()}


def finish(run: LocalRun, job: Job, story: Story, arrived: Callable[[], int]) -> None:
    """Wait until the job has read everything, and have it commit."""
    wait_for("the last trip", lambda: arrived() >= len(story.good), seconds=180)
    wait_for("the metric of the dead letters", lambda: bool(job.metric_values(DEAD_LETTER_COUNT)))
    vertices = job.rest.get(f"/jobs/{job.job_id}")["vertices"]
    story.sources = [vertex["name"] for vertex in vertices if vertex["name"].startswith("Source")]
    run.stop_job(job)
    check_the_balance(StreamingEtl(run), job, before={"account: opensearch": len(story.before_search)})


@pytest.fixture(scope="module")
def exactly_once(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Kafka → Kafka and S3; then to OpenSearch, too, with more tasks, and JSON instead of Parquet.

    On the way a TaskManager and the JobManager are killed, and the topic takes no trip for a while.
    """
    folder = tmp_path_factory.mktemp("run")
    keys = context(source="kafka", sinks="kafka,s3,opensearch", **{"parallelism": 3, "parallelism-per-kpu": 2})
    with LocalRun(synthesize("streaming-etl", keys, folder / "cdk.out"), folder) as run, rounds(run) as application:
        return tell_exactly_once(run, application)


def tell_exactly_once(run: LocalRun, application: Rounds) -> Story:
    story = Story()
    run.start()
    domain = run.property_groups()[GROUP][SINK_DOMAIN.endpoint.key]
    kafka = run.service(KafkaService)
    producer = Producer({"bootstrap.servers": kafka.address, "linger.ms": 20})
    values = records(story)
    kafka.configure(SINK_TOPIC, max_message_bytes="100000")
    with pytest.raises(RunError) as refused:
        run.submit()
    story.small_topic = str(refused.value)
    kafka.configure(SINK_TOPIC, max_message_bytes="1048588")
    job = application.begin(Change(properties={GROUP: {SINK_DOMAIN.endpoint.key: None}}, parallelism=2))
    arrived = arrivals(kafka, SINK_TOPIC)

    def put(batch: list[bytes]) -> None:
        for value in batch:
            producer.produce(SOURCE_TOPIC, value, headers=HEADERS, timestamp=TIMESTAMP)
        producer.poll(0)

    def some() -> AbstractContextManager[None]:
        """Trips that come while something happens."""
        return coming(put, next(parts), per_second=TRIPS_PER_SECOND)

    parts = iter([values[:-LAST][number::6] for number in range(6)])
    with some():
        wait_for("the first trips", lambda: arrived() > 0)
        job = application.go_on(
            job,
            Change(properties={GROUP: {SINK_DOMAIN.endpoint.key: domain}}),
            meanwhile=lambda: story.before_search.update(row["trip_id"] for row in trips_in(run, story)),
        )
    with some():
        job = application.go_on(job, Change(parallelism=3))
    with some():
        kill_a_task_manager(run, job)
    with some():
        job = application.go_on(job, Change(properties={GROUP: {PARQUET.key: "false"}}))
    with some():
        job = kill_the_job_manager(run, job)
    with some():
        kafka.configure(SINK_TOPIC, max_message_bytes="100")
        wait_for("a restart", lambda: bool(job.failures()))
        story.lowered_topic = job.root_cause()
        kafka.configure(SINK_TOPIC, max_message_bytes="1048588")
        wait_for("the next start", lambda: job.running_seconds() > 1)
    producer.flush()
    kafka.configure(SOURCE_TOPIC, message_timestamp_type="LogAppendTime")
    put(values[-LAST:-STAMPED])
    producer.flush()
    before = len(set(values[:-STAMPED]).intersection(story.good.values()))
    wait_for("the trips before the last ones", lambda: arrived() >= before, seconds=180)
    kafka.configure(SINK_TOPIC, message_timestamp_type="LogAppendTime")
    put(values[-STAMPED:])
    producer.flush()

    finish(run, job, story, arrived)
    messages = list(kafka.records(SINK_TOPIC))
    story.kafka = [((message.key() or b"").decode(), message.value() or b"") for message in messages]
    story.sink_marks, story.source_marks = marks(messages), marks(kafka.records(SOURCE_TOPIC))
    story.s3 = list(trips_in(run, story))
    search = run.service(OpenSearchService)
    search.refresh()
    story.search = {hit["_id"]: hit["_source"] for hit in search.documents("yellow-trip")}
    story.refused = [hit["_source"] for hit in search.documents(REJECTED_DOCUMENTS)]
    story.dead_letters = list(dead_letters(run, StreamingEtl(run).settings.dead_letters))
    return story


def marks(messages: Iterable[Message]) -> dict[int, tuple[int, str]]:
    """The timestamp and headers of each good trip."""
    found = {}
    for message in messages:
        with suppress(ValueError, KeyError, TypeError):
            found[json.loads(message.value() or b"")["trip_id"]] = (message.timestamp()[1], str(message.headers()))
    return found


def trips_in(run: LocalRun, story: Story) -> Iterator[dict[str, Any]]:
    """Every trip in S3 with its partition columns, as texts, under ``partition``; the files are counted."""
    sink = StreamingEtl(run).settings.s3
    assert sink is not None
    story.formats.clear()
    for key, body in files(run, sink):
        story.formats["parquet" if is_parquet(body) else "json"] += 1
        partition = partition_values(key)
        yield from ({**row, "partition": partition} for row in rows(body))


def rows(body: bytes) -> list[dict[str, Any]]:
    """The rows of a file of either format."""
    if is_parquet(body):
        parsed: list[dict[str, Any]] = pyarrow.parquet.read_table(io.BytesIO(body)).to_pylist()
        return parsed
    return [json.loads(line) for line in body.splitlines()]


def test_the_source_is_read_once_for_all_sinks(exactly_once: Story) -> None:
    assert len(exactly_once.sources) == 1


def test_kafka_has_every_good_trip_once_as_the_bytes_that_came(exactly_once: Story) -> None:
    assert Counter(value for _, value in exactly_once.kafka) == Counter(exactly_once.good.values())


def test_kafka_is_keyed_by_trip(exactly_once: Story) -> None:
    assert all(json.loads(value)["trip_id"] == int(key) for key, value in exactly_once.kafka)


def test_timestamp_and_headers_of_the_source_travel_to_kafka(exactly_once: Story) -> None:
    sink = exactly_once.sink_marks
    assert {sink[number] for number in exactly_once.good if number < TRIPS - LAST} == {(TIMESTAMP, str(HEADERS))}


def test_the_brokers_time_of_the_source_travels_unless_the_sink_has_a_time_of_its_broker(exactly_once: Story) -> None:
    source, sink = exactly_once.source_marks, exactly_once.sink_marks
    read = [number for number in exactly_once.good if TRIPS - LAST + 1 <= number < TRIPS - STAMPED + 1]
    assert min(source[number][0] for number in read) > TIMESTAMP + 3_600_000
    assert [sink[number] for number in read] == [source[number] for number in read]
    stamped = [number for number in exactly_once.good if TRIPS - STAMPED + 1 <= number < TRIPS]
    assert all(sink[number][0] > source[number][0] for number in stamped)


def test_a_topic_that_takes_less_than_a_trip_may_have_is_refused_in_one_line(exactly_once: Story) -> None:
    assert exactly_once.small_topic == (
        f"the application did not start: the topic {SINK_TOPIC} must take messages of 1,048,576 bytes (got 100000); "
        "raise its max.message.bytes, or lower the producer's max.request.size"
    )


def test_a_topic_that_is_lowered_while_the_job_runs_restarts_it_until_it_is_raised(exactly_once: Story) -> None:
    assert "larger than the max message size the server will accept" in exactly_once.lowered_topic


def test_s3_has_every_good_trip_once_in_a_file_of_the_old_or_the_new_format(exactly_once: Story) -> None:
    assert min(exactly_once.formats["parquet"], exactly_once.formats["json"]) > 0
    assert Counter(row["trip_id"] for row in exactly_once.s3) == Counter(exactly_once.good.keys())


def test_s3_has_each_trip_with_all_its_fields_in_its_partition(exactly_once: Story) -> None:
    for row in exactly_once.s3[::50]:
        sent = json.loads(exactly_once.good[int(str(row["trip_id"]))])
        sent.pop("_id", None)
        pickup = datetime.fromtimestamp(sent["pickup_datetime"] / 1000, UTC)
        assert {name: value for name, value in row.items() if name != "partition" and value is not None} == sent
        assert row["partition"] == {
            "pickup_borough": BOROUGHS[sent["pickup_location_id"] - 1],
            "pickup_zone": str(sent["pickup_location_id"]),
            "year": str(pickup.year),
            "month": f"{pickup.month:02}",
        }


def test_opensearch_has_every_good_trip_since_it_is_a_sink_but_for_the_one_that_it_refuses(exactly_once: Story) -> None:
    expected = {
        str(number): json.loads(trip)
        for number, trip in exactly_once.good.items()
        if number != 999_999_999 and number not in exactly_once.before_search
    }
    assert exactly_once.search == expected
    assert expected
    assert exactly_once.before_search, "there were trips before"


def test_what_opensearch_refuses_is_kept_with_the_reason(exactly_once: Story) -> None:
    [refused] = exactly_once.refused
    assert base64.b64decode(str(refused["raw"])) == REFUSED_BY_SEARCH
    assert "_id" in str(refused["reason"])
    assert (refused["index"], refused["id"]) == ("yellow-trip", "999999999")


def test_every_bad_record_is_among_the_dead_letters_once_as_the_bytes_that_came(exactly_once: Story) -> None:
    kept = Counter(base64.b64decode(str(letter["raw"])) for letter in exactly_once.dead_letters)
    assert kept == Counter(exactly_once.bad)


def test_a_dead_letter_says_why_when_and_where_in_the_source(exactly_once: Story) -> None:
    places = {(letter["source"], letter["partition"], letter["position"]) for letter in exactly_once.dead_letters}
    assert len(places) == len(exactly_once.dead_letters)
    assert {letter["source"] for letter in exactly_once.dead_letters} == {SOURCE_TOPIC}
    reasons = {str(letter["reason"]) for letter in exactly_once.dead_letters}
    assert {"missing field: fare_amount", "trip_distance must not be negative"} <= reasons
    for letter in exactly_once.dead_letters:
        age = datetime.now(UTC) - datetime.fromisoformat(str(letter["time"]))
        assert 0 <= age.total_seconds() < 3600


@pytest.fixture(scope="module")
def real(real_trips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, str]], Story]:
    """The real trips through the job, into JSON lines, with watermark events among them."""
    folder, story = tmp_path_factory.mktemp("run"), Story()
    with real_trips.open(newline="") as file:
        rows = list(csv.DictReader(file))
    keys = context(source="kafka", sinks="s3", parallelism=1, parquet="false")
    with LocalRun(synthesize("streaming-etl", keys, folder / "cdk.out"), folder) as run:
        run.start()
        producer = Producer({"bootstrap.servers": run.service(KafkaService).address, "linger.ms": 20})
        for number, row in enumerate(rows):
            producer.produce(SOURCE_TOPIC, json.dumps(event(number, row)))
        for watermark in WATERMARKS:
            producer.produce(SOURCE_TOPIC, watermark)
        producer.flush()
        job = run.submit()
        scenario = StreamingEtl(run)
        wait_for("the trips", lambda: scenario.records_so_far(job) >= len(rows) + len(WATERMARKS))
        wait_for("the metric", lambda: sum(job.metric_values(WATERMARK_EVENTS)) >= len(WATERMARKS))
        story.watermarks = round(sum(job.metric_values(WATERMARK_EVENTS)))
        run.stop_job(job)
        check_the_balance(scenario, job)
        story.s3 = list(trips_in(run, story))
        story.dead_letters = list(dead_letters(run, scenario.settings.dead_letters))
    return rows, story


def event(number: int, row: dict[str, str]) -> dict[str, object]:
    """A trip event of a line of the commission's table."""
    whole = ("vendor_id", "passenger_count", "pickup_location_id", "dropoff_location_id", "payment_type")
    decimal = (
        "trip_distance",
        "fare_amount",
        "extra",
        "mta_tax",
        "tip_amount",
        "tolls_amount",
        "improvement_surcharge",
        "total_amount",
    )
    return {
        **{name: round(moment(row[name]).timestamp() * 1000) for name in ("pickup_datetime", "dropoff_datetime")},
        **{name: int(row[name]) for name in whole},
        **{name: float(row[name]) for name in decimal},
        "ratecode_id": int(row["rate_code_id"]),
        "store_and_fwd_flag": row["store_and_fwd_flag"],
        "trip_id": number,
        "type": "yellow-trip",
    }


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_all_real_trips_pass_with_refunds_and_unknown_zones(real: tuple[list[dict[str, str]], Story]) -> None:
    rows, story = real
    assert story.dead_letters == []
    assert Counter(row["trip_id"] for row in story.s3) == Counter(range(len(rows)))


def test_watermark_events_are_counted_and_go_nowhere(real: tuple[list[dict[str, str]], Story]) -> None:
    rows, story = real
    assert story.watermarks == len(WATERMARKS)
    assert len(story.s3) + len(story.dead_letters) == len(rows)


def test_partitions_counts_and_sums_of_real_trips_are_those_of_the_file(
    real: tuple[list[dict[str, str]], Story],
) -> None:
    rows, story = real
    expected: dict[tuple[str, ...], list[float]] = {}
    for row in rows:
        pickup, zone = moment(row["pickup_datetime"]), int(row["pickup_location_id"])
        key = (BOROUGHS[zone - 1], str(zone), str(pickup.year), f"{pickup.month:02}")
        expected.setdefault(key, []).append(float(row["total_amount"]))
    found: dict[tuple[str, ...], list[float]] = {}
    for trip in story.s3:
        partition = trip["partition"]
        assert isinstance(partition, dict)
        found.setdefault(tuple(partition.values()), []).append(float(str(trip["total_amount"])))
    assert {key: sorted(amounts) for key, amounts in found.items()} == {
        key: sorted(amounts) for key, amounts in expected.items()
    }
