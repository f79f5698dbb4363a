"""Kinesis Data Streams: the emulator kinesalite."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from local.errors import RunError
from local.process import TOOLS, Process, free_port, listening
from local.services.service import CREDENTIALS, Service
from local.template import PSEUDO_PARAMETERS, Resource
from stacks.project import ROOT

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef, RecordTypeDef

STREAM_TYPE = "AWS::Kinesis::Stream"
#: What a stream has at first in on-demand mode
#: (https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html).
ON_DEMAND_SHARDS = 4
#: Records that PutRecords takes at most (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
_PUT_RECORDS = 500
#: How often records are put before their refusal is an error.
_PUT_ATTEMPTS = 7
_EMULATOR = ROOT / "node_modules" / "kinesalite"
_ABORTED_REQUESTS = Path(__file__).parent / "aborted_requests.cjs"


class KinesisService(Service):
    """The streams of the template, with their shards."""

    resource_types = (STREAM_TYPE,)
    title = "Kinesis"

    @cached_property
    def process(self) -> Process:
        """The emulator."""
        return Process(
            name="the Kinesis emulator",
            command=[
                *(str(TOOLS / "node"), "--require", str(_ABORTED_REQUESTS), str(_EMULATOR / "cli.js")),
                *("--port", str(self._port)),
                *("--shardLimit", str(max(100, 2 * sum(self._shards(stream) for stream in self._streams)))),
                *("--createStreamMs", "10", "--deleteStreamMs", "10", "--updateStreamMs", "10"),
            ],
            log=self.folder / "kinesis.log",
        )

    @property
    def address(self) -> str:
        """The emulator's endpoint."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def version(self) -> str:
        """The emulator's name and version."""
        package = json.loads((_EMULATOR / "package.json").read_text())
        return f"{package['name']} {package['version']}"

    @property
    def aws_endpoints(self) -> dict[str, str]:
        """The emulator stands for Kinesis."""
        return {"kinesis": self.endpoint}

    def launch(self) -> None:
        """Start the emulator."""
        if not _EMULATOR.is_dir():
            raise RunError("missing: the npm package kinesalite; get it: make setup")
        self.process.start()

    def create_resources(self) -> None:
        """Create the streams."""
        self.process.wait_until(lambda: listening(self._port))
        for stream in self._streams:
            self.create_stream(self.stream_name(stream), self._shards(stream))

    def create_stream(self, name: str, shards: int) -> None:
        """Create a stream, and wait until it takes records."""
        self.client.create_stream(StreamName=name, ShardCount=shards)
        deadline = time.monotonic() + 30
        while (
            self.client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] != "ACTIVE"
        ):
            if time.monotonic() > deadline:
                raise RunError(f"the stream {name} was not active after 30 s")
            time.sleep(0.05)

    def attribute(self, resource: Resource, name: str) -> str:
        """``Ref`` is the name, ``Arn`` the ARN."""
        match name:
            case "Ref":
                return self.stream_name(resource)
            case "Arn":
                return resource.arn("kinesis", f"stream/{self.stream_name(resource)}")
            case _:
                raise self.unknown_attribute(resource, name)

    @cached_property
    def client(self) -> KinesisClient:
        """A client of the emulator."""
        return boto3.client(
            "kinesis",
            endpoint_url=self.address,
            region_name=PSEUDO_PARAMETERS["AWS::Region"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"mode": "standard", "max_attempts": 5}),
        )

    def stream_names(self) -> list[str]:
        """The names of the template's streams."""
        return [self.stream_name(stream) for stream in self._streams]

    def stream_name(self, stream: Resource) -> str:
        """The stream's name: the template's, or its logical id."""
        return str(stream.properties.get("Name", stream.logical_id))

    def records(self, stream_name: str) -> Iterator[tuple[str, RecordTypeDef]]:
        """Every record of a stream from its beginning to what it holds now, with its shard's id."""
        for shard_id, iterator in self._shard_iterators(stream_name):
            for records, _ in self._pages(iterator):
                for record in records:
                    yield shard_id, record

    def count(self, stream_name: str) -> int:
        """How many records a stream holds."""
        return sum(1 for _ in self.records(stream_name))

    def values(self, stream_name: str) -> Iterator[bytes]:
        """The data of every record that a stream holds now."""
        return (record["Data"] for _, record in self.records(stream_name))

    def follow(self, stream_name: str) -> Generator[list[bytes], None, None]:
        """The data of a stream's records: each step gives, at once, what has come since the one before."""
        iterators = dict(self._shard_iterators(stream_name))
        while True:
            arrived: list[bytes] = []
            for shard_id, iterator in iterators.items():
                for records, following in self._pages(iterator):
                    arrived += (record["Data"] for record in records)
                    iterators[shard_id] = following
            yield arrived

    def write(self, stream_name: str, records: Sequence[tuple[str, bytes]]) -> None:
        """Write records, each a partition key and its data, and wait until the stream has them."""
        for start in range(0, len(records), _PUT_RECORDS):
            batch = records[start : start + _PUT_RECORDS]
            self._put(stream_name, [{"PartitionKey": key, "Data": data} for key, data in batch])

    def _put(self, stream_name: str, entries: list[PutRecordsRequestEntryTypeDef]) -> None:
        for attempt in range(_PUT_ATTEMPTS):
            answers = self.client.put_records(StreamName=stream_name, Records=entries)["Records"]
            entries = [entry for entry, answer in zip(entries, answers, strict=True) if answer.get("ErrorCode")]
            if not entries:
                return
            time.sleep(0.1 * 2**attempt)
        raise RunError(f"the stream {stream_name} refused {len(entries)} records {_PUT_ATTEMPTS} times")

    def _shard_iterators(self, stream_name: str) -> Iterator[tuple[str, str]]:
        """Each shard's id with an iterator that begins with its oldest record, made when it is asked for."""
        for shard in self.client.list_shards(StreamName=stream_name)["Shards"]:
            yield (
                shard["ShardId"],
                self.client.get_shard_iterator(
                    StreamName=stream_name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"],
            )

    def _pages(self, iterator: str) -> Iterator[tuple[list[RecordTypeDef], str]]:
        """What a shard holds now from an iterator on, as pages, each with the iterator that goes on after it."""
        while iterator:
            page = self.client.get_records(ShardIterator=iterator, Limit=10_000)
            iterator = page.get("NextShardIterator", "")
            yield page["Records"], iterator
            if not page["Records"]:  # The emulator keeps no lag: an empty page is the end.
                return

    @cached_property
    def _port(self) -> int:
        return free_port(4567)

    @property
    def _streams(self) -> list[Resource]:
        return self.template.of_type(STREAM_TYPE)

    @staticmethod
    def _shards(stream: Resource) -> int:
        return int(stream.properties.get("ShardCount", ON_DEMAND_SHARDS))
