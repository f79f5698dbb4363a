"""Where keys lead, by what Kinesis and Kafka document of it."""

from __future__ import annotations

import hashlib

import pytest

from flink_apps.replay import logic

SIZES = [1, 2, 3, 16, 100, 1_000]


def shard_of(key: str, shards: int) -> int:
    """The shard of a stream of ``shards`` equal ones: each begins where the one before ends."""
    width = 2**128 // shards
    starts = [number * width for number in range(shards)]
    hashed = int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16)
    return max(number for number, start in enumerate(starts) if start <= hashed)


@pytest.mark.parametrize("shards", SIZES)
def test_each_shard_of_a_stream_gets_one_key(shards: int) -> None:
    assert [shard_of(key, shards) for key in logic.kinesis_keys(shards)] == list(range(shards))


@pytest.mark.parametrize("partitions", SIZES)
def test_each_partition_of_a_topic_gets_one_key(partitions: int) -> None:
    found = [logic.kafka_hash(key) % partitions for key in logic.kafka_keys(partitions)]
    assert found == list(range(partitions))


@pytest.mark.parametrize("multiple", [2, 3, 10])
def test_a_multiple_of_the_shards_gives_each_of_them_equally_many(multiple: int) -> None:
    to_shards = sorted(shard_of(key, 16) for key in logic.kinesis_keys(16 * multiple))
    to_partitions = sorted(logic.kafka_hash(key) % 6 for key in logic.kafka_keys(6 * multiple))
    assert to_shards == sorted(list(range(16)) * multiple)
    assert to_partitions == sorted(list(range(6)) * multiple)


def test_a_shard_twice_as_wide_as_a_range_is_reached_however_it_lies() -> None:
    hashes = sorted(logic.kinesis_hash(key) for key in logic.kinesis_keys(16))
    gaps = [after - before for before, after in zip([0, *hashes], [*hashes, 2**128], strict=True)]
    assert max(gaps) < 2 * 2**128 // 16


def test_keys_are_the_same_each_time() -> None:
    assert logic.kinesis_keys(4) == ("6", "9", "4", "0")
    assert logic.kafka_keys(4) == ("0", "4", "5", "1")


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"abc", 479470107),
        (b"", 275646681),
    ],
)
def test_keys_are_hashed_as_kafkas_java_client_does(key: bytes, hashed: int) -> None:
    assert logic.murmur2(key) == hashed % 2**32
