"""Tables as SQL: connector options written once, for every job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from flink_apps.common.places import REJECTED_DOCUMENTS, OpenSearchSink
from flink_apps.common.properties import Property, PropertyGroups

#: Optional group: the address of an AWS service, by its id, where it is not the public one (an interface endpoint
#: without private DNS, an emulator).
AWS_ENDPOINTS_GROUP = "AwsEndpoints"
KINESIS_ENDPOINT = Property(
    group=AWS_ENDPOINTS_GROUP,
    key="kinesis",
    meaning="address of Kinesis Data Streams, where it is not the public one of the region",
)


@dataclass(frozen=True)
class Column:
    """A column: its name and SQL type."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a record is written: the format's name in SQL and its options, which carry the name as their prefix."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    def as_options(self, prefix: str = "") -> dict[str, str]:
        """The options of a table with this format; Kafka's tables want the prefix ``value.``."""
        return {f"{prefix}format": self.name, **{f"{prefix}{key}": value for key, value in self.options.items()}}


#: Every job writes JSON alike: local date-times as ISO-8601.
JSON = Format(name="json", options={"json.timestamp-format.standard": "ISO-8601"})
#: JSON that keeps the bytes it came from, and says what is wrong with them: see flink_apps/connectors/json.
RAW_JSON = Format(name="json-raw")
#: JSON objects, one a line, in files that are complete at each checkpoint: see flink_apps/connectors/json.
JSON_LINES = Format(name="json-lines")
#: Hundreds of files, one a partition, are open at a time: each has a buffer of a page, a megabyte by default.
PARQUET = Format(
    name="buffered-parquet",
    options={
        "buffered-parquet.compression": "SNAPPY",
        "buffered-parquet.page.size": str(64 * 1024),
        "buffered-parquet.block.size": str(16 * 1024 * 1024),
    },
)


class Output(NamedTuple):
    """What a table of a sink has in it: its columns, and the SQL expression of each."""

    columns: tuple[Column, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Connector:
    """A table without its columns: the job says what is in it, the connector where it is."""

    table: str
    options: Mapping[str, str]
    partitioned_by: tuple[str, ...] = field(default=())
    #: Columns that the connector itself adds to what is in it, such as a record's position.
    metadata: tuple[Column, ...] = field(default=())

    def create_table(self, columns: tuple[Column, ...]) -> str:
        """The ``CREATE TABLE`` statement."""
        fields = ", ".join(f"`{column.name}` {column.type}" for column in (*columns, *self.metadata))
        partition = (
            f" PARTITIONED BY ({', '.join(f'`{key}`' for key in self.partitioned_by)})" if self.partitioned_by else ""
        )
        options = ", ".join(f"{literal(key)} = {literal(value)}" for key, value in self.options.items())
        return f"CREATE TABLE `{self.table}` ({fields}){partition} WITH ({options})"


def interval(millis: int) -> str:
    """What follows INTERVAL in SQL for so many milliseconds, of at most 99 days."""
    seconds, millis = divmod(millis, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"'{days} {hours:02}:{minutes:02}:{seconds:02}.{millis:03}' DAY TO SECOND"


def beginning(column: str, length: int) -> str:
    """The SQL expression of the first bytes of a column; SQL knows no such thing but for text."""
    return f"ENCODE(SUBSTRING(DECODE({column}, 'ISO-8859-1') FROM 1 FOR {length}), 'ISO-8859-1')"


def literal(text: str) -> str:
    """``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


#: When the stream or topic got a record.
ARRIVAL = Column("arrival", "TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL")
#: Where a record came from, whatever the source: the shard or partition, and the place in it.
SOURCE_PARTITION, SOURCE_POSITION = "source_partition", "source_position"


def kinesis_source(
    table: str,
    *,
    stream: str,
    region: str,
    initial_position: str,
    endpoints: PropertyGroups,
    record_format: Format,
    options: Mapping[str, str] | None = None,
) -> Connector:
    """A Kinesis stream to read, from ``initial_position`` where no checkpoint says otherwise.

    ``options`` go to the connector as they are, and win.
    """
    return Connector(
        table=table,
        options={
            "connector": "kinesis",
            "stream": stream,
            "aws.region": region,
            "scan.stream.initpos": initial_position,
            **record_format.as_options(),
            **_kinesis_endpoint(endpoints),
            **(options or {}),
        },
        metadata=(
            Column(SOURCE_PARTITION, "STRING NOT NULL METADATA FROM 'shard-id' VIRTUAL"),
            Column(SOURCE_POSITION, "STRING NOT NULL METADATA FROM 'sequence-number' VIRTUAL"),
        ),
    )


def kafka_source(
    table: str, *, topic: str, group: str, consumer: Mapping[str, str], record_format: Format
) -> Connector:
    """A Kafka topic to read committed records of; ``consumer`` goes to the Kafka consumer as it is, and wins.

    Without a checkpoint it goes on where its consumer group was, or begins with the oldest record.
    """
    settings = {
        "group.id": group,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        **consumer,
    }
    return Connector(
        table=table,
        options={
            "connector": "kafka",
            "topic": topic,
            "scan.startup.mode": "group-offsets",
            **record_format.as_options("value."),
            **{f"properties.{option}": value for option, value in settings.items()},
        },
        metadata=(
            Column(SOURCE_PARTITION, "INT NOT NULL METADATA FROM 'partition' VIRTUAL"),
            Column(SOURCE_POSITION, "BIGINT NOT NULL METADATA FROM 'offset' VIRTUAL"),
        ),
    )


def kinesis_sink(
    table: str,
    *,
    stream: str,
    region: str,
    partition_key: str | None,
    endpoints: PropertyGroups,
    options: Mapping[str, str],
    record_format: Format = JSON,
) -> Connector:
    """A Kinesis stream to write to, keyed by a column or, without one, at random.

    ``options`` go to the connector as they are, and win.
    """
    endpoint = _kinesis_endpoint(endpoints)
    if endpoint.get("aws.endpoint", "").startswith("http://"):
        # Without TLS there is no negotiation of HTTP/2, and the client would wait for it.
        endpoint["sink.http-client.protocol.version"] = "HTTP1_1"
    return Connector(
        table=table,
        partitioned_by=(partition_key,) if partition_key else (),
        options={
            "connector": "kinesis",
            "stream": stream,
            "aws.region": region,
            **record_format.as_options(),
            **endpoint,
            **options,
        },
    )


def _kinesis_endpoint(endpoints: PropertyGroups) -> dict[str, str]:
    endpoint = KINESIS_ENDPOINT.text(endpoints)
    return {"aws.endpoint": endpoint} if endpoint else {}


#: How long the broker lets a transaction be open: the most that brokers allow by default. A checkpoint and a restart
#: have to fit into it, or what the checkpoint committed is lost.
TRANSACTION_TIMEOUT_MILLIS = 15 * 60 * 1000


def kafka_sink(
    table: str,
    *,
    topic: str,
    key: str | None,
    producer: Mapping[str, str],
    record_format: Format = JSON,
    transactional_id_prefix: str | None = None,
) -> Connector:
    """A Kafka topic to write to, keyed by a column or not at all; ``producer`` goes to the producer as it is, and wins.

    With a ``transactional_id_prefix``, which no other job on the cluster may have, records are written exactly once;
    without one at least once.
    """
    # Kafka's defaults send each record as soon as it can: batches of a few hundred bytes, half the throughput.
    tuned = {"linger.ms": "20", "batch.size": str(512 * 1024), "buffer.memory": str(64 * 1024 * 1024)}
    if transactional_id_prefix:
        tuned["transaction.timeout.ms"] = str(TRANSACTION_TIMEOUT_MILLIS)
        guarantee = {
            "sink.delivery-guarantee": "exactly-once",
            "sink.transactional-id-prefix": transactional_id_prefix,
        }
    else:
        guarantee = {"sink.delivery-guarantee": "at-least-once"}
    return Connector(
        table=table,
        options={
            "connector": "kafka",
            "topic": topic,
            **({"key.format": "raw", "key.fields": key} if key else {}),
            **record_format.as_options("value."),
            **guarantee,
            **{f"properties.{option}": value for option, value in {**tuned, **producer}.items()},
        },
    )


def s3_sink(
    table: str, *, bucket: str, prefix: str, partitioned_by: tuple[str, ...], record_format: Format
) -> Connector:
    """Files below a prefix of a bucket, in folders by the values of columns.

    The formats here write *bulk* files: each is complete, and visible, when the checkpoint is that it belongs to.
    """
    path = "/".join(part for part in (bucket, prefix.strip("/")) if part)
    return Connector(
        table=table,
        partitioned_by=partitioned_by,
        options={
            "connector": "filesystem",
            "path": f"s3://{path}",
            # One task writes a folder: at any parallelism a checkpoint leaves one file in it.
            "sink.shuffle-by-partition.enable": "true",
            **record_format.as_options(),
        },
    )


def opensearch_sink(table: str, sink: OpenSearchSink, options: Mapping[str, str]) -> Connector:
    """An OpenSearch domain to write documents to: see flink_apps/connectors/opensearch for the ``options``.

    Requests are signed for the domain's region, or carry the name and password of a user.
    """
    if sink.username and sink.password:
        authentication = {"authentication": "basic", "username": sink.username, "password": sink.password}
    else:
        authentication = {"authentication": "sigv4", "region": sink.region}
    bulk = {
        "bulk.max-size": f"{sink.bulk_size_mb} mb",
        "bulk.max-actions": str(sink.bulk_actions),
        "bulk.interval": f"{sink.bulk_interval_millis} ms",
    }
    return Connector(
        table=table,
        options={
            "connector": "opensearch-signed",
            "endpoint": sink.endpoint,
            "rejected.index": REJECTED_DOCUMENTS,
            **authentication,
            **bulk,
            **options,
        },
    )
