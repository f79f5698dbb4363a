"""The streaming ETL's cases: from Kafka into each sink and all, beside plain SQL and a plain client of OpenSearch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from statistics import fmean
from threading import Event

import requests
from confluent_kafka import Producer

from benchmarks.measure import (
    Measurement,
    Row,
    measure,
    measure_client,
    pinned_to_own_core,
    renew_cluster,
    started,
    submit,
    supports_cpu_affinity,
)
from benchmarks.trips import trips
from flink_apps.common.properties import PropertyGroups
from flink_apps.streaming_etl import schema, settings
from local.run import LocalRun
from local.scenarios.streaming_etl.scenario import StreamingEtl
from local.services.kafka import KafkaService
from local.services.opensearch import OpenSearchService

SCENARIO = "streaming-etl"
#: More than any case reads.
TRIPS = 6_000_000
#: Concurrent requests of the plain OpenSearch client, and documents in each.
CLIENT_THREADS, BULK = 2, 5_000
#: How fast trips come while a job is watched for ten minutes.
TRIPS_PER_SECOND = 10_000
#: The index of all trips. It is deleted before each case: to write an id again is an update, which takes longer.
INDEX: str = json.loads(next(trips(1)))[schema.INDEX]
ALL_SINKS = ("kafka", "s3", "opensearch")
#: The options that switch a sink on.
SWITCHES = {
    "kafka": settings.SINK_TOPIC.all(),
    "s3": settings.SINK_BUCKET.all(),
    "opensearch": settings.SINK_DOMAIN.all(),
}
PARSE, CLIENT, CLIENT_OWN_CORE = (
    "parse and drop",
    "opensearch: plain client",
    "opensearch on its own core: plain client",
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A set of sinks, which job writes them, and what it is compared with."""

    name: str
    sinks: tuple[str, ...]
    script: str | None = None
    ratio_to: str | None = None
    #: Whether OpenSearch has a core that neither Flink nor Kafka uses, as a domain has machines of its own.
    own_core: bool = False


PLAIN_SQL = "streaming_etl_plain_sql.py"
CASES = (
    Case(name=PARSE, sinks=("kafka",), script="streaming_etl_parse_and_drop.py"),
    Case(name="kafka: plain SQL", sinks=("kafka",), script=PLAIN_SQL, ratio_to=PARSE),
    Case(name="kafka", sinks=("kafka",), ratio_to="kafka: plain SQL"),
    Case(name="s3: plain SQL", sinks=("s3",), script=PLAIN_SQL, ratio_to=PARSE),
    Case(name="s3", sinks=("s3",), ratio_to="s3: plain SQL"),
    Case(name="opensearch", sinks=("opensearch",), ratio_to=CLIENT),
    Case(name="kafka, s3 and opensearch", sinks=ALL_SINKS, ratio_to=PARSE),
)
OWN_CORE = Case(name="opensearch on its own core", sinks=("opensearch",), ratio_to=CLIENT_OWN_CORE, own_core=True)


def run(say: Callable[[str], None], *, long: bool = False) -> Iterator[Row]:
    """Measure every case; ``long`` adds OpenSearch on a core of its own, and ten minutes into all sinks."""
    rows: dict[str, Row] = {}
    with _started() as local:
        say("filling the topic")
        _fill(local, TRIPS)
        clients, cases = [(CLIENT, False)], list(CASES)
        if long and supports_cpu_affinity():
            clients.append((CLIENT_OWN_CORE, True))
            cases.append(OWN_CORE)
        for name, own_core in clients:
            say(name)
            local.service(OpenSearchService).delete(INDEX)
            with _cores(local, own_core=own_core):
                measured = _plain_client(local.service(OpenSearchService))
            rows[name] = Row(scenario=SCENARIO, case=name, measured=measured)
            yield rows[name]
        for case in cases:
            say(case.name)
            baseline = rows[case.ratio_to] if case.ratio_to else None
            rows[case.name] = _row(case.name, _measured(local, case), baseline)
            yield rows[case.name]
    if long:
        say("kafka, s3 and opensearch, ten minutes")
        yield _ten_minutes()


def _row(name: str, measured: Measurement, baseline: Row | None = None) -> Row:
    size = fmean(map(len, trips(BULK)))
    return Row(scenario=SCENARIO, case=name, measured=measured, baseline=baseline, record_bytes=size)


def _measured(local: LocalRun, case: Case) -> Measurement:
    local.service(OpenSearchService).delete(INDEX)
    job, scenario = submit(local, case.script, _groups(local, case)), StreamingEtl(local)
    with _cores(local, own_core=case.own_core):
        measured = measure(lambda: scenario.records_so_far(job), local.cluster.task_managers)
    if scenario.records_so_far(job) >= TRIPS:
        raise RuntimeError(f"{case.name} had read all trips before its measurement ended")
    renew_cluster(local)
    return measured


def _groups(local: LocalRun, case: Case) -> PropertyGroups:
    """The property groups with the sinks of the case alone; it reads from the beginning, in transactions of its own."""
    groups = local.property_groups()
    off = {option.key for sink, options in SWITCHES.items() if sink not in case.sinks for option in options}
    own = "".join(letter if letter.isalnum() else "-" for letter in case.name)
    names = {settings.SOURCE_TOPIC.group: own, settings.TRANSACTIONAL_ID_PREFIX: own}
    return {
        **groups,
        settings.GROUP: {
            **{key: value for key, value in groups[settings.GROUP].items() if key not in off},
            **{option.key: value for option, value in names.items() if option},
        },
    }


def _ten_minutes() -> Row:
    """All sinks, fed at a steady rate for eleven minutes, the first of which is not measured."""
    with _started(checkpoint_seconds=60) as local, _steadily(local):
        job, scenario = submit(local), StreamingEtl(local)
        measured = measure(
            lambda: scenario.records_so_far(job), local.cluster.task_managers, warm_up_seconds=60, seconds=600
        )
    return _row("kafka, s3 and opensearch, ten minutes", measured)


@contextmanager
def _steadily(local: LocalRun) -> Iterator[None]:
    """Put trips into the topic meanwhile, at one speed."""
    stop = Event()
    with ThreadPoolExecutor(1) as pool:
        putting = pool.submit(_fill, local, TRIPS_PER_SECOND * 700, TRIPS_PER_SECOND, stop)
        try:
            yield
        finally:
            stop.set()
    putting.result()


def _fill(local: LocalRun, count: int, per_second: int | None = None, stop: Event | None = None) -> None:
    """Put trips into the source's topic, as fast as it takes them or at one speed, until ``stop`` is set."""
    topic, brokers = StreamingEtl(local).source.name, local.service(KafkaService).address
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 50, "batch.size": 1 << 20})
    began = time.monotonic()
    for number, trip in enumerate(trips(count)):
        if per_second and stop and number % 1_000 == 0:
            stop.wait(began + number / per_second - time.monotonic())
        if stop and stop.is_set():
            break
        while True:
            try:
                producer.produce(topic, trip)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()


def _plain_client(search: OpenSearchService) -> Measurement:
    """Send full bulk requests, several at a time, each with documents of its own ids."""
    documents, numbers = list(trips(BULK)), count()

    def put() -> int:
        number = next(numbers)
        lines = []
        for position, trip in enumerate(documents):
            lines.append(b'{"index":{"_index":"%s","_id":"%d"}}' % (INDEX.encode(), number * BULK + position))
            lines.append(trip)
        requests.post(
            f"{search.address}/_bulk?filter_path=errors",
            data=b"\n".join(lines) + b"\n",
            headers={"Content-Type": "application/x-ndjson"},
            timeout=60,
        ).raise_for_status()
        return BULK

    return measure_client(put, threads=CLIENT_THREADS)


def _cores(local: LocalRun, *, own_core: bool) -> AbstractContextManager[None]:
    """Nothing, or OpenSearch pinned to one core and all other processes to the rest."""
    if not own_core:
        return nullcontext()
    node = local.service(OpenSearchService).process
    return pinned_to_own_core(node, [process for process in local.processes if process is not node])


def _started(*, checkpoint_seconds: int = 3600) -> AbstractContextManager[LocalRun]:
    """All servers: the first checkpoint comes at any time up to the interval, so next to never in what is measured."""
    return started(
        SCENARIO,
        {
            "source": "kafka",
            "sinks": ",".join(ALL_SINKS),
            "parallelism": 1,
            "replay": "false",
            "partitions": 4,
            "checkpoint-seconds": checkpoint_seconds,
        },
    )
