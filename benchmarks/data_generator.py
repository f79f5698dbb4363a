"""The data generator's cases: into Kafka beside two other ways to write it, into Kinesis beside a plain client."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, Row, measure, submit
from flink_apps.data_generator.records import DEFAULT_RECORD_TYPE, stock_price
from flink_apps.data_generator.records.taxi_trip import TAXI_TRIP
from local.run import LocalRun
from local.runs import new_folder
from local.scenarios.data_generator.scenario import DataGenerator
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.synth import synthesize

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

SCENARIO = "data-generator"
#: More than any case reaches, so that each goes as fast as it can.
UNREACHED = {"kafka": 5_000_000, "kinesis": 100_000}
WARM_UP_SECONDS = 15
SECONDS = 20
#: Concurrent requests of the plain Kinesis client: as the service's own producers send them.
CLIENT_THREADS = 4
BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to generate, and how parallel."""

    name: str
    parallelism: int = 1
    baseline: str | None = None
    record_type: str = DEFAULT_RECORD_TYPE.name


KAFKA_CASES = (
    Case(name="kafka: one Python call per record", baseline="data_generator_per_record.py"),
    Case(name="kafka: all SQL", baseline="data_generator_all_sql.py"),
    Case(name="kafka", parallelism=1),
    Case(name="kafka", parallelism=2),
)
#: Nothing to compare with: a trip is six times a price's bytes.
TRIP_CASE = Case(name="kafka: taxi-trip", record_type=TAXI_TRIP.name)


def run(say: Callable[[str], None]) -> Iterator[Row]:
    """Measure every case, one after the other, each on fresh servers."""
    yield (per_record := _kafka(KAFKA_CASES[0], say))
    for case in KAFKA_CASES[1:]:
        yield _kafka(case, say, per_record)
    yield _kafka(TRIP_CASE, say)
    client, sink = _kinesis(say)
    yield (plain := Row(scenario=SCENARIO, case="kinesis: plain client", measured=client))
    yield Row(scenario=SCENARIO, case="kinesis", measured=sink, baseline=plain)


def _kafka(case: Case, say: Callable[[str], None], baseline: Row | None = None) -> Row:
    say(f"{case.name}, parallelism {case.parallelism}")
    with _started("kafka", case.parallelism, case.record_type) as local:
        kafka = local.service(KafkaService)
        submit(local, case.baseline)
        (topic,) = kafka.topic_names()
        result = measure(
            # At least once: no transaction markers, so an offset is a record.
            lambda: kafka.end_offsets(topic),
            local.cluster.task_managers,
            warm_up_seconds=WARM_UP_SECONDS,
            seconds=SECONDS,
        )
    return Row(scenario=SCENARIO, case=case.name, parallelism=case.parallelism, measured=result, baseline=baseline)


def _kinesis(say: Callable[[str], None]) -> tuple[Measurement, Measurement]:
    say("kinesis: plain client")
    with _started("kinesis", 1) as local:
        kinesis = local.service(KinesisService)
        client = _plain_client(kinesis)
    say("kinesis")
    with _started("kinesis", 1) as local:
        job, generator = local.submit(), DataGenerator(local)
        return client, measure(
            lambda: generator.records_so_far(job),
            local.cluster.task_managers,
            warm_up_seconds=WARM_UP_SECONDS,
            seconds=SECONDS,
        )


def _plain_client(kinesis: KinesisService) -> Measurement:
    """Put full batches, several at a time, warmed up and measured for as long as a job is."""
    (stream,) = kinesis.stream_names()
    record = b'{"event_time":"2024-01-15T10:30:45.123","ticker":"AAPL","price":50.25}'
    batch: list[PutRecordsRequestEntryTypeDef] = [
        {"Data": record, "PartitionKey": stock_price.TICKERS[number % len(stock_price.TICKERS)]}
        for number in range(BATCH)
    ]
    sent, end = Counter[int](), time.monotonic() + WARM_UP_SECONDS + SECONDS

    def put(thread: int) -> None:
        while time.monotonic() < end:
            kinesis.client.put_records(StreamName=stream, Records=batch)
            sent[thread] += BATCH

    with ThreadPoolExecutor(CLIENT_THREADS) as pool:
        running = [pool.submit(put, thread) for thread in range(CLIENT_THREADS)]
        measured = measure(sent.total, [], warm_up_seconds=WARM_UP_SECONDS, seconds=SECONDS - 1)
        for thread in running:
            thread.result()
    return measured


@contextmanager
def _started(sink: str, parallelism: int, record_type: str = DEFAULT_RECORD_TYPE.name) -> Iterator[LocalRun]:
    folder = new_folder("bench")
    context = {
        "data-generator.sinks": sink,
        "data-generator.parallelism": str(parallelism),
        "data-generator.records-per-second": str(UNREACHED[sink]),
        "data-generator.shards": "on-demand",
        "data-generator.record-type": record_type,
    }
    with LocalRun(synthesize(SCENARIO, context, folder / "cdk.out"), folder) as local:
        local.start()
        yield local
