"""Streams whose shards are split and merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.services.kinesis import KinesisService
from tests.local.failures import wait_for

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import ShardTypeDef


def open_shards(kinesis: KinesisService, stream: str) -> list[ShardTypeDef]:
    """The shards that take records, in the order of their hash keys."""
    shards = [
        shard
        for shard in kinesis.client.list_shards(StreamName=stream)["Shards"]
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    ]
    return sorted(shards, key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))


def split(kinesis: KinesisService, stream: str, *, number: int = 0) -> None:
    """Split an open shard, by default the first, in two halves."""
    shard = open_shards(kinesis, stream)[number]
    hash_keys = shard["HashKeyRange"]
    middle = (int(hash_keys["StartingHashKey"]) + int(hash_keys["EndingHashKey"])) // 2
    kinesis.client.split_shard(StreamName=stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle))
    _wait_until_active(kinesis, stream)


def merge(kinesis: KinesisService, stream: str) -> None:
    """Make one of the first two open shards."""
    one, other = open_shards(kinesis, stream)[:2]
    kinesis.client.merge_shards(StreamName=stream, ShardToMerge=one["ShardId"], AdjacentShardToMerge=other["ShardId"])
    _wait_until_active(kinesis, stream)


def _wait_until_active(kinesis: KinesisService, stream: str) -> None:
    def active() -> bool:
        summary = kinesis.client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        return summary["StreamStatus"] == "ACTIVE"

    wait_for("the end of the resharding", active)
