"""Changes of the streaming ETL, whose sources and sinks come and go: what a savepoint of the unchanged job says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.trips import trips as shipped_trips
from flink_apps.streaming_etl.settings import (
    DEAD_LETTERS,
    GROUP,
    PARQUET,
    PARTITION_BY_HOUR,
    SINK_BUCKET,
    SINK_TOPIC,
    SOURCE_STREAM,
    SOURCE_TOPIC,
)
from local import upgrade
from local.flink.savepoints import Origin
from local.run import LocalRun
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.synth import synthesize
from local.upgrade import Fate, Verdict
from tests.local.changes import Change, changed, check, verdicts
from tests.local.failures import wait_for

pytestmark = pytest.mark.integration

TRIPS = 500
_JOB, _QUERIES, _SCHEMA = (f"flink_apps/streaming_etl/{file}.py" for file in ("job", "queries", "schema"))
_NO_TOPIC = {SINK_TOPIC.topic.key: None, SINK_TOPIC.servers.key: None}
#: What the savepoint is of: trips from a stream to a stream and to files.
UNCHANGED = Change(properties={GROUP: _NO_TOPIC})


def etl(**properties: str | None) -> Change:
    return Change(properties={GROUP: {**_NO_TOPIC, **properties}})


def changes(brokers: str = "", topic: str = "", stream: str = "") -> dict[str, Change]:
    """The changes by their names, with the addresses of the run."""
    to_kafka = {SINK_TOPIC.servers.key: brokers, SINK_TOPIC.topic.key: topic}
    source = "trips (kinesis): source"
    writer = "s3 (filesystem): streaming-writer"
    return {
        "nothing": UNCHANGED,
        "one more sink": Change(
            properties={GROUP: to_kafka},
            fates={"kafka (kafka): sink": Fate.STARTS_EMPTY, "Sink Committer: kafka (kafka): sink": Fate.STARTS_EMPTY},
        ),
        "one sink less": etl(**{SINK_BUCKET.bucket.key: None, DEAD_LETTERS.bucket.bucket.key: "elsewhere"}).having(
            {writer: Fate.DROPPED}
        ),
        "another source": etl(
            **{
                SOURCE_STREAM.stream.key: None,
                "InputStreamRegion": None,
                SOURCE_TOPIC.servers.key: brokers,
                SOURCE_TOPIC.topic.key: topic,
            }
        ).having({source: Fate.DROPPED, "trips (kafka): source": Fate.STARTS_EMPTY}),
        "dead letters elsewhere": etl(
            **{
                DEAD_LETTERS.bucket.bucket.key: None,
                DEAD_LETTERS.stream.stream.key: stream,
                "DeadLetterStreamRegion": "us-east-1",
            }
        ).having(
            {
                "dead_letters (filesystem): streaming-writer": Fate.DROPPED,
                "dead_letters (kinesis): sink": Fate.STARTS_EMPTY,
            }
        ),
        "another format": etl(**{PARQUET.key: "false"}),
        "more folders": etl(**{PARTITION_BY_HOUR.key: "true"}),
        "one more filter": UNCHANGED.editing(
            (_QUERIES, "WHERE {wanted}", "WHERE {wanted} AND CHAR_LENGTH(COALESCE(reason, '')) >= 0")
        ),
        "one more column": UNCHANGED.editing(
            (_SCHEMA, "*taxi_trip.SURCHARGES)", '*taxi_trip.SURCHARGES, Column("tip_rate", "DOUBLE"))')
        ),
        "another name of a table": UNCHANGED.editing((_JOB, 'TRIPS = "trips"', 'TRIPS = "rides"')).having(
            {source: Fate.DROPPED, "rides (kinesis): source": Fate.STARTS_EMPTY}
        ),
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Verdict | str]]:
    """The verdict of each change."""
    folder = tmp_path_factory.mktemp("run")
    keys = {"source": "kinesis", "sinks": "kinesis,kafka,s3", "replay": "false", "parallelism": "1"}
    context = {f"streaming-etl.{key}": value for key, value in keys.items()}
    with LocalRun(synthesize("streaming-etl", context, folder / "cdk.out"), folder) as run:
        upgrade.prepare(run)
        run.start()
        kinesis = run.service(KinesisService)
        stream = next(name for name in kinesis.stream_names() if name.startswith("Source"))
        kinesis.write(stream, [(str(number), trip) for number, trip in enumerate(shipped_trips(TRIPS))])
        with changed(run, UNCHANGED):
            job = run.submit()
            wait_for("the trips", lambda: job.running_seconds() > 0 and job.records_emitted() >= TRIPS)
            run.stop_job(job, drain=False)
        run.keep_savepoint(folder / "kept", Origin(scenario="streaming-etl", context=context))
        sink = next(name for name in kinesis.stream_names() if name != stream)
        kafka = run.service(KafkaService)
        [topic] = kafka.topic_names()
        yield verdicts(run, folder / "kept", changes(kafka.address, topic, sink))


@pytest.mark.parametrize("name", changes())
def test_the_verdict_of_a_change_is_right(found: dict[str, Verdict | str], name: str) -> None:
    check(changes()[name], found[name])
