"""A topic and a stream, written to and read by the run itself: the same from either server."""

from __future__ import annotations

import socket
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from local.services.kafka import CLUSTER_TYPE, TOPIC_TYPE, KafkaService
from local.services.kinesis import STREAM_TYPE, KinesisService
from local.template import Template
from tests.local.started import started

pytestmark = pytest.mark.integration

#: One for each test.
NAMES = MANY_EVENTS, FOLLOWED = ("many-events", "followed")
#: More than a request holds, and than the topic's producer is given at a time.
MANY = 12_000


def kafka(folder: Path) -> KafkaService:
    properties = [{"TopicName": name, "PartitionCount": 3} for name in NAMES]
    topics = {f"Topic{number}": {"Type": TOPIC_TYPE, "Properties": one} for number, one in enumerate(properties)}
    return KafkaService(Template({"Resources": {"Cluster": {"Type": CLUSTER_TYPE}, **topics}}), folder)


def kinesis(folder: Path) -> KinesisService:
    properties = [{"Name": name, "ShardCount": 3} for name in NAMES]
    streams = {f"Stream{number}": {"Type": STREAM_TYPE, "Properties": one} for number, one in enumerate(properties)}
    return KinesisService(Template({"Resources": streams}), folder)


@pytest.fixture(scope="module", params=[kafka, kinesis], ids=lambda make: str(make.__name__))
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaService | KinesisService]:
    with started(request.param(tmp_path_factory.mktemp("service"))) as service:
        yield service


def records(first: int, last: int) -> list[tuple[str, bytes]]:
    """Numbers, of which each key has every tenth."""
    return [(str(number % 10), b"%d" % number) for number in range(first, last)]


def arrived(follower: Generator[list[bytes], None, None], count: int) -> list[bytes]:
    """What the steps give until they have given so many, or half a minute is over."""
    values: list[bytes] = []
    deadline = time.monotonic() + 30
    while len(values) < count and time.monotonic() < deadline:
        values += next(follower)
        time.sleep(0.05)
    return values


def test_what_is_written_is_read_once_in_the_order_of_its_key(service: KafkaService | KinesisService) -> None:
    service.write(MANY_EVENTS, records(0, MANY))
    values = [int(value) for value in service.values(MANY_EVENTS)]
    assert sorted(values) == list(range(MANY))
    for key in range(10):
        assert [value for value in values if value % 10 == key] == list(range(key, MANY, 10))


def test_a_follower_gives_what_there_is_then_what_comes_and_nothing_twice(
    service: KafkaService | KinesisService,
) -> None:
    service.write(FOLLOWED, records(0, 100))
    with closing(service.follow(FOLLOWED)) as follower:
        assert sorted(arrived(follower, 100)) == sorted(value for _, value in records(0, 100))
        assert next(follower) == []
        service.write(FOLLOWED, records(100, 150))
        assert sorted(arrived(follower, 50)) == sorted(value for _, value in records(100, 150))
        assert next(follower) == []


def test_a_client_that_is_killed_in_the_middle_of_a_request_takes_no_server_with_it(
    service: KafkaService | KinesisService,
) -> None:
    host, _, port = service.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: stream\r\nContent-Length: 1000\r\n\r\nthe first of them")
    time.sleep(0.5)
    before = service.count(FOLLOWED)
    service.write(FOLLOWED, records(0, 1))
    assert service.count(FOLLOWED) == before + 1
