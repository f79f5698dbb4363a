"""Streaming ETL: taxi trips from one source to any set of sinks, nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from constructs import Construct, IDependable
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from dashboards.search import SearchMetrics, index_templates
from dashboards.streaming_etl import ArchiveMetrics, StreamingEtlDashboard
from flink_apps.common.places import REJECTED_DOCUMENTS
from flink_apps.common.properties import Property
from flink_apps.replay import settings as replay_settings
from flink_apps.streaming_etl import settings
from flink_apps.streaming_etl.metrics import DEAD_LETTER_COUNT, DOCUMENTS_REJECTED
from flink_constructs import metric_math
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.kafka_cluster_base import KafkaTopic
from flink_constructs.network import EndpointService, Network
from flink_constructs.search_domain import SearchDomain
from flink_constructs.stream_archive import StreamArchive
from stacks.config import Shards, TopicArn, gateways_of_a_vpc, vpc_where_needed
from stacks.replay import History, ReplayConfig, history_from, history_in
from stacks.scenario import MAX_RECORDS_LAG, ScenarioStack, comma_separated

Sink = Literal["kinesis", "kafka", "s3", "opensearch"]
#: Topics of the stack's cluster.
SOURCE_TOPIC, SINK_TOPIC, DEAD_LETTER_TOPIC = "trips", "clean-trips", "dead-letters"
#: Construct ids of the stack's streams.
SOURCE, SINK, DEAD_LETTERS = "Source", "Sink", "DeadLetters"
#: Indices that the job may write: those of the events' types, and the sink's own for what OpenSearch refuses.
INDICES = ("trip*", "yellow-trip*", "green-trip*", REJECTED_DOCUMENTS)
#: What only a VPC reaches.
IN_VPC = {"kafka", "opensearch"}


class StreamingEtlConfig(ReplayConfig):
    """Context of the streaming ETL."""

    scenario: ClassVar[str] = "streaming-etl"

    parallelism: int = Field(default=2, ge=1, description="parallel tasks of every operator")
    source: Literal["kinesis", "kafka"] = Field(default="kinesis", description="where the trips come from")
    sinks: Annotated[tuple[Sink, ...], BeforeValidator(comma_separated)] = Field(
        default=("s3", "opensearch"),
        description="where the good trips go: any of kinesis, kafka, s3 and opensearch",
        min_length=1,
    )
    dead_letters: Literal["s3", "kinesis", "kafka"] = Field(default="s3", description="where bad records go")
    dead_letters_alarm: int = Field(default=100, ge=0, description="dead letters in 5 minutes above which it alarms")
    alarm_topic_arn: TopicArn | None = Field(
        default=None, description="the SNS topic that alarms are sent to; by default none"
    )
    shards: Shards = Field(default=16, description="shards of each stream, or on-demand")
    brokers: int = Field(default=2, ge=2, le=60, description="brokers of the MSK cluster")
    partitions: int = Field(default=6, ge=1, le=4000, description="partitions of each topic")
    search_nodes: int = Field(default=2, ge=1, le=80, description="data nodes of the OpenSearch domain")
    parquet: bool = Field(default=True, description="files in S3 are Parquet; otherwise JSON lines")
    partition_by_hour: bool = Field(default=False, description="a level more of the partitions in S3: the hour")
    vpc: bool | None = Field(
        default=None, description="run inside a VPC; by default only where Kafka or OpenSearch need it"
    )
    nat_gateways: int = Field(default=0, ge=0, le=2, description="gateways from the VPC to the internet")
    replay: bool = Field(default=True, description="add the application that replays historic trips")
    replay_watermark_seconds: int = Field(
        default=0,
        ge=0,
        le=86_400,
        description="seconds between the watermark events that it sends to each shard or partition; 0: none",
    )

    @field_validator("sinks")
    @classmethod
    def _each_sink_once(cls, sinks: tuple[Sink, ...]) -> tuple[Sink, ...]:
        if len(set(sinks)) < len(sinks):
            raise ValueError("name each sink once")
        return sinks

    @field_validator("dead_letters")
    @classmethod
    def _a_cluster_for_dead_letters(cls, dead_letters: str, others: ValidationInfo) -> str:
        if dead_letters == "kafka" and "kafka" not in _ends(others):
            raise ValueError("be s3 or kinesis where Kafka is neither source nor sink")
        return dead_letters

    @field_validator("vpc")
    @classmethod
    def _a_vpc_where_needed(cls, vpc: bool | None, others: ValidationInfo) -> bool | None:
        return vpc_where_needed(vpc, needed=bool(IN_VPC & _ends(others)), by="Kafka or OpenSearch")

    @field_validator("nat_gateways")
    @classmethod
    def _gateways_of_a_vpc(cls, gateways: int, others: ValidationInfo) -> int:
        return gateways_of_a_vpc(gateways, in_vpc=bool(others.data.get("vpc") or IN_VPC & _ends(others)))

    @field_validator("replay_watermark_seconds")
    @classmethod
    def _watermarks_to_known_shards(cls, seconds: int, others: ValidationInfo) -> int:
        shards, most = others.data.get("shards", 0), replay_settings.MAX_WATERMARK_SHARDS
        if seconds and others.data.get("source") == "kinesis" and (shards == "on-demand" or shards > most):
            raise ValueError(f"be 0 where the source is on-demand, or has more than {most} shards")
        return seconds

    @property
    def in_vpc(self) -> bool:
        """Whether the application runs in a VPC."""
        return bool(self.vpc or IN_VPC & {self.source, *self.sinks})

    @property
    def needs_bucket(self) -> bool:
        """Whether something lies in a bucket of the stack's own."""
        return "s3" in (*self.sinks, self.dead_letters) or (self.replay and self.replay_from is None)


def _ends(others: ValidationInfo) -> set[str]:
    """The source and the sinks, as far as they are valid."""
    return {others.data.get("source", ""), *others.data.get("sinks", ())}


@dataclass(frozen=True, kw_only=True)
class End:
    """A source, a sink or the place of the dead letters: what the job is told of it, and what permits its use."""

    properties: Mapping[Property, str]
    grant: Callable[[FlinkApplication], object]
    #: Has to be there before the application starts.
    needed: Sequence[IDependable] = ()


class StreamingEtlStack(ScenarioStack):
    """The job with its source and sinks, the replay that feeds it, and what watches over both."""

    config_type = StreamingEtlConfig
    purpose = "Taxi trips from one source to any set of sinks, nothing lost"

    def __init__(self, scope: Construct, construct_id: str, *, config: StreamingEtlConfig) -> None:
        """Declare what ``config`` names, and an application that may use just that."""
        super().__init__(scope, construct_id, config=config)
        self._config = config
        self._network = self._add_network() if config.in_vpc else None
        self._cluster = self._add_cluster() if "kafka" in (config.source, *config.sinks) else None
        self._archive = (
            StreamArchive(self, "Archive", removal_policy=self.removal_policy) if config.needs_bucket else None
        )
        self._domain = self._add_domain() if "opensearch" in config.sinks else None
        self._streams: dict[str, DataStream] = {}
        self._topics: dict[str, KafkaTopic] = {}

        make: dict[str, Callable[[], End]] = {
            "kinesis": self._kinesis_sink,
            "kafka": self._kafka_sink,
            "s3": self._s3_sink,
            "opensearch": self._search_sink,
        }
        ends = [self._source(), *(make[sink]() for sink in config.sinks), self._dead_letters()]
        groups = {settings.GROUP: {prop.key: value for end in ends for prop, value in end.properties.items()}}
        if self._cluster:
            groups[settings.KAFKA_CLIENT_GROUP] = self._cluster.client_properties
        application = self.add_application(
            config, property_groups=groups, vpc=self._network.vpc if self._network else None
        )
        self._let_use(application, ends)
        replay = self._add_replay() if config.replay else None
        self._watch(application, replay)

    def _source(self) -> End:
        if self._config.source == "kinesis":
            stream = self._add_stream(SOURCE, "SourceStreamName", "the Kinesis stream that the job reads")
            return End(
                properties={settings.INPUT_STREAM: stream.stream_name, settings.INPUT_STREAM_REGION: self.region},
                grant=stream.grant_read,
            )
        cluster, topic = self._add_topic(SOURCE_TOPIC)
        return End(
            properties={
                settings.INPUT_KAFKA_SERVERS: cluster.bootstrap_brokers,
                settings.INPUT_KAFKA_TOPIC: topic.name,
                settings.INPUT_KAFKA_GROUP: str(settings.INPUT_KAFKA_GROUP.default),
            },
            grant=lambda job: cluster.grant_read(job, topic, group=str(settings.INPUT_KAFKA_GROUP.default)),
            needed=(topic.resource,),
        )

    def _kinesis_sink(self) -> End:
        stream = self._add_stream(SINK, "SinkStreamName", "the Kinesis stream that the job writes")
        return End(
            properties={settings.OUTPUT_STREAM: stream.stream_name, settings.OUTPUT_STREAM_REGION: self.region},
            grant=stream.grant_write,
        )

    def _kafka_sink(self) -> End:
        cluster, topic = self._add_topic(SINK_TOPIC)
        prefix = str(settings.OUTPUT_KAFKA_PREFIX.default)
        return End(
            properties={
                settings.OUTPUT_KAFKA_SERVERS: cluster.bootstrap_brokers,
                settings.OUTPUT_KAFKA_TOPIC: topic.name,
                settings.OUTPUT_KAFKA_PREFIX: prefix,
            },
            grant=lambda job: cluster.grant_write(job, topic, transactional_id_prefix=prefix),
            needed=(topic.resource,),
        )

    def _s3_sink(self) -> End:
        archive, prefix = self._bucket(), str(settings.OUTPUT_PREFIX.default)
        self.add_output(
            "TripsUri", f"s3://{archive.bucket_name}/{prefix}/", "the trips, in folders by borough and time"
        )
        return End(
            properties={
                settings.OUTPUT_BUCKET: archive.bucket_name,
                settings.OUTPUT_PREFIX: prefix,
                settings.PARQUET: _text(self._config.parquet),
                settings.PARTITION_BY_HOUR: _text(self._config.partition_by_hour),
            },
            grant=lambda job: archive.grant_write(job, prefix=prefix),
        )

    def _search_sink(self) -> End:
        domain = self._domain
        assert domain is not None  # noqa: S101 - made where opensearch is a sink
        return End(
            properties={settings.OUTPUT_SEARCH: domain.endpoint, settings.SEARCH_REGION: self.region},
            grant=lambda job: domain.grant_write(job, *INDICES),
        )

    def _dead_letters(self) -> End:
        if self._config.dead_letters == "kinesis":
            stream = self._add_stream(DEAD_LETTERS, "DeadLetterStreamName", "the Kinesis stream of the dead letters")
            return End(
                properties={
                    settings.DEAD_LETTER_STREAM: stream.stream_name,
                    settings.DEAD_LETTER_STREAM_REGION: self.region,
                },
                grant=stream.grant_write,
            )
        if self._config.dead_letters == "kafka":
            cluster, topic = self._add_topic(DEAD_LETTER_TOPIC)
            return End(
                properties={settings.DEAD_LETTER_TOPIC: topic.name},
                grant=lambda job: cluster.grant_write(
                    job, topic, transactional_id_prefix=str(settings.OUTPUT_KAFKA_PREFIX.default)
                ),
                needed=(topic.resource,),
            )
        archive, prefix = self._bucket(), str(settings.DEAD_LETTER_PREFIX.default)
        self.add_output("DeadLettersUri", f"s3://{archive.bucket_name}/{prefix}/", "records that could not be used")
        return End(
            properties={settings.DEAD_LETTER_BUCKET: archive.bucket_name, settings.DEAD_LETTER_PREFIX: prefix},
            grant=lambda job: archive.grant_write(job, prefix=prefix),
        )

    def _let_use(self, application: FlinkApplication, ends: Sequence[End]) -> None:
        """Permit ``application`` the use of ``ends``, and have them there before it starts."""
        for end in ends:
            end.grant(application)
            for needed in end.needed:
                application.node.add_dependency(needed)
        for place in (self._cluster, self._domain):
            if place is not None:
                place.connections.allow_default_port_from(application.connections)
                application.starts_after(place)
        if self._network:
            # The last snapshot before a deletion needs the ways to the sinks as much as the start does.
            application.starts_after(self._network)

    def _add_replay(self) -> FlinkApplication:
        """Add the replay: from a bucket's prefix into the source."""
        config, history = self._config, self._history()
        keys = history.properties(config)
        client: dict[str, str] = {}
        stream, topic = self._streams.get(SOURCE), self._topics.get(SOURCE_TOPIC)
        if stream:
            keys[replay_settings.OUTPUT_STREAM_ARN] = stream.stream_arn
        if self._cluster and topic:
            keys[replay_settings.OUTPUT_KAFKA_SERVERS] = self._cluster.bootstrap_brokers
            keys[replay_settings.OUTPUT_KAFKA_TOPIC] = topic.name
            prefix = replay_settings.prefix_of(replay_settings.KAFKA_OPTIONS)
            client = {f"{prefix}{key}": value for key, value in self._cluster.client_properties.items()}
        if config.replay_watermark_seconds:
            keys[replay_settings.WATERMARK_INTERVAL] = str(config.replay_watermark_seconds)
            keys[replay_settings.WATERMARK_SHARDS] = str(config.shards if stream else config.partitions)
        group = {**{prop.key: value for prop, value in keys.items()}, **client}
        replay = self.add_replay(
            config,
            property_groups={replay_settings.GROUP: group},
            vpc=self._network.vpc if self._network else None,
        )
        history.grant_read(replay)
        if stream:
            stream.grant_write(replay)
        if self._cluster and topic:
            self._cluster.grant_write(replay, topic)
            self._cluster.connections.allow_default_port_from(replay.connections)
        return replay

    def _history(self) -> History:
        """Where the trips to replay are: in the stack's own bucket, or where the configuration says."""
        if self._config.replay_from is None:
            return history_in(self, self._bucket(), example="data/taxi_trips")
        return history_from(self, self._config.replay_from)

    def _watch(self, application: FlinkApplication, replay: FlinkApplication | None) -> None:
        """Add alarms and the dashboard that shows them."""
        config = self._config
        alarms = ApplicationAlarms(
            self,
            "Alarms",
            application=application,
            topic=self.alarm_topic(config.alarm_topic_arn),
            always_running=config.start,
            source_stream=self._streams.get(SOURCE),
            max_records_lag=MAX_RECORDS_LAG if config.source == "kafka" else None,
        )
        alarms.dead_letters(DEAD_LETTER_COUNT, max_in_5_minutes=config.dead_letters_alarm)
        if self._domain:
            alarms.alarm(
                "RejectedDocuments",
                metric=metric_math.total_increase(application, DOCUMENTS_REJECTED),
                threshold=config.dead_letters_alarm,
                description=f"OpenSearch refuses documents: look into the index {REJECTED_DOCUMENTS} for the reasons,"
                " and mend the index template or the producer.",
            )
        archive, domain = self._archive if "s3" in config.sinks else None, self._domain
        dashboard = StreamingEtlDashboard(
            self,
            "Dashboard",
            application=application,
            alarms=alarms,
            replay=replay,
            source_stream=self._streams.get(SOURCE),
            source_cluster=self._cluster if config.source == "kafka" else None,
            sink_stream=self._streams.get(SINK),
            sink_cluster=self._cluster if "kafka" in config.sinks else None,
            archive=ArchiveMetrics(
                put_requests=archive.metric_put_requests(), bytes_uploaded=archive.metric_bytes_uploaded()
            )
            if archive
            else None,
            search=SearchMetrics.of(domain) if domain else None,
        )
        self.add_output("DashboardUrl", dashboard.url, "the dashboard")

    def _add_network(self) -> Network:
        config = self._config
        uses_kinesis = "kinesis" in (config.source, *config.sinks, config.dead_letters)
        return self.add_network(
            nat_gateways=config.nat_gateways, calls=[EndpointService.KINESIS_STREAMS] if uses_kinesis else []
        )

    def _add_cluster(self) -> KafkaCluster:
        network = self._network
        assert network is not None  # noqa: S101 - Kafka is reached from a VPC alone
        return self.add_cluster(network, brokers=self._config.brokers)

    def _add_domain(self) -> SearchDomain:
        network = self._network
        assert network is not None  # noqa: S101 - OpenSearch is reached from a VPC alone
        domain = SearchDomain(
            self,
            "Search",
            vpc=network.vpc,
            subnets=network.subnets,
            data_nodes=self._config.search_nodes,
            removal_policy=self.removal_policy,
        )
        for name, body in index_templates(self._config.scenario).items():
            domain.add_index_template(name, body)
        self.add_output("SearchEndpoint", domain.endpoint, "the OpenSearch domain, from inside the VPC")
        return domain

    def _add_stream(self, construct_id: str, output: str, description: str) -> DataStream:
        self._streams[construct_id] = self.add_stream(
            construct_id, shards=self._config.shards, output=output, description=description
        )
        return self._streams[construct_id]

    def _add_topic(self, name: str) -> tuple[KafkaCluster, KafkaTopic]:
        assert self._cluster is not None  # noqa: S101 - made where Kafka is source or sink
        self._topics[name] = self._cluster.add_topic(name, partitions=self._config.partitions)
        return self._cluster, self._topics[name]

    def _bucket(self) -> StreamArchive:
        assert self._archive is not None  # noqa: S101 - made where something lies in it
        return self._archive


def _text(truth: bool) -> str:
    return str(truth).lower()
