"""Tables as SQL: connector options written once, for every job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flink_apps.common.properties import Property, PropertyGroups, StreamArn

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
class Connector:
    """A table without its columns: the job says what is in it, the connector where it is."""

    table: str
    options: Mapping[str, str]
    partitioned_by: tuple[str, ...] = field(default=())

    def create_table(self, columns: tuple[Column, ...]) -> str:
        """The ``CREATE TABLE`` statement."""
        fields = ", ".join(f"`{column.name}` {column.type}" for column in columns)
        partition = (
            f" PARTITIONED BY ({', '.join(f'`{key}`' for key in self.partitioned_by)})" if self.partitioned_by else ""
        )
        options = ", ".join(f"{literal(key)} = {literal(value)}" for key, value in self.options.items())
        return f"CREATE TABLE `{self.table}` ({fields}){partition} WITH ({options})"


def literal(text: str) -> str:
    """``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


#: Every job writes JSON alike: local date-times as ISO-8601.
JSON = {"json.timestamp-format.standard": "ISO-8601"}


def kinesis_sink(
    table: str,
    *,
    stream: StreamArn,
    region: str,
    partition_key: str,
    endpoints: PropertyGroups,
    options: Mapping[str, str],
) -> Connector:
    """A Kinesis stream to write JSON to, keyed by a column; ``options`` go to the connector as they are, and win."""
    endpoint = KINESIS_ENDPOINT.text(endpoints)
    elsewhere: dict[str, str] = {}
    if endpoint:
        elsewhere["aws.endpoint"] = endpoint
        if endpoint.startswith("http://"):
            # Without TLS there is no negotiation of HTTP/2, and the client would wait for it.
            elsewhere["sink.http-client.protocol.version"] = "HTTP1_1"
    return Connector(
        table=table,
        partitioned_by=(partition_key,),
        options={
            "connector": "kinesis",
            "stream": stream.stream_name,
            "aws.region": region,
            "format": "json",
            **JSON,
            **elsewhere,
            **options,
        },
    )


def kafka_sink(table: str, *, topic: str, key: str, producer: Mapping[str, str]) -> Connector:
    """A Kafka topic to write JSON to, keyed by a column; ``producer`` goes to the Kafka producer as it is, and wins."""
    # Kafka's defaults send each record as soon as it can: batches of a few hundred bytes, half the throughput.
    tuned = {"linger.ms": "20", "batch.size": str(512 * 1024), "buffer.memory": str(64 * 1024 * 1024)}
    return Connector(
        table=table,
        options={
            "connector": "kafka",
            "topic": topic,
            "key.format": "raw",
            "key.fields": key,
            "value.format": "json",
            **{f"value.{option}": value for option, value in JSON.items()},
            "sink.delivery-guarantee": "at-least-once",
            **{f"properties.{option}": value for option, value in {**tuned, **producer}.items()},
        },
    )
