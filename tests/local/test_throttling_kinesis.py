"""The proxy that keeps Kinesis' limits, before an emulator that the tests play themselves."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from local.process import free_port
from tests.local.throttling_kinesis import BYTES_PER_SECOND, RECORDS_PER_SECOND, THROTTLED, Taken, ThrottlingKinesis

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

STREAM = "trips"
HASHES = 2**128
#: The shards that are open, in the order of their hash keys: quarters, the last of which were split off a closed one.
FIRST, SECOND, THIRD, FOURTH = (f"shardId-00000000000{number}" for number in (0, 1, 3, 4))
MOST = 500


@dataclass
class Time:
    """A clock that the test sets."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Emulator:
    """Takes every record, and notes what it was asked."""

    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)  # an operation's name, and the error that it gets
    work: Callable[[], object] = lambda: None  # what it does before each answer

    def answer(self, operation: str, request: dict[str, Any]) -> tuple[int, Mapping[str, Any]]:
        self.requests.append((operation, request))
        self.work()
        if operation in self.refuses:
            return 400, {"__type": self.refuses[operation], "message": "as the test wants it"}
        match operation:
            case "ListShards":
                return 200, {"Shards": shards()}
            case "PutRecords":
                keys = [record["PartitionKey"] for record in request["Records"]]
                return 200, {"FailedRecordCount": 0, "Records": [result(key) for key in keys]}
            case "PutRecord":
                return 200, result(request["PartitionKey"])
            case _:
                return 200, {"StreamNames": [STREAM], "HasMoreStreams": False}

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [request for name, request in self.requests if name == operation]


def shards() -> list[dict[str, Any]]:
    def shard(number: int, first: int, last: int, *, closed: bool = False) -> dict[str, Any]:
        return {
            "ShardId": f"shardId-00000000000{number}",
            "HashKeyRange": {"StartingHashKey": str(first), "EndingHashKey": str(last - 1)},
            "SequenceNumberRange": {"StartingSequenceNumber": "1", **({"EndingSequenceNumber": "2"} if closed else {})},
        }

    quarter = HASHES // 4
    return [
        shard(0, 0, quarter),
        shard(1, quarter, 2 * quarter),
        shard(2, 2 * quarter, HASHES, closed=True),
        shard(3, 2 * quarter, 3 * quarter),
        shard(4, 3 * quarter, HASHES),
    ]


def result(key: str) -> dict[str, str]:
    """What the emulator says of a record that it took: the test knows it again by its key."""
    return {"ShardId": FIRST, "SequenceNumber": f"number-of-{key}"}


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def proxy(emulator: Emulator, time: Time) -> Iterator[ThrottlingKinesis]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = emulator.answer(operation, request)
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("x-amzn-RequestId", f"request-{len(emulator.requests)}")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with ThrottlingKinesis(f"http://127.0.0.1:{server.server_address[1]}", clock=time) as proxy:
        yield proxy
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(proxy: ThrottlingKinesis) -> Iterator[KinesisClient]:
    client = boto3.client(
        "kinesis",
        endpoint_url=proxy.address,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - nobody checks it
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


def records(count: int, shard: str = FIRST, *, size: int = 1) -> list[PutRecordsRequestEntryTypeDef]:
    """So many records for a shard; the key counts, too, and is one byte of the size."""
    first_hash = next(int(one["HashKeyRange"]["StartingHashKey"]) for one in shards() if one["ShardId"] == shard)
    return [{"PartitionKey": "k", "ExplicitHashKey": str(first_hash), "Data": b"x" * (size - 1)} for _ in range(count)]


def put(client: KinesisClient, count: int, shard: str = FIRST, *, size: int = 1) -> int:
    """Put records as requests take them; gives how many were refused."""
    refused = 0
    while count:
        batch = min(count, MOST)
        refused += client.put_records(StreamName=STREAM, Records=records(batch, shard, size=size))["FailedRecordCount"]
        count -= batch
    return refused


def key_of(shard: str) -> str:
    """A partition key whose MD5 is in a shard's range of hash keys."""
    (place,) = (one["HashKeyRange"] for one in shards() if one["ShardId"] == shard)
    low, high = int(place["StartingHashKey"]), int(place["EndingHashKey"])
    md5s = ((key, int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16)) for key in map(str, range(99)))
    return next(key for key, md5 in md5s if low <= md5 <= high)


def test_a_shard_takes_a_thousand_records_at_once_and_refuses_the_next(client: KinesisClient) -> None:
    assert put(client, RECORDS_PER_SECOND) == 0
    assert put(client, 1) == 1


def test_what_a_shard_takes_comes_back_with_the_time(client: KinesisClient, time: Time) -> None:
    put(client, RECORDS_PER_SECOND)
    time.seconds = 0.25
    assert put(client, RECORDS_PER_SECOND) == 750


def test_a_shard_saves_no_more_than_a_second_up(client: KinesisClient, time: Time) -> None:
    put(client, RECORDS_PER_SECOND)
    time.seconds = 60
    assert put(client, RECORDS_PER_SECOND + 10) == 10


def test_a_shard_takes_a_mebibyte_at_once_with_the_keys(client: KinesisClient) -> None:
    assert put(client, 16, size=BYTES_PER_SECOND // 16) == 0
    assert put(client, 1, size=2) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_sizes_are_those_of_the_data_and_not_of_their_base64(client: KinesisClient, time: Time, size: int) -> None:
    put(client, 16, size=BYTES_PER_SECOND // 16)
    time.seconds = (size + 0.5) / BYTES_PER_SECOND
    assert [put(client, 1, size=size + 1), put(client, 1, size=size)] == [1, 0]


def test_bytes_that_were_refused_are_not_taken(client: KinesisClient) -> None:
    put(client, 15, size=BYTES_PER_SECOND // 16)
    assert put(client, 1, size=BYTES_PER_SECOND // 8) == 1
    assert put(client, 1, size=BYTES_PER_SECOND // 16) == 0


def test_each_shard_has_limits_of_its_own(client: KinesisClient, proxy: ThrottlingKinesis) -> None:
    refused = {shard: put(client, RECORDS_PER_SECOND + more, shard) for more, shard in enumerate((FIRST, THIRD))}
    assert refused == {FIRST: 0, THIRD: 1}
    assert proxy.taken(STREAM) == {
        FIRST: Taken(RECORDS_PER_SECOND, 0),
        SECOND: Taken(0, 0),
        THIRD: Taken(RECORDS_PER_SECOND, 1),
        FOURTH: Taken(0, 0),
    }
    assert proxy.total(STREAM) == Taken(2 * RECORDS_PER_SECOND, 1)


@pytest.mark.parametrize("shard", [FIRST, SECOND, THIRD, FOURTH])
def test_a_partition_key_leads_to_the_open_shard_of_its_md5(
    client: KinesisClient, proxy: ThrottlingKinesis, shard: str
) -> None:
    client.put_records(StreamName=STREAM, Records=[{"PartitionKey": key_of(shard), "Data": b""}])
    assert [name for name, taken in proxy.taken(STREAM).items() if taken.admitted] == [shard]


@pytest.mark.parametrize(("hash_key", "shard"), [(0, FIRST), (HASHES // 4 - 1, FIRST), (HASHES - 1, FOURTH)])
def test_an_explicit_hash_key_wins(client: KinesisClient, proxy: ThrottlingKinesis, hash_key: int, shard: str) -> None:
    record: PutRecordsRequestEntryTypeDef = {
        "PartitionKey": key_of(SECOND),
        "ExplicitHashKey": str(hash_key),
        "Data": b"",
    }
    client.put_records(StreamName=STREAM, Records=[record])
    assert [name for name, taken in proxy.taken(STREAM).items() if taken.admitted] == [shard]


def test_refusals_stand_in_the_places_of_their_records(client: KinesisClient) -> None:
    put(client, RECORDS_PER_SECOND, SECOND)
    keys = [key_of(shard) for shard in (SECOND, FIRST, SECOND, SECOND, THIRD)]
    answer = client.put_records(StreamName=STREAM, Records=[{"PartitionKey": key, "Data": b""} for key in keys])
    numbers = [record.get("SequenceNumber") for record in answer["Records"]]
    assert numbers == [None, f"number-of-{keys[1]}", None, None, f"number-of-{keys[4]}"]
    assert answer["FailedRecordCount"] == 3


def test_a_refusal_has_the_services_code_and_message(client: KinesisClient) -> None:
    put(client, RECORDS_PER_SECOND, SECOND)
    (refusal,) = client.put_records(StreamName=STREAM, Records=records(1, SECOND))["Records"]
    assert refusal == {
        "ErrorCode": THROTTLED,
        "ErrorMessage": f"Rate exceeded for shard {SECOND} in stream {STREAM} under account 000000000000.",
    }


def test_the_emulator_gets_what_is_admitted_and_nothing_else(client: KinesisClient, emulator: Emulator) -> None:
    put(client, RECORDS_PER_SECOND, SECOND)
    refused, admitted = key_of(SECOND), key_of(FOURTH)
    client.put_records(
        StreamName=STREAM, Records=[{"PartitionKey": key, "Data": key.encode()} for key in (refused, admitted)]
    )
    expected = {"PartitionKey": admitted, "Data": base64.b64encode(admitted.encode()).decode()}
    assert emulator.asked("PutRecords")[-1] == {"StreamName": STREAM, "Records": [expected]}


def test_the_emulator_is_not_asked_when_all_are_refused(client: KinesisClient, emulator: Emulator) -> None:
    put(client, RECORDS_PER_SECOND)
    before = len(emulator.requests)
    assert put(client, 10) == 10
    assert len(emulator.requests) == before


def test_a_single_record_is_refused_as_a_whole_request(client: KinesisClient) -> None:
    put(client, RECORDS_PER_SECOND, FOURTH)
    with pytest.raises(ClientError, match=f"Rate exceeded for shard {FOURTH} in stream {STREAM}") as refused:
        client.put_record(StreamName=STREAM, PartitionKey=key_of(FOURTH), Data=b"")
    assert refused.value.response["Error"]["Code"] == THROTTLED


def test_a_single_record_is_admitted_and_counted(client: KinesisClient, proxy: ThrottlingKinesis) -> None:
    key = key_of(FOURTH)
    answer = client.put_record(StreamName=STREAM, PartitionKey=key, Data=b"")
    assert answer["SequenceNumber"] == f"number-of-{key}"
    assert proxy.total(STREAM) == Taken(1, 0)


def test_the_shards_are_asked_for_once(client: KinesisClient, emulator: Emulator) -> None:
    put(client, 2 * MOST)
    assert len(emulator.asked("ListShards")) == 1


def test_all_else_passes_with_the_emulators_answer_and_headers(client: KinesisClient, emulator: Emulator) -> None:
    answer = client.list_streams(Limit=7)
    assert emulator.requests == [("ListStreams", {"Limit": 7})]
    assert (answer["StreamNames"], answer["ResponseMetadata"]["RequestId"]) == ([STREAM], "request-1")


@pytest.mark.parametrize("operation", ["ListShards", "PutRecords"])
def test_an_error_of_the_emulator_is_the_answer(client: KinesisClient, emulator: Emulator, operation: str) -> None:
    emulator.refuses = {"PutRecords": "ResourceNotFoundException", operation: "ResourceNotFoundException"}
    with pytest.raises(ClientError, match="as the test wants it"):
        client.put_records(StreamName=STREAM, Records=records(1))


def test_the_time_that_the_emulator_takes_is_added_up(
    client: KinesisClient, proxy: ThrottlingKinesis, emulator: Emulator, time: Time
) -> None:
    def work() -> None:
        time.seconds += 0.5

    emulator.work = work
    client.list_streams()
    client.list_streams()
    assert proxy.emulator_seconds == 1.0


def test_nothing_is_known_of_a_stream_that_nobody_has_written(proxy: ThrottlingKinesis) -> None:
    assert (proxy.taken(STREAM), proxy.total(STREAM)) == ({}, Taken(0, 0))


def test_what_was_taken_between_two_times_is_their_difference() -> None:
    assert Taken(10, 3) - Taken(4, 1) == Taken(6, 2)


def test_records_in_cbor_are_refused_with_the_fix(proxy: ThrottlingKinesis) -> None:
    headers = {"X-Amz-Target": "Kinesis_20131202.PutRecords", "Content-Type": "application/x-amz-cbor-1.1"}
    answer = requests.post(proxy.address, b"\xbf\xff", headers=headers, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["message"].endswith("(got application/x-amz-cbor-1.1): turn CBOR off in the client")


def test_an_emulator_that_does_not_answer_is_an_error_that_clients_try_again() -> None:
    with ThrottlingKinesis(f"http://127.0.0.1:{free_port()}") as proxy:
        answer = requests.post(
            proxy.address, b"{}", headers={"X-Amz-Target": "Kinesis_20131202.ListStreams"}, timeout=10
        )
    assert (answer.status_code, answer.json()["__type"]) == (503, "ServiceUnavailable")
