"""Streaming ETL: taxi trips from one source to any set of sinks, without loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from constructs import Construct
from pydantic import BeforeValidator, Field, field_validator

from dashboards import streaming_etl as dashboard
from dashboards.search import SearchMetrics, index_templates
from dashboards.streaming_etl import ArchiveMetrics
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS
from flink_apps.common.options import written
from flink_apps.common.properties import PropertyGroups
from flink_apps.replay import settings as replay_settings
from flink_apps.streaming_etl import settings
from flink_apps.streaming_etl.metrics import DEAD_LETTER_COUNT, DOCUMENTS_REJECTED
from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster_base import KafkaTopic
from flink_constructs.search_domain import SearchDomain
from stacks.config import Shards, comma_separated, from_option
from stacks.ends import End, TopicEnds, bucket_sink, domain_sink, in_group, merged, prepare_domain
from stacks.kafka import KafkaConfig
from stacks.replay import ReplayConfig, history
from stacks.scenario import MAX_RECORDS_LAG, ScenarioStack

Sink = Literal["kinesis", "kafka", "s3", "opensearch"]
#: Topics of the stack's cluster.
SOURCE_TOPIC, SINK_TOPIC, DEAD_LETTER_TOPIC = "trips", "clean-trips", "dead-letters"
#: Construct ids of the stack's streams.
SOURCE, SINK, DEAD_LETTERS = "Source", "Sink", "DeadLetters"
#: The context key that chooses where dead letters go.
DEAD_LETTERS_KEY = "dead-letters"


class StreamingEtlConfig(ReplayConfig, KafkaConfig):
    """Context of the streaming ETL."""

    scenario: ClassVar[str] = "streaming-etl"

    parallelism: int = Field(default=2, ge=1, description="parallel tasks of every operator")
    source: Literal["kinesis", "kafka"] = Field(default="kinesis", description="source of the trips")
    sinks: Annotated[tuple[Sink, ...], BeforeValidator(comma_separated)] = Field(
        default=("s3", "opensearch"),
        description="sinks of the good trips: any of kinesis, kafka, s3 and opensearch",
        min_length=1,
    )
    dead_letters: Literal["s3", "kinesis", "kafka"] = Field(default="s3", description="sink of the dead letters")
    dead_letters_alarm: int = Field(default=100, ge=0, description="alarm above this many dead letters in 5 minutes")
    shards: Shards = Field(default=16, description="shards of each stream, or on-demand")
    search_nodes: int = Field(default=2, ge=1, le=80, description="data nodes of the OpenSearch domain")
    trip_types: tuple[str, ...] = from_option(settings.TRIP_TYPES)
    parquet: bool = from_option(settings.PARQUET)
    partition_by_hour: bool = from_option(settings.PARTITION_BY_HOUR)
    replay: bool = Field(default=True, description="add the application that replays historic trips")
    replay_format: Literal["json", "csv", "parquet"] = from_option(replay_settings.SOURCE_FORMAT)
    replay_watermark_seconds: int = from_option(replay_settings.WATERMARK_INTERVAL)

    @field_validator("sinks")
    @classmethod
    def _each_sink_once(cls, sinks: tuple[Sink, ...]) -> tuple[Sink, ...]:
        if len(set(sinks)) < len(sinks):
            raise ValueError("name each sink once")
        return sinks

    def check(self) -> None:
        """Watermark events need a fixed number of shards."""
        most = replay_settings.MAX_WATERMARK_SHARDS
        too_many = self.shards == "on-demand" or self.shards > most
        if self.replay_watermark_seconds and self.source == "kinesis" and too_many:
            rule = f"be 0 where the source is on-demand, or has more than {most} shards"
            raise self.error("replay_watermark_seconds", rule)


class StreamingEtlStack(ScenarioStack):
    """The job with its source and sinks, the replay that feeds it, and what watches over both."""

    config_type = StreamingEtlConfig
    purpose = "Taxi trips from one source to any set of sinks, nothing lost"

    def __init__(self, scope: Construct, construct_id: str, *, config: StreamingEtlConfig) -> None:
        """Declare what ``config`` names, and an application that may use just that."""
        super().__init__(scope, construct_id, config=config)
        self._config = config
        make: dict[str, Callable[[], End]] = {
            "kinesis": self._kinesis_sink,
            "kafka": self._kafka_sink,
            "s3": self._s3_sink,
            "opensearch": self._search_sink,
        }
        application = self.add_application(
            [self._source(), *(make[sink]() for sink in config.sinks), self._dead_letters()]
        )
        replay = self._add_trip_replay() if config.replay else None
        self._add_alarms_and_dashboard(application, replay)

    def cluster_settings(self) -> Mapping[str, Any]:
        """The number of brokers."""
        return {"number_of_brokers": self._config.brokers}

    def own_properties(self, job: str) -> PropertyGroups:
        """The options from the context; the replay also gets the number of shards or partitions of its sink."""
        config, own = self._config, super().own_properties(job)
        if job == "replay" and config.replay_watermark_seconds:
            shards = config.shards if config.source == "kinesis" else config.partitions
            return merged(own, written([(replay_settings.WATERMARK_SHARDS, shards)]))
        return own

    # The ends; their streams, topics, domain and bucket are made when they are first used.

    @cached_property
    def _topic_ends(self) -> TopicEnds:
        return TopicEnds(cluster=self.cluster, client_group=in_group(settings.KAFKA_CLIENT_GROUP))

    def _topic(self, name: str) -> KafkaTopic:
        return self.topic(name, partitions=self._config.partitions)

    def _source_stream(self) -> DataStream:
        shards, description = self._config.shards, "the Kinesis stream that the job reads"
        return self.stream(SOURCE, shards=shards, output="SourceStreamName", description=description)

    def _sink_stream(self) -> DataStream:
        shards, description = self._config.shards, "the Kinesis stream that the job writes"
        return self.stream(SINK, shards=shards, output="SinkStreamName", description=description)

    def _source(self) -> End:
        if self._config.source == "kinesis":
            return self.stream_ends.source(self._source_stream(), settings.SOURCE_STREAM)
        return self._topic_ends.source(self._topic(SOURCE_TOPIC), settings.SOURCE_TOPIC)

    def _kinesis_sink(self) -> End:
        return self.stream_ends.sink(self._sink_stream(), settings.SINK_STREAM)

    def _kafka_sink(self) -> End:
        return self._topic_ends.sink(self._topic(SINK_TOPIC), settings.SINK_TOPIC)

    def _s3_sink(self) -> End:
        uri = f"s3://{self.archive.bucket_name}/{settings.SINK_BUCKET.prefix.default}/"
        self.add_output("TripsUri", uri, "the trips, in folders by borough and time")
        return bucket_sink(self.archive, settings.SINK_BUCKET)

    def _search_sink(self) -> End:
        return domain_sink(self._domain, settings.SINK_DOMAIN, region=self.region, indices=self._config.trip_types)

    @cached_property
    def _domain(self) -> SearchDomain:
        network = self.network_for("OpenSearch")
        domain = SearchDomain(
            self,
            "Search",
            vpc=network.vpc,
            subnets=network.subnets,
            data_nodes=self._config.search_nodes,
            removal_policy=self.removal_policy,
        )
        prepare_domain(domain, index_templates(self._config.scenario, trips=self._config.trip_types))
        self.add_output("SearchEndpoint", domain.endpoint, "the OpenSearch domain, from inside the VPC")
        return domain

    def _dead_letters(self) -> End:
        options, key = settings.DEAD_LETTERS, DEAD_LETTERS_KEY
        if self._config.dead_letters == "kinesis":
            stream = self.stream(
                DEAD_LETTERS,
                shards=self._config.shards,
                output="DeadLetterStreamName",
                description="the Kinesis stream of the dead letters",
            )
            return self.stream_ends.sink(stream, options.stream, context_key=key)
        if self._config.dead_letters == "kafka":
            return self._topic_ends.dead_letters(
                self._topic(DEAD_LETTER_TOPIC), options, settings.TRANSACTIONAL_ID_PREFIX, context_key=key
            )
        uri = f"s3://{self.archive.bucket_name}/{options.bucket.prefix.default}/"
        self.add_output("DeadLettersUri", uri, "records that could not be used")
        return bucket_sink(self.archive, options.bucket, context_key=key)

    def _add_trip_replay(self) -> FlinkApplication:
        """Add the replay: from a bucket's prefix into the source."""
        return self.add_replay([history(self, self._config, example="data/taxi_trips"), self._replay_sink()])

    def _replay_sink(self) -> End:
        if self._config.source == "kinesis":
            return self.stream_ends.sink(self._source_stream(), replay_settings.SINK_STREAM)
        prefix = replay_settings.prefix_of(replay_settings.KAFKA_OPTIONS)
        ends = TopicEnds(cluster=self.cluster, client_group=in_group(replay_settings.GROUP, prefix=prefix))
        return ends.sink(self._topic(SOURCE_TOPIC), replay_settings.SINK_TOPIC)

    def _add_alarms_and_dashboard(self, application: FlinkApplication, replay: FlinkApplication | None) -> None:
        config = self._config
        from_kafka = config.source == "kafka"
        source_stream = None if from_kafka else self._source_stream()
        alarms = self.add_alarms(
            application, source_stream=source_stream, max_records_lag=MAX_RECORDS_LAG if from_kafka else None
        )
        alarms.dead_letters(DEAD_LETTER_COUNT, max_in_5_minutes=config.dead_letters_alarm)
        if "opensearch" in config.sinks:
            alarms.alarm(
                "RejectedDocuments",
                metric=metric_math.total_increase(application, DOCUMENTS_REJECTED),
                threshold=config.dead_letters_alarm,
                description=f"OpenSearch refuses documents: look into the index {REJECTED_DOCUMENTS} for the reasons,"
                " and mend the index template or the producer.",
            )
        dashboard.add_sections(
            self.add_dashboard(dashboard.TITLE, alarms),
            application=application,
            replay=replay,
            source_stream=source_stream,
            source_cluster=self.cluster if from_kafka else None,
            sink_stream=self._sink_stream() if "kinesis" in config.sinks else None,
            sink_cluster=self.cluster if "kafka" in config.sinks else None,
            archive=ArchiveMetrics(
                put_requests=self.archive.metric_put_requests(), bytes_uploaded=self.archive.metric_bytes_uploaded()
            )
            if "s3" in config.sinks
            else None,
            search=SearchMetrics.of(self._domain) if "opensearch" in config.sinks else None,
        )
