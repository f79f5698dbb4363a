"""What the local run makes of the taxi analytics' rides, dead letters and documents, without servers."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS
from flink_apps.common.ends.s3 import BucketPrefix
from flink_apps.common.rules import reason
from flink_apps.common.tables import Column
from flink_apps.replay.settings import GROUP as REPLAY_GROUP
from flink_apps.replay.settings import SOURCE_PATH
from flink_apps.taxi_analytics import rules, schema
from flink_apps.taxi_analytics.settings import GROUP
from local.account import Account
from local.counts import dead_letters
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios.taxi_analytics.scenario import PAGE, TaxiAnalytics, broken_rides
from local.scenarios.trips import REPLAY, reasons_of, replaced, upload_history
from local.services.kinesis import KinesisService
from local.services.opensearch import OpenSearchService
from local.services.s3 import S3Service
from local.services.service import Service
from stacks.project import SHIPPED_RIDES
from tests.flink_apps.sql import evaluate

Record = dict[str, Any]
ARCHIVE, ELSEWHERE = "archive", "archive-of-rides"
DEMAND = {"location": "dr5ru7v", "pickup_count": 4, "timestamp": "2024-01-31T08:00:00Z"}
DURATION = {
    "location": "dr5ru7",
    "airport_code": "JFK",
    "sum_trip_duration": 80.0,
    "avg_trip_duration": 40.0,
    "timestamp": "2024-01-31T08:00:00Z",
}


@dataclass
class FakeKinesis:
    """Streams in memory, which note how often they are counted."""

    streams: dict[str, list[bytes]] = field(default_factory=dict)
    counted: int = 0

    def count(self, stream: str) -> int:
        self.counted += 1
        return len(self.streams[stream])

    def values(self, stream: str) -> Iterator[bytes]:
        return iter(self.streams[stream])


@dataclass
class FakeS3:
    """Objects in memory, by their buckets and keys; ``client`` is what puts them there."""

    buckets: dict[str, dict[str, bytes]] = field(default_factory=lambda: {ARCHIVE: {}})

    @property
    def client(self) -> FakeS3:
        return self

    def bucket_names(self) -> list[str]:
        return list(self.buckets)

    def keys(self, bucket: str, prefix: str) -> list[str]:
        return [key for key in self.buckets[bucket] if key.startswith(prefix)]

    def read(self, bucket: str, key: str) -> bytes:
        return self.buckets[bucket][key]

    def upload_file(self, file: str, bucket: str, key: str) -> None:
        self.buckets[bucket][key] = Path(file).read_bytes()

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - as boto3 has them
        self.buckets[Bucket][Key] = Body


@dataclass
class FakeSearch:
    """Documents in memory, by their indices."""

    indices: dict[str, list[Record]] = field(default_factory=dict)

    def count(self, index: str) -> int:
        return len(self.indices.get(index, []))

    def documents(self, index: str) -> Iterator[Record]:
        return iter([{"_id": str(number), "_source": source} for number, source in enumerate(self.indices[index])])


@dataclass
class FakeRun:
    """A run with services in memory, of a stack whose replay reads from the bucket ``history_in``."""

    folder: Path
    kinesis: FakeKinesis = field(default_factory=lambda: FakeKinesis({"trips": [b"{}"] * 3}))
    s3: FakeS3 = field(default_factory=FakeS3)
    search: FakeSearch = field(
        default_factory=lambda: FakeSearch({"pickup_count": [DEMAND], "trip_duration": [DURATION]})
    )
    clusters: tuple[str, ...] = ("Flink", REPLAY)
    history_in: str = ARCHIVE

    def service(self, kind: type[Service]) -> Any:
        services: dict[type[Service], object] = {
            KinesisService: self.kinesis,
            S3Service: self.s3,
            OpenSearchService: self.search,
        }
        return services[kind]

    def property_groups(self, name: str = "Flink") -> dict[str, dict[str, str]]:
        if name == REPLAY:
            return {REPLAY_GROUP: {SOURCE_PATH.key: f"s3://{self.history_in}/history"}}
        return {
            GROUP: {
                "InputStreamArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/trips",
                "OpenSearchEndpoint": "http://127.0.0.1:9200",
                "Region": "eu-west-1",
                "DeadLetterBucket": ARCHIVE,
            }
        }

    def refuse(self, *reasons: str) -> None:
        """Put dead letters where the job would."""
        raw = base64.b64encode(b"not JSON").decode()
        letters = (
            {"reason": text, "raw": raw, "partition": "0", "position": str(at)} for at, text in enumerate(reasons)
        )
        body = b"".join(json.dumps(letter).encode() + b"\n" for letter in letters)
        self.s3.buckets[ARCHIVE]["dead-letters/day=2024-02-01/part-0"] = body

    @property
    def local(self) -> LocalRun:
        return cast("LocalRun", self)


@dataclass
class FakeJob:
    """A job whose source has handed on so many records, in two tasks."""

    tasks: tuple[float, float] = (0, 0)

    def metric_values(self, name: str, *, operator: str) -> list[float]:
        assert (name, operator) == ("numRecordsOut", "Source__trips")
        return list(self.tasks)


def job_after(*tasks: float) -> Job:
    return cast("Job", FakeJob(cast("tuple[float, float]", tasks)))


@pytest.fixture
def run(tmp_path: Path) -> FakeRun:
    return FakeRun(tmp_path)


def printed(renderable: object) -> str:
    told = io.StringIO()
    Console(file=told, width=120).print(renderable)
    return told.getvalue()


# The rides that are replayed.


@pytest.fixture(scope="module")
def broken() -> list[Record]:
    return [json.loads(line) for line in broken_rides()]


@pytest.fixture(scope="module")
def shipped() -> list[Record]:
    files = [gzip.decompress(file.read_bytes()) for file in sorted(SHIPPED_RIDES.iterdir())]
    return [json.loads(line) for file in files for line in file.splitlines()]


def test_each_broken_ride_is_refused_for_one_of_four_reasons(broken: list[Record]) -> None:
    columns = (*schema.TRIP, Column("error", "STRING"))
    rows = [[*(ride.get(column.name) for column in schema.TRIP), lacking(ride)] for ride in broken]
    in_2030 = "TO_TIMESTAMP_LTZ(1893456000000, 3)"
    checks = reason(*rules.rules(clock_skew_millis=60_000, arrival=in_2030), error="error")
    kinds = (
        "lacks total_amount",
        "pickup_latitude must be -90 to 90",
        "dropoff_datetime must not be before pickup_datetime",
        "lacks dropoff_longitude",
    )
    assert [text for (text,) in evaluate([checks], columns, rows)] == [kinds[row % 4] for row in range(len(rows))]
    assert len(rows) >= len(kinds)


def lacking(ride: Record) -> str | None:
    """What the format has against a ride: a field that is not there, or NULL."""
    missing = [column.name for column in schema.TRIP if ride.get(column.name) is None]
    return f"lacks {missing[0]}" if missing else None


def test_broken_rides_end_when_others_do_so_that_a_replay_takes_no_longer(
    broken: list[Record], shipped: list[Record]
) -> None:
    ends = [ride["dropoff_datetime"] for ride in shipped]
    assert all(min(ends) <= ride["dropoff_datetime"] <= max(ends) for ride in broken)


def test_broken_rides_are_few_beside_the_shipped_ones(broken: list[Record], shipped: list[Record]) -> None:
    assert len(broken) * 1_000 <= len(shipped)


def test_replacements_take_turns() -> None:
    replacements = ((b"a", b"1"), (b"b", b"2"))
    assert replaced([b"ab", b"ab", b"ab", b"cd"], replacements) == [b"1b", b"a2", b"1b", b"cd"]


def test_rides_and_the_broken_ones_are_put_where_the_replay_reads(run: FakeRun) -> None:
    TaxiAnalytics(run.local).prepare()
    uploaded = run.s3.buckets[ARCHIVE]
    names = {file.name for file in SHIPPED_RIDES.iterdir()}
    assert set(uploaded) == {f"history/{name}" for name in (*names, "broken.json")}
    assert uploaded["history/broken.json"].splitlines() == broken_rides()


def test_a_bucket_that_is_not_the_stacks_own_is_left_alone(run: FakeRun) -> None:
    run.history_in = ELSEWHERE
    upload_history(run.local, SHIPPED_RIDES, [b"{}"])
    assert run.s3.buckets == {ARCHIVE: {}}


def test_without_a_replay_nothing_is_uploaded(run: FakeRun) -> None:
    run.clusters = ("Flink",)
    upload_history(run.local, SHIPPED_RIDES, [b"{}"])
    assert run.s3.buckets == {ARCHIVE: {}}


# What has become of them.


def test_records_are_those_of_all_tasks_of_the_source(run: FakeRun) -> None:
    assert TaxiAnalytics(run.local).records_so_far(job_after(2, 1)) == 3


def test_a_job_has_drained_when_it_has_read_all_that_the_stream_holds(run: FakeRun) -> None:
    scenario = TaxiAnalytics(run.local)
    assert not scenario.drained(job_after(2, 0))
    assert scenario.drained(job_after(2, 1))


def test_the_stream_is_counted_once_a_run(run: FakeRun) -> None:
    scenario = TaxiAnalytics(run.local)
    scenario.drained(job_after(2, 0))
    scenario.drained(job_after(2, 1))
    scenario.outcome(job_after(2, 1))
    assert run.kinesis.counted == 1


def test_the_outcome_counts_the_documents_of_both_indices_and_the_dead_letters(run: FakeRun) -> None:
    run.search.indices["pickup_count"] = [DEMAND, DEMAND]
    run.refuse("not JSON", "not JSON")
    outcome = TaxiAnalytics(run.local).outcome(job_after(2, 1))
    assert (outcome.records_in, outcome.records_out) == (3, {"pickup_count": 2, "trip_duration": 1})
    assert outcome.dead_letters == 2


INSIDE = json.dumps(
    {"pickup_latitude": 40.7, "pickup_longitude": -73.9, "dropoff_latitude": 40.7, "dropoff_longitude": -73.9}
).encode()
OUTSIDE = INSIDE.replace(b"40.7", b"41.7")
EVENT = b'{"type":"watermark","watermark":"2024-01-31T19:40:11.000Z"}'


def account(run: FakeRun) -> Account:
    (account,) = TaxiAnalytics(run.local).outcome(job_after(0, 0)).accounts
    return account


def test_every_ride_is_in_a_document_or_outside_or_a_dead_letter_or_a_watermark_event(run: FakeRun) -> None:
    run.kinesis.streams["trips"] = [*[INSIDE] * 4, OUTSIDE, b"not JSON", EVENT]
    run.refuse("not JSON")
    assert account(run).balances
    assert str(account(run)) == "7 = 4 in documents + 1 outside New York + 1 dead letters + 1 watermark events"


def test_a_ride_that_is_nowhere_is_missing(run: FakeRun) -> None:
    run.kinesis.streams["trips"] = [INSIDE] * 5
    assert not account(run).balances
    assert str(account(run)) == "5 = 4 in documents, 1 missing"


def test_a_bad_ride_without_a_dead_letter_is_missing(run: FakeRun) -> None:
    run.kinesis.streams["trips"] = [*[INSIDE] * 4, b"not JSON", b"[]", b"{}"]
    assert account(run).missing == 3


def test_rides_in_rejected_documents_cannot_be_counted(run: FakeRun) -> None:
    run.kinesis.streams["trips"] = [INSIDE] * 5
    run.search.indices[REJECTED_DOCUMENTS] = [{"reason": "mapper_parsing_exception"}]
    assert account(run).balances
    assert str(account(run)) == "5 = 4 in documents + 1 in rejected documents"


def test_documents_that_opensearch_refused_are_told_where_there_are_any(run: FakeRun) -> None:
    run.search.indices[REJECTED_DOCUMENTS] = [{"reason": "mapper_parsing_exception"}]
    assert TaxiAnalytics(run.local).outcome(job_after(2, 1)).records_out["rejected by OpenSearch"] == 1


def test_dead_letters_are_read_from_a_bucket_below_their_prefix_alone(run: FakeRun) -> None:
    run.refuse("one", "another")
    run.s3.buckets[ARCHIVE]["dead-letters-of-others/part-0"] = b"no JSON"
    found = dead_letters(run.local, BucketPrefix(bucket=ARCHIVE, prefix="dead-letters"))
    assert [letter["reason"] for letter in found] == ["one", "another"]


def test_dead_letters_are_read_from_a_stream(run: FakeRun) -> None:
    run.kinesis.streams["bad"] = [b'{"reason": "one"}']
    found = dead_letters(run.local, KinesisStream(name="bad", region="eu-west-1"))
    assert [letter["reason"] for letter in found] == ["one"]


def test_reasons_are_told_with_their_numbers_the_most_frequent_first() -> None:
    letters = [{"reason": text} for text in ("rare", *["frequent"] * 1_200)]
    words = [line.replace("│", " ").split() for line in printed(reasons_of(letters)).splitlines()]
    assert [line for line in words if line[:1] in (["rare"], ["frequent"])] == [["frequent", "1,200"], ["rare", "1"]]


def test_no_dead_letters_have_no_reasons() -> None:
    assert reasons_of([]) is None


def test_the_end_tells_the_reasons_of_the_runs_dead_letters(run: FakeRun) -> None:
    run.refuse("pickup_latitude must be -90 to 90")
    assert "pickup_latitude must be -90 to 90" in printed(TaxiAnalytics(run.local).epilogue())


def test_a_run_without_dead_letters_has_nothing_to_tell_at_its_end(run: FakeRun) -> None:
    assert TaxiAnalytics(run.local).epilogue() is None


# The page.


def test_the_page_is_in_the_runs_folder_and_has_the_documents_of_both_indices(run: FakeRun) -> None:
    page = TaxiAnalytics(run.local).page()
    assert page == run.folder / PAGE
    text = page.read_text(encoding="utf-8")
    assert '<tr><th scope="row">08:00\u201309:00</th><td>40' in text
    assert '"cells":["dr5ru7v"]' in text
    assert '"counts":[[0,4]]' in text


def test_a_run_without_documents_has_a_page_that_says_so(run: FakeRun) -> None:
    run.search.indices = {"pickup_count": [], "trip_duration": []}
    text = TaxiAnalytics(run.local).page().read_text(encoding="utf-8")
    assert "No trip counts came" in text
    assert "No airport trips came" in text
