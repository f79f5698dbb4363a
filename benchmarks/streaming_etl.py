"""The streaming ETL's cases: from Kafka into each sink and all, beside plain SQL and a plain client of OpenSearch."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from statistics import fmean
from threading import Event

import requests
from confluent_kafka import Producer

from benchmarks.measure import Measurement, Row, cores_can_be_shared_out, measure, on_a_core_of_its_own, submit
from benchmarks.trips import trips
from flink_apps.streaming_etl import schema
from local.run import LocalRun
from local.runs import new_folder
from local.scenarios.streaming_etl.scenario import StreamingEtl
from local.services.kafka import KafkaService
from local.services.opensearch import OpenSearchService
from local.synth import synthesize
from stacks.streaming_etl import SOURCE_TOPIC

SCENARIO = "streaming-etl"
WARM_UP_SECONDS = 10
SECONDS = 15
#: Concurrent requests of the plain OpenSearch client, and documents in each.
CLIENT_THREADS, BULK = 2, 5_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """A set of sinks, how many trips there are in the topic, and what it is compared with."""

    name: str
    sinks: str
    trips: int
    baseline: str | None = None
    ratio_to: str | None = None
    warm_up_seconds: int = WARM_UP_SECONDS
    seconds: int = SECONDS
    #: How fast trips come while the job runs; otherwise all of them wait for it.
    trips_per_second: int | None = None
    #: Keys of the context that differ from the other cases'.
    keys: Mapping[str, str] = field(default_factory=dict)
    #: Whether OpenSearch has a core that neither Flink nor Kafka uses, as a domain has machines of its own.
    apart: bool = False


CLIENT = "opensearch: plain client"
CLIENT_APART = "opensearch on its own core: plain client"
PLAIN_SQL = "streaming_etl_plain_sql.py"
#: The first checkpoint comes at any time up to the interval: with the longest, next to never in what is measured. The
#: emulator of S3 would be busy with its files for longer than that.
BETWEEN_CHECKPOINTS = {"checkpoint-seconds": "3600"}
CASES = (
    Case(name="kafka: plain SQL", sinks="kafka", trips=2_500_000, baseline=PLAIN_SQL),
    Case(name="kafka", sinks="kafka", trips=6_000_000, ratio_to="kafka: plain SQL"),
    Case(
        name="s3: plain SQL",
        sinks="s3",
        trips=3_500_000,
        baseline=PLAIN_SQL,
        keys=BETWEEN_CHECKPOINTS,
    ),
    Case(name="s3", sinks="s3", trips=5_000_000, ratio_to="s3: plain SQL", keys=BETWEEN_CHECKPOINTS),
    Case(name="opensearch", sinks="opensearch", trips=2_000_000, ratio_to=CLIENT),
    Case(name="opensearch on its own core", sinks="opensearch", trips=1_000_000, ratio_to=CLIENT_APART, apart=True),
    Case(name="kafka, s3 and opensearch", sinks="kafka,s3,opensearch", trips=1_500_000),
    Case(
        name="kafka, s3 and opensearch, ten minutes",
        sinks="kafka,s3,opensearch",
        trips=7_000_000,
        trips_per_second=10_000,
        warm_up_seconds=60,
        seconds=600,
    ),
)


def run(say: Callable[[str], None]) -> Iterator[Row]:
    """Measure every case, one after the other, each on fresh servers."""
    rows: dict[str, Row] = {}
    size = fmean(map(len, trips(BULK)))
    possible = cores_can_be_shared_out()
    if not possible:
        say("(left out: OpenSearch on a core of its own, which takes Linux and two cores)")
    for name, apart in ((CLIENT, False), (CLIENT_APART, True)):
        if apart and not possible:
            continue
        say(name)
        with _started("opensearch") as local, _cores(local, apart=apart):
            result = _plain_client(local.service(OpenSearchService))
        rows[name] = Row(scenario=SCENARIO, case=name, measured=result)
        yield rows[name]
    for case in CASES:
        if case.apart and not possible:
            continue
        say(case.name)
        with _started(case.sinks, **case.keys) as local, _trips(local.service(KafkaService), case):
            job, scenario = submit(local, case.baseline), StreamingEtl(local)
            with _cores(local, apart=case.apart):
                result = measure(
                    lambda job=job, scenario=scenario: scenario.records_so_far(job),  # type: ignore[misc] # mypy cannot tell
                    local.cluster.task_managers,
                    warm_up_seconds=case.warm_up_seconds,
                    seconds=case.seconds,
                )
        baseline = rows[case.ratio_to] if case.ratio_to else None
        rows[case.name] = Row(scenario=SCENARIO, case=case.name, measured=result, baseline=baseline, record_bytes=size)
        yield rows[case.name]


@contextmanager
def _trips(kafka: KafkaService, case: Case) -> Iterator[None]:
    """Have all trips in the source's topic, or put them there at the case's speed meanwhile."""
    enough = Event()
    with ThreadPoolExecutor(1) as pool:
        putting = pool.submit(_put, kafka, case, enough)
        try:
            if case.trips_per_second is None:
                putting.result()
            yield
        finally:
            enough.set()
    putting.result()


def _put(kafka: KafkaService, case: Case, enough: Event) -> None:
    producer = Producer({"bootstrap.servers": kafka.address, "linger.ms": 50, "batch.size": 1 << 20})
    began = time.monotonic()
    for number, trip in enumerate(trips(case.trips)):
        if case.trips_per_second and number % 1_000 == 0:
            enough.wait(began + number / case.trips_per_second - time.monotonic())
        if enough.is_set():
            break
        while True:
            try:
                producer.produce(SOURCE_TOPIC, trip)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()


def _plain_client(search: OpenSearchService) -> Measurement:
    """Send full bulk requests, several at a time, each with documents of its own ids."""
    sent, end = Counter[int](), time.monotonic() + WARM_UP_SECONDS + SECONDS
    documents = [(json.loads(trip)[schema.INDEX], trip) for trip in trips(BULK)]

    def put(thread: int) -> None:
        number = thread
        while time.monotonic() < end:
            lines = []
            for place, (index, trip) in enumerate(documents):
                lines.append(b'{"index":{"_index":"%s","_id":"%d"}}' % (index.encode(), number * BULK + place))
                lines.append(trip)
            requests.post(
                f"{search.address}/_bulk?filter_path=errors",
                data=b"\n".join(lines) + b"\n",
                headers={"Content-Type": "application/x-ndjson"},
                timeout=60,
            ).raise_for_status()
            sent[thread] += BULK
            number += CLIENT_THREADS

    with ThreadPoolExecutor(CLIENT_THREADS) as pool:
        running = [pool.submit(put, thread) for thread in range(CLIENT_THREADS)]
        measured = measure(sent.total, [], warm_up_seconds=WARM_UP_SECONDS, seconds=SECONDS - 1)
        for thread in running:
            thread.result()
    return measured


def _cores(local: LocalRun, *, apart: bool) -> AbstractContextManager[None]:
    """Who runs where: everybody everywhere, or OpenSearch apart from all others."""
    if not apart:
        return nullcontext()
    node = local.service(OpenSearchService).process
    return on_a_core_of_its_own(node, [process for process in local.processes if process is not node])


@contextmanager
def _started(sinks: str, **more: str) -> Iterator[LocalRun]:
    folder = new_folder("bench")
    context = {"source": "kafka", "sinks": sinks, "parallelism": "1", "replay": "false", "partitions": "4", **more}
    keys = {f"{SCENARIO}.{key}": value for key, value in context.items()}
    with LocalRun(synthesize(SCENARIO, keys, folder / "cdk.out"), folder) as local:
        local.start()
        yield local
