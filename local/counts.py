"""How much an end holds, by its kind: counted at the local server itself."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet

from flink_apps.common.dead_letters import DeadLetterEnd
from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS
from flink_apps.common.ends.s3 import BucketPrefix
from local.run import LocalRun
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.services.opensearch import OpenSearchService
from local.services.s3 import S3Service


def count(run: LocalRun, end: KinesisStream | KafkaTopic) -> int:
    """The records of a stream or a topic."""
    if isinstance(end, KinesisStream):
        return run.service(KinesisService).count(end.name)
    return run.service(KafkaService).count(end.topic)


def files(run: LocalRun, end: BucketPrefix, *, parquet: bool) -> Iterator[tuple[str, int]]:
    """Each file below a prefix: its key, and how many rows it has."""
    s3 = run.service(S3Service)
    for key in s3.keys(end.bucket, f"{end.prefix}/"):
        body = s3.read(end.bucket, key)
        yield key, pyarrow.parquet.read_metadata(io.BytesIO(body)).num_rows if parquet else body.count(b"\n")


def documents(run: LocalRun) -> tuple[int, int]:
    """How many documents are indexed, and how many were rejected."""
    search = run.service(OpenSearchService)
    search.refresh()
    indices = [index["index"] for index in search.request("GET", "/_cat/indices", format="json")]
    indexed = sum(search.count(index) for index in indices if not index.startswith(".") and index != REJECTED_DOCUMENTS)
    return indexed, search.count(REJECTED_DOCUMENTS) if REJECTED_DOCUMENTS in indices else 0


def dead_letters(run: LocalRun, end: DeadLetterEnd) -> Iterator[dict[str, Any]]:
    """Every dead letter, wherever they go."""
    if isinstance(end, BucketPrefix):
        s3 = run.service(S3Service)
        for key in s3.keys(end.bucket, f"{end.prefix}/"):
            yield from map(json.loads, s3.read(end.bucket, key).splitlines())
    elif isinstance(end, KinesisStream):
        for _, record in run.service(KinesisService).records(end.name):
            yield json.loads(record["Data"])
    else:
        for message in run.service(KafkaService).records(end.topic):
            yield json.loads(message.value() or b"{}")
