"""Amazon MSK: a real Kafka broker, one node, without ZooKeeper."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic

from local.errors import RunError
from local.process import Process, free_port, java, listening, run_to_end
from local.services.maven import maven_libraries
from local.services.service import Service
from local.template import Resource

CLUSTER_TYPE = "AWS::MSK::Cluster"
CONFIGURATION_TYPE = "AWS::MSK::Configuration"
TOPIC_TYPE = "AWS::MSK::Topic"
_POM = Path(__file__).parent / "broker" / "pom.xml"
#: A property of the template's custom resource that asks MSK for the brokers' addresses.
BOOTSTRAP_PREFIX = "BootstrapBrokerString"
#: Records that are handed to the producer at a time, which holds at most ten times as many.
_BATCH = 10_000

#: What differs on one machine: one node, without sign-in or TLS.
_ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
}


class KafkaService(Service):
    """The cluster and topics of the template, with the broker settings of its configuration."""

    resource_types = (CLUSTER_TYPE, CONFIGURATION_TYPE, TOPIC_TYPE, "Custom::KafkaBootstrapBrokers")
    title = "Kafka"
    _reader: Consumer | None = None

    @cached_property
    def process(self) -> Process:
        """The broker."""
        return Process(
            name="the Kafka broker",
            command=[
                *(java(), "-Xmx1g", f"-Djava.io.tmpdir={self._temporary}"),
                *("-cp", self._classpath, "kafka.Kafka", str(self._properties_file)),
            ],
            log=self.folder / "kafka.log",
            env={"LOG_DIR": str(self.folder)},
        )

    @property
    def address(self) -> str:
        """The bootstrap server."""
        return f"127.0.0.1:{self._port}"

    @property
    def version(self) -> str:
        """The broker's version, from the name of its jar."""
        (jar,) = self.fetch().glob("kafka_2.13-*.jar")
        return jar.stem.removeprefix("kafka_2.13-")

    @classmethod
    def fetch(cls) -> Path:
        """The folder with the broker's jars."""
        return maven_libraries("kafka", _POM)

    def launch(self) -> None:
        """Format the storage and start the broker."""
        self._temporary.mkdir(parents=True, exist_ok=True)
        lines = [f"{key}={value}\n" for key, value in self._properties().items()]
        self._properties_file.write_text("".join(lines))
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # With "=", since an id may begin with a dash.
        arguments = ["format", f"--cluster-id={cluster_id}", f"--config={self._properties_file}"]
        formatted = run_to_end([java(), "-cp", self._classpath, "kafka.tools.StorageTool", *arguments])
        if formatted.returncode != 0:
            raise RunError(f"the Kafka storage could not be formatted: {formatted.stderr.strip().splitlines()[-1]}")
        self.process.start()

    def create_resources(self) -> None:
        """Create the topics."""
        self.process.wait_until(lambda: listening(self._port))
        self.process.wait_until(self._has_controller)
        self._create_topics()

    def attribute(self, resource: Resource, name: str) -> str:
        """The addresses that MSK would be asked for are the broker's; ARNs are made up from the logical ids."""
        if resource.type == TOPIC_TYPE and name == "Ref":
            return self.topic_name(resource)
        if resource.type in (CLUSTER_TYPE, CONFIGURATION_TYPE) and name in ("Ref", "Arn"):
            return resource.arn("kafka", f"cluster/{resource.logical_id}/local")
        if name.startswith(BOOTSTRAP_PREFIX):
            return self.address
        raise self.unknown_attribute(resource, name)

    def topic_names(self) -> list[str]:
        """The names of the template's topics."""
        return [self.topic_name(topic) for topic in self.template.of_type(TOPIC_TYPE)]

    @staticmethod
    def topic_name(topic: Resource) -> str:
        """The topic's name."""
        return str(topic.properties["TopicName"])

    def records(self, topic: str, *, timeout_seconds: float = 30) -> Iterator[Message]:
        """Every committed record of a topic from its beginning to what it holds now."""
        consumer = self._consumer(topic, timeout_seconds, **{"enable.partition.eof": True})
        try:
            unread = {partition.partition for partition in consumer.assignment()}
            heard = time.monotonic()
            while unread:
                for message in consumer.consume(_BATCH, timeout=0.5):
                    heard, error = time.monotonic(), message.error()
                    if error is None:
                        yield message
                    elif error.name() == "_PARTITION_EOF":
                        unread.discard(message.partition())
                    else:
                        raise KafkaException(error)
                if time.monotonic() - heard > timeout_seconds:
                    raise RunError(f"the topic {topic} gave no record for {timeout_seconds:.0f} s")
        finally:
            consumer.close()

    def count(self, topic: str) -> int:
        """How many committed records a topic holds."""
        return sum(1 for _ in self.records(topic))

    def values(self, topic: str) -> Iterator[bytes]:
        """The value of every committed record that a topic holds now."""
        return (message.value() or b"" for message in self.records(topic))

    def follow(self, topic: str) -> Generator[list[bytes], None, None]:
        """The values of a topic's committed records: each step gives, at once, what has come since the one before."""
        consumer = self._consumer(topic, 30)
        try:
            while True:
                arrived: list[bytes] = []
                while messages := consumer.consume(_BATCH, timeout=0):
                    for message in messages:
                        if message.error() is not None:
                            raise KafkaException(message.error())
                        arrived.append(message.value() or b"")
                yield arrived
        finally:
            consumer.close()

    def set_partitions(self, topic: str, count: int) -> None:
        """Give a topic more partitions."""
        admin = AdminClient(self._client())
        admin.create_partitions([NewPartitions(topic, count)])[topic].result(timeout=30)

    def configure(self, topic: str, **settings: str) -> None:
        """Change settings of a topic; an underscore stands for a dot in their names: ``max_message_bytes="1000"``."""
        entries = [
            ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
            for name, value in settings.items()
        ]
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
        admin = AdminClient(self._client())
        admin.incremental_alter_configs([resource])[resource].result(timeout=30)

    def write(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        """Write records, each a key and a value, and wait until the broker has them."""
        refused: list[KafkaError] = []

        def note(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                refused.append(error)

        for start in range(0, len(records), _BATCH):
            for key, value in records[start : start + _BATCH]:
                self._producer.produce(topic, value, key, on_delivery=note)
            if self._producer.flush(30):
                raise RunError(f"the topic {topic} took no record for 30 s")
        if refused:
            raise KafkaException(refused[0])

    def producer_performance(self, topic: str, *, records: int, record_bytes: int, settings: Mapping[str, str]) -> str:
        """What Kafka's own performance test of a producer prints: as many records as fast as it can."""
        properties = [f"{key}={value}" for key, value in {"bootstrap.servers": self.address, **settings}.items()]
        arguments = [
            *("--topic", topic, "--num-records", str(records), "--record-size", str(record_bytes)),
            *("--throughput", "-1", "--producer-props", *properties),
        ]
        tool = "org.apache.kafka.tools.ProducerPerformance"
        return run_to_end([java(), "-cp", self._classpath, tool, *arguments]).stdout

    def end_offsets(self, topic: str) -> int:
        """The sum of the partitions' end offsets: the records of a topic into which nobody writes transactions."""
        if self._reader is None:
            self._reader = Consumer({**self._client(), "group.id": "local-offsets"})
        partitions = self._reader.list_topics(topic, timeout=30).topics[topic].partitions
        return sum(
            self._reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)[1]
            for partition in partitions
        )

    def _has_controller(self) -> bool:
        """Whether the broker names a controller yet: a client that asks earlier waits for minutes to ask again."""
        try:
            return int(AdminClient(self._client()).list_topics(timeout=5).controller_id) >= 0
        except KafkaException:
            return False

    def _consumer(self, topic: str, timeout_seconds: float, **settings: object) -> Consumer:
        """A consumer of the committed records of all partitions of a topic, from their beginnings."""
        consumer = Consumer(
            {
                **self._client(),
                "group.id": f"local-{uuid.uuid4()}",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                **settings,
            }
        )
        partitions = consumer.list_topics(topic, timeout=timeout_seconds).topics[topic].partitions
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        return consumer

    @cached_property
    def _producer(self) -> Producer:
        # Idempotent, so that a batch which is sent again, as right after a topic was made, comes in its place.
        settings = {"linger.ms": 5, "enable.idempotence": True, "topic.metadata.refresh.interval.ms": 1_000}
        return Producer({**self._client(), **settings})

    def _client(self) -> dict[str, Any]:
        """Settings of a client that logs nothing of its own: what matters comes as an error."""
        return {"bootstrap.servers": self.address, "log_level": 0}

    def _create_topics(self) -> None:
        admin = AdminClient(self._client())
        wanted = [
            NewTopic(
                self.topic_name(topic),
                num_partitions=int(topic.properties["PartitionCount"]),
                replication_factor=1,
            )
            for topic in self.template.of_type(TOPIC_TYPE)
        ]
        for name, created in (admin.create_topics(wanted) if wanted else {}).items():
            try:
                created.result(timeout=30)
            except (KafkaException, TimeoutError) as error:
                raise RunError(f"the topic {name} could not be created: {error or 'no answer for 30 s'}") from None

    def _properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for configuration in self.template.of_type(CONFIGURATION_TYPE):
            for line in str(configuration.properties["ServerProperties"]).splitlines():
                key, equals, value = line.partition("=")
                if equals:
                    properties[key.strip()] = value.strip()
        return {
            **properties,
            **_ONE_NODE,
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "log.dirs": str(self.folder / "data"),
        }

    @property
    def _properties_file(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _temporary(self) -> Path:
        return self.folder / "tmp"

    @cached_property
    def _port(self) -> int:
        return free_port(9092)

    @cached_property
    def _controller_port(self) -> int:
        return free_port()

    @property
    def _classpath(self) -> str:
        return f"{self.fetch()}/*"
