"""The tables ``kinesis``: a Flink job against the emulator, whose shards are split and merged meanwhile.

Some reads are throttled, and some find their iterator expired.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flink_constructs.connector_jar import ConnectorJar
from local.services.kinesis import STREAM_TYPE, KinesisService
from local.services.service import CREDENTIALS
from local.template import Template
from tests.flink_apps.embedded import ROOT
from tests.local.failures import wait_for
from tests.local.reshard import merge, split
from tests.local.started import started
from tests.local.throttling_kinesis import EXPIRED, THROTTLED, ThrottlingKinesis

pytestmark = pytest.mark.integration

REGION = "us-east-1"
RECORDS = 20_000
BATCH = 500
KEYS = 50
#: Before which batches the stream is split, and before which one it is merged.
SPLITS = (8, 16, 24)
MERGE = 32
READ_FAULTS = ("", THROTTLED, "", "", EXPIRED, "", "")

#: Runs the statements of the standard input until they fail or the process is killed.
RUNNER = """
import json, sys
from pyflink.table import EnvironmentSettings, TableEnvironment

given = json.load(sys.stdin)
table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
for key, value in given["options"].items():
    table_env.get_config().set(key, value)
for statement in given["statements"]:
    result = table_env.execute_sql(statement)
result.wait()
"""


@pytest.fixture(scope="module")
def kinesis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KinesisService]:
    streams = {
        name: {"Type": STREAM_TYPE, "Properties": {"Name": name, "ShardCount": shards}}
        for name, shards in {"trips": 4, "copies": 2}.items()
    }
    with started(KinesisService(Template({"Resources": streams}), tmp_path_factory.mktemp("kinesis"))) as service:
        yield service


def table(kinesis: KinesisService, name: str, columns: str, **options: str) -> str:
    given = {
        "connector": "kinesis",
        "stream.arn": f"arn:aws:kinesis:{REGION}:123456789012:stream/{name}",
        "aws.region": REGION,
        "aws.endpoint": kinesis.address,
        "format": "json",
        **options,
    }
    pairs = ", ".join(f"'{key}' = '{value}'" for key, value in given.items())
    return f"CREATE TABLE {name} {columns} WITH ({pairs})"


def trips(kinesis: KinesisService, name: str, **options: str) -> str:
    """A table that is read, with all metadata that there is."""
    columns = (
        "(k STRING, n BIGINT, event_time TIMESTAMP(3), shard STRING METADATA FROM 'shard-id' VIRTUAL, "
        "sequence STRING METADATA FROM 'sequence-number' VIRTUAL, "
        "arrival TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL, "
        "source_key STRING METADATA FROM 'partition-key' VIRTUAL, "
        "WATERMARK FOR event_time AS event_time - INTERVAL '0.001' SECOND)"
    )
    return table(kinesis, name, columns, **{"source.init.position": "TRIM_HORIZON", **options})


@contextmanager
def running(statements: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    jar = ConnectorJar(project=ROOT / "flink_apps", module="streaming_etl").build(ROOT / "build" / "jars")
    options = {
        "pipeline.jars": jar.as_uri(),
        "parallelism.default": "2",
        "execution.checkpointing.interval": "1 s",
        "restart-strategy.type": "none",
        "table.local-time-zone": "UTC",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", RUNNER],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **CREDENTIALS},
        )
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps({"options": options, "statements": statements}).encode())
            process.stdin.close()
            yield process
        finally:
            process.kill()
            process.wait()


def write(kinesis: KinesisService, name: str) -> None:
    """Write the records, whose event times grow, and split and merge shards on the way."""
    begin = datetime(2024, 2, 29, 12, tzinfo=UTC)
    for batch in range(RECORDS // BATCH):
        if batch in SPLITS:
            split(kinesis, name)
        if batch == MERGE:
            merge(kinesis, name)
        records = []
        for n in range(batch * BATCH, (batch + 1) * BATCH):
            key = f"key {n % KEYS}"
            event_time = (begin + timedelta(seconds=n)).strftime("%Y-%m-%d %H:%M:%S")
            records.append((key, json.dumps({"k": key, "n": n, "event_time": event_time}).encode()))
        kinesis.write(name, records)


@pytest.fixture(scope="module")
def copied(kinesis: KinesisService, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What a job has copied from one stream into another."""
    copies = table(
        kinesis,
        "copies",
        "(k STRING, n BIGINT, shard STRING, source_key STRING, in_time BOOLEAN, known BOOLEAN) PARTITIONED BY (k)",
        **{"sink.flush-buffer.timeout": "500"},
    )
    insert = (
        "INSERT INTO copies SELECT k, n, shard, source_key, "
        "COALESCE(event_time > CURRENT_WATERMARK(event_time), TRUE), "
        "sequence IS NOT NULL AND arrival > TIMESTAMP '2024-02-29 12:00:00' FROM trips"
    )
    log = tmp_path_factory.mktemp("kinesis") / "job.log"
    with (
        ThrottlingKinesis(kinesis.address, read_faults=READ_FAULTS) as proxy,
        running([trips(kinesis, "trips", **{"aws.endpoint": proxy.address}), copies, insert], log) as process,
    ):
        write(kinesis, "trips")
        wait_for("the copies", lambda: process.poll() is not None or kinesis.count("copies") >= RECORDS)
        assert process.poll() is None, log.read_text(errors="replace")[-3_000:]
        time.sleep(1)  # for what would come twice
        return [
            {**json.loads(record["Data"]), "partition_key": record["PartitionKey"]}
            for _, record in kinesis.records("copies")
        ]


def test_each_record_of_every_shard_is_copied_once(copied: list[dict[str, Any]]) -> None:
    assert sorted(record["n"] for record in copied) == list(range(RECORDS))
    # Four at first, two more with each split, and one with the merge.
    assert len({record["shard"] for record in copied}) == 4 + 2 * len(SPLITS) + 1


def test_the_records_of_a_key_keep_their_order(copied: list[dict[str, Any]]) -> None:
    by_key: dict[str, list[int]] = defaultdict(list)
    for record in copied:
        by_key[record["k"]].append(record["n"])
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


def test_no_record_is_late_while_shards_are_split_and_merged(copied: list[dict[str, Any]]) -> None:
    assert [record for record in copied if not record["in_time"]] == []


def test_records_have_their_metadata_and_their_partition_keys(copied: list[dict[str, Any]]) -> None:
    assert all(record["source_key"] == record["k"] == record["partition_key"] for record in copied)
    assert all(record["known"] for record in copied)


def test_a_stream_that_does_not_exist_fails_the_job_with_what_to_do(kinesis: KinesisService, tmp_path: Path) -> None:
    nothing = "CREATE TABLE nothing (n BIGINT) WITH ('connector' = 'blackhole')"
    log = tmp_path / "job.log"
    with running([trips(kinesis, "absent"), nothing, "INSERT INTO nothing SELECT n FROM absent"], log) as process:
        assert process.wait(timeout=120) != 0
    message = (
        f"the job must be able to list the shards of the stream arn:aws:kinesis:{REGION}:123456789012:stream/absent "
        "(got ResourceNotFoundException: Stream absent under account 000000000000 not found.); create it, or name "
        "another one"
    )
    assert message in log.read_text(errors="replace")
