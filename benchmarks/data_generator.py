"""The data generator's cases: into Kafka beside Kafka's own performance test, into Kinesis beside a plain client."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, Row, measure, measure_client, renew_cluster, started, submit
from flink_apps.common.ends.kafka import TUNED_PRODUCER
from flink_apps.data_generator.records import DEFAULT_RECORD_TYPE, stock_price
from flink_apps.data_generator.records.taxi_trip import TAXI_TRIP
from local.run import LocalRun
from local.scenarios.data_generator.scenario import records_generated
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

SCENARIO = "data-generator"
#: More than any case reaches, so that each goes as fast as it can.
UNREACHED = {"kafka": 5_000_000, "kinesis": 100_000}
#: What Kafka's own test sends, in records of the size of a stock price: some ten seconds.
TEST_RECORDS, TEST_RECORD_BYTES = 8_000_000, 70
#: Concurrent requests of the plain Kinesis client: as the service's own producers send them.
CLIENT_THREADS = 4
BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to generate stock prices, and how parallel."""

    name: str
    script: str | None = None


#: Jobs of parallelism 1, one after the other on the same servers.
KAFKA_CASES = (
    Case(name="kafka: one Python call per record", script="data_generator_per_record.py"),
    Case(name="kafka: all SQL", script="data_generator_all_sql.py"),
    Case(name="kafka"),
)


def run(say: Callable[[str], None], *, long: bool = False) -> Iterator[Row]:
    """Measure every case; ``long`` adds two parallel tasks, and records of another type."""
    with _started("kafka") as local:
        limit = _producer_performance(local.service(KafkaService), say)
        yield limit
        for case in KAFKA_CASES:
            say(case.name)
            yield _kafka(local, case.name, limit, script=case.script)
    if long:
        # Nothing to compare the trips with: one is six times a price's bytes.
        for name, parallelism, record_type, baseline in (
            ("kafka", 2, DEFAULT_RECORD_TYPE.name, limit),
            ("kafka: taxi-trip", 1, TAXI_TRIP.name, None),
        ):
            say(f"{name}, parallelism {parallelism}")
            with _started("kafka", parallelism, record_type) as local:
                yield _kafka(local, name, baseline, parallelism=parallelism)
    with _started("kinesis") as local:
        say("kinesis: plain client")
        client = _plain_client(local.service(KinesisService))
        yield (plain := Row(scenario=SCENARIO, case="kinesis: plain client", measured=client))
        say("kinesis")
        job = submit(local)
        measured = measure(lambda: records_generated(job), local.cluster.task_managers)
        yield Row(scenario=SCENARIO, case="kinesis", measured=measured, baseline=plain)


def _producer_performance(kafka: KafkaService, say: Callable[[str], None]) -> Row:
    """What the broker takes from Kafka's own test with the same settings of the producer."""
    say("kafka: its own performance test")
    (topic,) = kafka.topic_names()
    printed = kafka.producer_performance(
        topic, records=TEST_RECORDS, record_bytes=TEST_RECORD_BYTES, settings=TUNED_PRODUCER
    )
    rates = re.findall(rf"^{TEST_RECORDS} records sent, ([0-9.]+) records/sec", printed, re.MULTILINE)
    if not rates:
        raise RuntimeError(f"Kafka's own performance test said: {printed[-500:]}")
    measured = Measurement(records_per_second=float(rates[-1]))
    return Row(scenario=SCENARIO, case="kafka: its own performance test", measured=measured)


def _kafka(local: LocalRun, name: str, baseline: Row | None, *, script: str | None = None, parallelism: int = 1) -> Row:
    kafka = local.service(KafkaService)
    (topic,) = kafka.topic_names()
    before = kafka.end_offsets(topic)
    submit(local, script)
    # At least once: no transaction markers, so an offset is a record.
    measured = measure(lambda: kafka.end_offsets(topic) - before, local.cluster.task_managers)
    renew_cluster(local)
    return Row(scenario=SCENARIO, case=name, parallelism=parallelism, measured=measured, baseline=baseline)


def _plain_client(kinesis: KinesisService) -> Measurement:
    """Put full batches, several at a time, warmed up and measured for as long as a job is."""
    (stream,) = kinesis.stream_names()
    record = b'{"event_time":"2024-01-15T10:30:45.123","ticker":"AAPL","price":50.25}'
    batch: list[PutRecordsRequestEntryTypeDef] = [
        {"Data": record, "PartitionKey": stock_price.TICKERS[number % len(stock_price.TICKERS)]}
        for number in range(BATCH)
    ]

    def put() -> int:
        kinesis.client.put_records(StreamName=stream, Records=batch)
        return BATCH

    return measure_client(put, threads=CLIENT_THREADS)


def _started(
    sink: str, parallelism: int = 1, record_type: str = DEFAULT_RECORD_TYPE.name
) -> AbstractContextManager[LocalRun]:
    return started(
        SCENARIO,
        {
            "sinks": sink,
            "parallelism": parallelism,
            "records-per-second": UNREACHED[sink],
            "shards": "on-demand",
            "record-type": record_type,
        },
    )
