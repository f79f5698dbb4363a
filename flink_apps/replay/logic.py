"""Partition keys that lead to different shards or partitions, so that a watermark event reaches all. Without Flink."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable

#: Kinesis hashes a key to a number with this many bits; each shard has a range of these numbers.
KINESIS_HASH_BITS = 128
_KAFKA_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_32_BITS = 0xFFFF_FFFF


def kinesis_keys(shards: int) -> tuple[str, ...]:
    """A partition key for each of ``shards`` equal ranges of hash keys, which are the shards of a new stream."""
    return _a_key_for_each(shards, lambda key: kinesis_hash(key) * shards >> KINESIS_HASH_BITS)


def kafka_keys(partitions: int) -> tuple[str, ...]:
    """A key for each of ``partitions`` partitions, as Kafka's default partitioner assigns them."""
    return _a_key_for_each(partitions, lambda key: kafka_hash(key) % partitions)


def kinesis_hash(key: str) -> int:
    """The hash key of a partition key in Kinesis: its MD5 as a number of 128 bits."""
    return int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest(), "big")


def kafka_hash(key: str) -> int:
    """The hash that Kafka's default partitioner divides by the partitions: murmur2 without its sign, 31 bits."""
    return murmur2(key.encode()) & 0x7FFF_FFFF


def murmur2(data: bytes) -> int:
    """MurmurHash2 with Kafka's seed, as an unsigned number of 32 bits."""
    value = _KAFKA_SEED ^ len(data)
    whole = len(data) - len(data) % 4
    for start in range(0, whole, 4):
        block = int.from_bytes(data[start : start + 4], "little") * _MULTIPLIER & _32_BITS
        block = (block ^ block >> 24) * _MULTIPLIER & _32_BITS
        value = value * _MULTIPLIER & _32_BITS ^ block
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _32_BITS
    value = (value ^ value >> 13) * _MULTIPLIER & _32_BITS
    return value ^ value >> 15


def _a_key_for_each(shards: int, shard_of: Callable[[str], int]) -> tuple[str, ...]:
    """The first of the keys "0", "1", "2", … that leads to each shard."""
    found: dict[int, str] = {}
    numbers = itertools.count()
    while len(found) < shards:
        key = str(next(numbers))
        found.setdefault(shard_of(key), key)
    return tuple(found[shard] for shard in range(shards))
