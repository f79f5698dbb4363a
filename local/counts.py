"""What an end holds, read at the local server itself: one case for each kind of end, for all scenarios."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet

from flink_apps.common.dead_letters import DeadLetterEnd
from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS, OpenSearchDomain
from flink_apps.common.ends.s3 import BucketPrefix
from local.run import LocalRun
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.services.opensearch import OpenSearchService
from local.services.s3 import S3Service

#: The first bytes of a Parquet file (https://parquet.apache.org/docs/file-format).
_PARQUET = b"PAR1"


def count(run: LocalRun, end: KinesisStream | KafkaTopic | BucketPrefix | OpenSearchDomain) -> int:
    """How many records an end holds: committed ones of a topic, rows of files, documents that were not rejected."""
    match end:
        case KinesisStream() | KafkaTopic():
            return stream_service(run, end).count(end.name)
        case BucketPrefix():
            return sum(rows_in(body) for _, body in files(run, end))
        case OpenSearchDomain():
            return run.service(OpenSearchService).count_all(but=REJECTED_DOCUMENTS)


def values(run: LocalRun, end: KinesisStream | KafkaTopic | BucketPrefix) -> Iterator[bytes]:
    """The bytes of every record of a stream or a topic, or of every line of files."""
    if isinstance(end, BucketPrefix):
        for _, body in files(run, end):
            yield from body.splitlines()
    else:
        yield from stream_service(run, end).values(end.name)


def dead_letters(run: LocalRun, end: DeadLetterEnd) -> Iterator[dict[str, Any]]:
    """Every dead letter, wherever they go."""
    return map(json.loads, values(run, end))


def stream_service(run: LocalRun, end: KinesisStream | KafkaTopic) -> KinesisService | KafkaService:
    """The server that has a stream or a topic."""
    return run.service(KinesisService) if isinstance(end, KinesisStream) else run.service(KafkaService)


def files(run: LocalRun, end: BucketPrefix) -> Iterator[tuple[str, bytes]]:
    """Every file below a prefix: its key and its bytes."""
    s3 = run.service(S3Service)
    for key in s3.keys(end.bucket, f"{end.prefix}/"):
        yield key, s3.read(end.bucket, key)


def is_parquet(body: bytes) -> bool:
    """Whether a file is of Parquet, and not of JSON lines."""
    return body.startswith(_PARQUET)


def rows_in(body: bytes) -> int:
    """How many rows a file has, of Parquet or of JSON lines."""
    if is_parquet(body):
        return int(pyarrow.parquet.read_metadata(io.BytesIO(body)).num_rows)
    return body.count(b"\n")
