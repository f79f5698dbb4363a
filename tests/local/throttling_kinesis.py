"""A proxy before the Kinesis emulator that keeps the limits of what the shards of a stream take a second.

It can also refuse reads, one after the other as it is told.

Source of the limits: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from local.template import PSEUDO_PARAMETERS

#: What a shard takes a second; what it did not take it saves up, for one second at most.
RECORDS_PER_SECOND = 1_000
BYTES_PER_SECOND = 1024 * 1024
THROTTLED = "ProvisionedThroughputExceededException"
EXPIRED = "ExpiredIteratorException"
_TARGET = "x-amz-target"
_API = "Kinesis_20131202"
#: The only content type whose bodies the proxy reads.
_JSON = "application/x-amz-json-1.1"
#: Headers that belong to one connection, or are reckoned anew for what is passed on.
_OWN_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})

Clock = Callable[[], float]


class Taken(NamedTuple):
    """How many records were admitted and how often one was throttled; one that is tried again counts again."""

    admitted: int = 0
    throttled: int = 0

    def __sub__(self, earlier: Taken) -> Taken:
        return Taken(self.admitted - earlier.admitted, self.throttled - earlier.throttled)


@dataclass
class _Shard:
    """A shard's first hash key, and what it has left of its records and bytes of a second."""

    id: str
    first_hash: int
    seconds: float
    records_per_second: int
    records: float = field(init=False)
    bytes: float = BYTES_PER_SECOND
    admitted: int = 0
    throttled: int = 0

    def __post_init__(self) -> None:
        self.records = self.records_per_second

    def refill(self, now: float) -> None:
        """Add what the time since the last refill gives."""
        passed, self.seconds = now - self.seconds, now
        self.records = min(self.records_per_second, self.records + passed * self.records_per_second)
        self.bytes = min(BYTES_PER_SECOND, self.bytes + passed * BYTES_PER_SECOND)

    def take(self, size: int) -> bool:
        """Take a record of so many bytes, or leave everything as it is."""
        if self.records < 1 or self.bytes < size:
            self.throttled += 1
            return False
        self.records -= 1
        self.bytes -= size
        self.admitted += 1
        return True


class StreamLimits:
    """The limits of the open shards of one stream, as ListShards describes them."""

    def __init__(self, shards: Sequence[Mapping[str, Any]], records_per_second: int, clock: Clock) -> None:
        """Begin with full buckets; each shard takes ``records_per_second``."""
        self._clock = clock
        now = clock()
        found = (
            _Shard(
                id=shard["ShardId"],
                first_hash=int(shard["HashKeyRange"]["StartingHashKey"]),
                seconds=now,
                records_per_second=records_per_second,
            )
            for shard in shards
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
        )
        # The ranges of the open shards have no gaps: the first keys tell all.
        self._shards = sorted(found, key=lambda shard: shard.first_hash)
        self._first_hashes = [shard.first_hash for shard in self._shards]
        self._lock = threading.Lock()

    def refusals(self, records: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each record, in their order, the id of the shard that has no room for it; None where it has."""
        refused: list[str | None] = []
        with self._lock:
            now = self._clock()
            for shard in self._shards:
                shard.refill(now)
            for record in records:
                shard = self._shards[bisect_right(self._first_hashes, _hash(record)) - 1]
                refused.append(None if shard.take(_size(record)) else shard.id)
        return refused

    def taken(self) -> dict[str, Taken]:
        """What each shard has taken, and refused, so far."""
        with self._lock:
            return {shard.id: Taken(shard.admitted, shard.throttled) for shard in self._shards}


def _hash(record: Mapping[str, Any]) -> int:
    explicit = record.get("ExplicitHashKey")
    if explicit is not None:
        return int(explicit)
    return int.from_bytes(hashlib.md5(record["PartitionKey"].encode(), usedforsecurity=False).digest(), "big")


def _size(record: Mapping[str, Any]) -> int:
    """The bytes that count: the data, which comes in Base64, and the partition key."""
    data: str = record["Data"]
    key: str = record["PartitionKey"]
    return len(data) // 4 * 3 - data[-2:].count("=") + len(key.encode())


@dataclass(frozen=True)
class _Answer:
    """An answer to a request: what the emulator said, or the proxy in its place."""

    status: int
    body: bytes
    headers: Sequence[tuple[str, str]] = field(default=(("Content-Type", _JSON),))

    @classmethod
    def error(cls, status: int, kind: str, message: str) -> _Answer:
        """An error in the service's form."""
        return cls(status, json.dumps({"__type": kind, "message": message}).encode())


class ThrottlingKinesis:
    """The proxy as a context manager: it serves at :attr:`address` until the context ends.

    It reads PutRecord and PutRecords, in JSON, and passes on what it admits; all else passes as it comes. The shards of
    a stream are asked for at its first record, so a stream must keep them.
    """

    def __init__(
        self,
        emulator: str,
        *,
        records_per_second: int = RECORDS_PER_SECOND,
        read_faults: Sequence[str] = ("",),
        clock: Clock = time.monotonic,
    ) -> None:
        """Prepare a proxy before the emulator at this address, whose shards take ``records_per_second`` each.

        The ``read_faults`` are the errors of one GetRecords after the other, over and over; an empty one passes.
        """
        place = urlsplit(emulator)
        self._host, self._port = str(place.hostname), place.port
        self._records_per_second = records_per_second
        self._clock = clock
        self._read_faults = itertools.cycle(read_faults)
        self._streams: dict[str, StreamLimits] = {}
        self._lock = threading.Lock()
        self._emulator_seconds = 0.0
        self._time_lock = threading.Lock()
        self._server = _Server(self)

    @property
    def address(self) -> str:
        """The proxy's endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Begin to serve."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="kinesis-proxy", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()

    def taken(self, stream: str) -> dict[str, Taken]:
        """What each shard of a stream has taken, and refused, so far; nothing before the stream's first record."""
        limits = self._streams.get(stream)
        return limits.taken() if limits else {}

    def total(self, stream: str) -> Taken:
        """What all shards of a stream have taken, and refused, so far."""
        taken = self.taken(stream).values()
        return Taken(sum(shard.admitted for shard in taken), sum(shard.throttled for shard in taken))

    @property
    def emulator_seconds(self) -> float:
        """How long the emulator took for its answers so far, all together: it is slower than the service may be."""
        return self._emulator_seconds

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        """Answer a request; the names of its headers are in small letters."""
        operation = headers.get(_TARGET, "").removeprefix(f"{_API}.")
        if operation == "GetRecords" and (fault := next(self._read_faults)):
            return _Answer.error(400, fault, "a fault of the test")
        if operation not in ("PutRecord", "PutRecords"):
            return self._pass_on(path, headers, body)
        if headers.get("content-type") != _JSON:
            got = headers.get("content-type")
            return _Answer.error(
                400,
                "SerializationException",
                f"the content type must be {_JSON} (got {got}): turn CBOR off in the client",
            )
        request = json.loads(body)
        stream = request.get("StreamName", "")
        limits = self._limits(path, headers, stream)
        if limits is None:  # The emulator says what is wrong with the stream.
            return self._pass_on(path, headers, body)
        records = [request] if operation == "PutRecord" else request["Records"]
        refusals = limits.refusals(records)
        if not any(refusals):
            return self._pass_on(path, headers, body)
        if operation == "PutRecord":
            return _Answer.error(400, THROTTLED, _message(str(refusals[0]), stream))
        return self._put_admitted(path, headers, request, refusals)

    def _put_admitted(
        self, path: str, headers: Mapping[str, str], request: Mapping[str, Any], refusals: Sequence[str | None]
    ) -> _Answer:
        """Pass on the records that are not refused, and put their results and the refusals into one answer."""
        admitted = [record for record, refused in zip(request["Records"], refusals, strict=True) if not refused]
        merged: dict[str, Any] = {"FailedRecordCount": 0}
        results: list[Mapping[str, Any]] = []
        answered: Sequence[tuple[str, str]] = (("Content-Type", _JSON),)
        if admitted:
            answer = self._pass_on(path, headers, json.dumps({**request, "Records": admitted}).encode())
            if answer.status != 200:
                return answer
            merged, answered = json.loads(answer.body), answer.headers
            results = merged["Records"]
        of_the_admitted = iter(results)
        merged["Records"] = [
            {"ErrorCode": THROTTLED, "ErrorMessage": _message(refused, request["StreamName"])}
            if refused
            else next(of_the_admitted)
            for refused in refusals
        ]
        merged["FailedRecordCount"] += len(refusals) - len(admitted)
        return _Answer(200, json.dumps(merged).encode(), answered)

    def _limits(self, path: str, headers: Mapping[str, str], stream: str) -> StreamLimits | None:
        """The limits of a stream, made of its shards when they are wanted first; None where it has none."""
        with self._lock:
            if stream not in self._streams:
                body = json.dumps({"StreamName": stream}).encode()
                answer = self._pass_on(path, {**headers, _TARGET: f"{_API}.ListShards"}, body)
                if answer.status != 200:
                    return None
                self._streams[stream] = StreamLimits(
                    json.loads(answer.body)["Shards"], self._records_per_second, self._clock
                )
            return self._streams[stream]

    def _pass_on(self, path: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        # A connection for each request: one that the emulator closes while it is idle would fail the next.
        connection = HTTPConnection(self._host, self._port, timeout=60)
        began = self._clock()
        try:
            connection.request("POST", path, body, _passed(headers.items()))
            response = connection.getresponse()
            return _Answer(response.status, response.read(), tuple(_passed(response.getheaders()).items()))
        except (OSError, HTTPException) as error:
            return _Answer.error(503, "ServiceUnavailable", f"the emulator did not answer: {error}")
        finally:
            connection.close()
            with self._time_lock:
                self._emulator_seconds += self._clock() - began


def _message(shard_id: str, stream: str) -> str:
    account = PSEUDO_PARAMETERS["AWS::AccountId"]
    return f"Rate exceeded for shard {shard_id} in stream {stream} under account {account}."


def _passed(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in _OWN_HEADERS}


class _Server(ThreadingHTTPServer):
    """A thread for each connection."""

    def __init__(self, proxy: ThrottlingKinesis) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """One connection, which the client keeps."""

    server: _Server
    protocol_version = "HTTP/1.1"
    # An answer goes out at once and whole: its parts would wait for acknowledgements.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer a request: the service knows no other method."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.proxy.answer(self.path, headers, body)
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing of single requests."""
