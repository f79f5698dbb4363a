"""Topics of Apache Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flink_apps.common.options import Option, both, matching, text
from flink_apps.common.properties import PropertyGroups, SettingsError
from flink_apps.common.tables import (
    ARRIVAL,
    JSON,
    SOURCE_PARTITION,
    SOURCE_POSITION,
    Arrival,
    Column,
    Connector,
    Format,
)

BROKERS = matching(
    r"[^\s,:/]+:[0-9]{1,5}(,[^\s,:/]+:[0-9]{1,5})*",
    values="brokers with their ports",
    example="host:9092",
    fix="write host:port,host:port",
)
TOPIC = matching(
    r"[a-zA-Z0-9._-]{1,249}",
    values="the name of a topic: 1 to 249 letters, digits, '.', '_' or '-'",
    example="trips",
    fix="name one topic",
)
CONSUMER_GROUP = text(example="my-group")
TRANSACTIONAL_ID_PREFIX = text(example="my-job")
#: The meanings of options of these types.
CONSUMER_GROUP_MEANING = "consumer group; its committed offsets are where a start without a checkpoint continues"
TRANSACTIONAL_ID_PREFIX_MEANING = "prefix of the transactional ids; must be unique among the jobs on the cluster"

_TIMESTAMP_TYPE = Column("timestamp_type", "STRING NOT NULL METADATA FROM 'timestamp-type' VIRTUAL")
#: The broker's clock, where the topic has ``message.timestamp.type=LogAppendTime``. Otherwise a record has the time of
#: its producer, which proves nothing: it arrives when it is read.
_ARRIVAL = Arrival(
    columns=(ARRIVAL, _TIMESTAMP_TYPE),
    time=f"CASE WHEN `{_TIMESTAMP_TYPE.name}` = 'LogAppendTime' THEN `{ARRIVAL.name}` ELSE CURRENT_TIMESTAMP END",
)
#: The broker aborts a transaction that is open for longer; more is not allowed by the broker's default. A checkpoint
#: and a restart have to fit into this time, or records that the checkpoint covers are lost.
TRANSACTION_TIMEOUT_MILLIS = 15 * 60 * 1000
#: Kafka's defaults send each record as soon as possible: batches of a few hundred bytes, and half the throughput.
TUNED_PRODUCER = {"linger.ms": "20", "batch.size": str(512 * 1024), "buffer.memory": str(64 * 1024 * 1024)}
#: The client's property with the largest message that a producer sends, and its default; brokers take a little more.
MAX_REQUEST_SIZE = "max.request.size"
LARGEST_MESSAGE_BYTES = 1024 * 1024


#: A record's headers, as a column that the source adds.
HEADERS = Column("headers", "MAP<STRING, BYTES> METADATA VIRTUAL")
#: The columns of a sink with the timestamp and the headers that its records get.
TRAVELLING = (
    Column(ARRIVAL.name, "TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'"),
    Column(HEADERS.name, "MAP<STRING, BYTES> METADATA"),
)


@dataclass(frozen=True, kw_only=True)
class KafkaTopic:
    """A topic to read or to write.

    ``client`` has properties of the Kafka client, which override those set here. With a ``transactional_id_prefix``,
    unique among the jobs on the cluster, records are written exactly once; without one, at least once.
    """

    bootstrap_servers: str
    topic: str
    client: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None
    transactional_id_prefix: str | None = None

    @property
    def name(self) -> str:
        """The name of the topic."""
        return self.topic

    @property
    def max_request_size(self) -> int:
        """The largest message that a producer sends, in bytes.

        Raises:
            SettingsError: It is no number.

        """
        value = self.client.get(MAX_REQUEST_SIZE, str(LARGEST_MESSAGE_BYTES))
        if not value.isdecimal():
            raise SettingsError(MAX_REQUEST_SIZE, "be a number of bytes", value, "write an integer")
        return int(value)

    def source(self, table: str, *, record_format: Format) -> Connector:
        """The source table; it reads only committed records.

        A start without a checkpoint continues at the offsets of the consumer group, or at the oldest record.
        """
        consumer = {"isolation.level": "read_committed", "auto.offset.reset": "earliest"}
        if self.group:
            consumer["group.id"] = self.group
        return Connector(
            table=table,
            options={
                **self._connection(consumer),
                "scan.startup.mode": "group-offsets",
                # New partitions are read from their beginning. Flink looks for them every 5 minutes by default: until
                # then the watermark would not wait for them, and their records would be late.
                "scan.topic-partition-discovery.interval": "1 s",
                **record_format.as_options("value."),
            },
            metadata=(
                Column(SOURCE_PARTITION, "INT NOT NULL METADATA FROM 'partition' VIRTUAL"),
                Column(SOURCE_POSITION, "BIGINT NOT NULL METADATA FROM 'offset' VIRTUAL"),
            ),
            arrival=_ARRIVAL,
        )

    def sink(self, table: str, *, key: str | None, record_format: Format = JSON) -> Connector:
        """The sink table; ``key`` is the column with the records' keys, if they have any."""
        # A larger batch than the broker takes would be sent again and again.
        batch = min(int(TUNED_PRODUCER["batch.size"]), self.max_request_size)
        producer = {**TUNED_PRODUCER, "batch.size": str(batch)}
        guarantee = {"sink.delivery-guarantee": "at-least-once"}
        if self.transactional_id_prefix:
            producer["transaction.timeout.ms"] = str(TRANSACTION_TIMEOUT_MILLIS)
            guarantee = {
                "sink.delivery-guarantee": "exactly-once",
                "sink.transactional-id-prefix": self.transactional_id_prefix,
            }
        return Connector(
            table=table,
            options={
                **self._connection(producer),
                **({"key.format": "raw", "key.fields": key} if key else {}),
                **record_format.as_options("value."),
                **guarantee,
            },
        )

    def _connection(self, client: Mapping[str, str]) -> dict[str, str]:
        settings = {"bootstrap.servers": self.bootstrap_servers, **client, **self.client}
        return {
            "connector": "kafka",
            "topic": self.topic,
            **{f"properties.{option}": value for option, value in settings.items()},
        }


@dataclass(frozen=True, kw_only=True)
class KafkaOptions:
    """The keys under which a scenario names a topic and its brokers, and configures their use."""

    servers: Option[str]
    topic: Option[str]
    group: Option[str] | None = None
    transactional_id_prefix: Option[str] | None = None

    def all(self) -> tuple[Option[str], ...]:
        """Every option, in the order of a table."""
        options = (self.servers, self.topic, self.group, self.transactional_id_prefix)
        return tuple(option for option in options if option)

    def find(self, groups: PropertyGroups, *, client: Mapping[str, str]) -> KafkaTopic | None:
        """The topic, or ``None`` if none is named.

        Raises:
            SettingsError: A topic is named without brokers, or the reverse.

        """
        return self.read(groups, client=client) if both(groups, self.servers, self.topic) else None

    def read(self, groups: PropertyGroups, *, client: Mapping[str, str]) -> KafkaTopic:
        """The topic.

        Raises:
            SettingsError: None is named.

        """
        return KafkaTopic(
            bootstrap_servers=self.servers.read(groups),
            topic=self.topic.read(groups),
            client=dict(client),
            group=self.group.read(groups) if self.group else None,
            transactional_id_prefix=self.transactional_id_prefix.read(groups) if self.transactional_id_prefix else None,
        )
