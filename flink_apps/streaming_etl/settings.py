"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flink_apps.common import places
from flink_apps.common.places import (
    BucketPrefix,
    KinesisStream,
    OpenSearchProperties,
    OpenSearchSink,
)
from flink_apps.common.properties import Property, PropertyGroups, SettingsError, refuse_unknown_keys

GROUP = "FlinkApplicationProperties"


def _key(key: str, meaning: str, default: str | None = None) -> Property:
    return Property(group=GROUP, key=key, meaning=meaning, default=default)


INPUT_STREAM = _key("InputKinesisStream", "source: name of the Kinesis stream to read")
INPUT_STREAM_REGION = _key("InputStreamRegion", "its region; by default the application's")
INPUT_STREAM_POSITION = _key(
    "InputStreamInitialPosition", "where to begin without a checkpoint: TRIM_HORIZON (oldest) or LATEST", "TRIM_HORIZON"
)
INPUT_KAFKA_SERVERS = _key("InputKafkaBootstrapServers", "source: brokers to read from, as host:port,host:port")
INPUT_KAFKA_TOPIC = _key("InputKafkaTopic", "the topic to read; committed records only")
INPUT_KAFKA_GROUP = _key(
    "InputKafkaConsumerGroup", "the consumer group that keeps the place without a checkpoint", "streaming-etl"
)

OUTPUT_STREAM = _key("OutputKinesisStream", "sink: name of the Kinesis stream to write")
OUTPUT_STREAM_REGION = _key("OutputStreamRegion", "its region; by default the application's")
OUTPUT_KAFKA_SERVERS = _key("OutputKafkaBootstrapServers", "sink: brokers to write to, as host:port,host:port")
OUTPUT_KAFKA_TOPIC = _key("OutputKafkaTopic", "the topic to write")
OUTPUT_KAFKA_PREFIX = _key(
    "OutputKafkaTransactionalIdPrefix",
    "begin of the ids of the transactions; no other job on the cluster may have it",
    "streaming-etl",
)
OUTPUT_BUCKET = _key("OutputBucket", "sink: name of the S3 bucket to write")
OUTPUT_PREFIX = _key("OutputPrefix", "prefix of the trips in the bucket", "trips")
PARQUET = _key("ParquetConversion", "true: Parquet; false: JSON lines", "true")
PARTITION_BY_HOUR = _key("PartitionByHour", "true: the pickup's hour is a level of the partitions, too", "false")
OUTPUT_SEARCH = _key("OutputOpenSearchEndpoint", "sink: address of the OpenSearch domain, as https://host")
SEARCH_REGION = _key("OpenSearchRegion", "its region; by default the application's")
SEARCH = OpenSearchProperties.in_group(GROUP, endpoint=OUTPUT_SEARCH, region=SEARCH_REGION)

DEAD_LETTER_BUCKET = _key("DeadLetterBucket", "dead letters: name of an S3 bucket; by default OutputBucket")
DEAD_LETTER_PREFIX = _key("DeadLetterPrefix", "prefix of the dead letters in the bucket", "dead-letters")
DEAD_LETTER_STREAM = _key("DeadLetterKinesisStream", "dead letters: name of a Kinesis stream instead of a bucket")
DEAD_LETTER_STREAM_REGION = _key("DeadLetterStreamRegion", "its region; by default the application's")
DEAD_LETTER_TOPIC = _key(
    "DeadLetterKafkaTopic", "dead letters: a Kafka topic instead, on the brokers of the sink, or of the source"
)

PROPERTIES = (
    INPUT_STREAM,
    INPUT_STREAM_REGION,
    INPUT_STREAM_POSITION,
    INPUT_KAFKA_SERVERS,
    INPUT_KAFKA_TOPIC,
    INPUT_KAFKA_GROUP,
    OUTPUT_STREAM,
    OUTPUT_STREAM_REGION,
    OUTPUT_KAFKA_SERVERS,
    OUTPUT_KAFKA_TOPIC,
    OUTPUT_KAFKA_PREFIX,
    OUTPUT_BUCKET,
    OUTPUT_PREFIX,
    PARQUET,
    PARTITION_BY_HOUR,
    *SEARCH.all(),
    DEAD_LETTER_BUCKET,
    DEAD_LETTER_PREFIX,
    DEAD_LETTER_STREAM,
    DEAD_LETTER_STREAM_REGION,
    DEAD_LETTER_TOPIC,
)
#: Amazon OpenSearch Service used to be Amazon Elasticsearch Service; the old keys mean the same.
OLD_KEYS = {
    prop.key.replace("OpenSearch", "Elasticsearch"): prop
    for prop in SEARCH.all()
    if prop not in (SEARCH.username, SEARCH.password)
}
#: Optional group that goes to every Kafka client as it is: how to sign in.
KAFKA_CLIENT_GROUP = "KafkaClient"
PASSED_ON = {KAFKA_CLIENT_GROUP: "the Kafka consumer and producers"}


@dataclass(frozen=True, kw_only=True)
class KafkaTopic:
    """A topic to read or to write; ``client`` goes to the Kafka client as it is."""

    bootstrap_servers: str
    topic: str
    client: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KinesisSource(KinesisStream):
    """The stream to read, and where to begin."""

    initial_position: str


@dataclass(frozen=True, kw_only=True)
class KafkaSource(KafkaTopic):
    """The topic to read, and as which consumer group."""

    group: str


@dataclass(frozen=True, kw_only=True)
class KafkaSink(KafkaTopic):
    """The topic to write, exactly once under a prefix of transactional ids."""

    transactional_id_prefix: str


@dataclass(frozen=True, kw_only=True)
class S3Sink(BucketPrefix):
    """Where the trips go in S3, and how."""

    parquet: bool
    by_hour: bool


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run is asked to do: one source, one or more sinks, a place for the dead letters."""

    source: KinesisSource | KafkaSource
    kinesis: KinesisStream | None = None
    kafka: KafkaSink | None = None
    s3: S3Sink | None = None
    search: OpenSearchSink | None = None
    dead_letters: BucketPrefix | KinesisStream | KafkaTopic

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups, or raise :class:`SettingsError`."""
        refuse_unknown_keys(groups, (*PROPERTIES, *(Property(group=GROUP, key=key, meaning="") for key in OLD_KEYS)))
        groups = _with_new_keys(groups)
        source = _source(groups)
        kafka, s3 = _kafka_sink(groups), _s3_sink(groups)
        settings = cls(
            source=source,
            kinesis=places.kinesis_stream(groups, OUTPUT_STREAM, OUTPUT_STREAM_REGION),
            kafka=kafka,
            s3=s3,
            search=SEARCH.sink(groups),
            dead_letters=_dead_letters(groups, s3, kafka, source),
        )
        if not (settings.kinesis or settings.kafka or settings.s3 or settings.search):
            names = [prop.key for prop in (OUTPUT_STREAM, OUTPUT_KAFKA_TOPIC, OUTPUT_BUCKET, OUTPUT_SEARCH)]
            raise SettingsError(GROUP, f"name a sink: {', '.join(names)}", _keys(groups), "add one of these, or more")
        return settings


def _keys(groups: PropertyGroups) -> list[str]:
    return sorted(groups.get(GROUP, {}))


def _with_new_keys(groups: PropertyGroups) -> PropertyGroups:
    """The same with today's keys in the place of old ones."""
    values = dict(groups.get(GROUP, {}))
    for old, prop in OLD_KEYS.items():
        if old in values:
            value = values.pop(old)
            if values.setdefault(prop.key, value) != value:
                raise prop.error(f"be set once, {old} is its old name", values[prop.key], f"remove {old}")
    return {**groups, GROUP: values}


def _source(groups: PropertyGroups) -> KinesisSource | KafkaSource:
    stream = places.kinesis_stream(groups, INPUT_STREAM, INPUT_STREAM_REGION)
    topic = _kafka_topic(groups, INPUT_KAFKA_SERVERS, INPUT_KAFKA_TOPIC)
    if bool(stream) == bool(topic):
        raise SettingsError(
            GROUP,
            f"name one source: {INPUT_STREAM.key}, or {INPUT_KAFKA_SERVERS.key} with {INPUT_KAFKA_TOPIC.key}",
            _keys(groups),
            "remove one of the two" if stream else "add one of the two",
        )
    if stream:
        return KinesisSource(
            name=stream.name, region=stream.region, initial_position=INPUT_STREAM_POSITION.initial_position(groups)
        )
    assert topic is not None  # noqa: S101 - one of the two is there
    group = INPUT_KAFKA_GROUP.required(groups, fix="write the consumer group")
    return KafkaSource(bootstrap_servers=topic.bootstrap_servers, topic=topic.topic, client=topic.client, group=group)


def _kafka_topic(groups: PropertyGroups, servers: Property, topic: Property) -> KafkaTopic | None:
    if servers.text(groups) is None and topic.text(groups) is None:
        return None
    places.both(groups, servers, topic)
    return KafkaTopic(
        bootstrap_servers=_brokers(groups, servers), topic=_topic(groups, topic), client=_kafka_client(groups)
    )


def _brokers(groups: PropertyGroups, servers: Property) -> str:
    brokers = servers.matching(
        groups,
        pattern=r"[^\s,:/]+:[0-9]{1,5}(,[^\s,:/]+:[0-9]{1,5})*",
        rule="be brokers with their ports",
        fix="write host:port,host:port",
    )
    return brokers or ""


def _topic(groups: PropertyGroups, topic: Property) -> str:
    name = topic.matching(
        groups,
        pattern=r"[a-zA-Z0-9._-]{1,249}",
        rule="be the name of a topic: 1 to 249 letters, digits, '.', '_' or '-'",
        fix="name one topic",
    )
    return name or ""


def _kafka_client(groups: PropertyGroups) -> Mapping[str, str]:
    return dict(groups.get(KAFKA_CLIENT_GROUP, {}))


def _kafka_sink(groups: PropertyGroups) -> KafkaSink | None:
    topic = _kafka_topic(groups, OUTPUT_KAFKA_SERVERS, OUTPUT_KAFKA_TOPIC)
    if topic is None:
        return None
    return KafkaSink(
        bootstrap_servers=topic.bootstrap_servers,
        topic=topic.topic,
        client=topic.client,
        transactional_id_prefix=OUTPUT_KAFKA_PREFIX.required(groups, fix="write a prefix of your own"),
    )


def _s3_sink(groups: PropertyGroups) -> S3Sink | None:
    bucket = places.bucket(groups, OUTPUT_BUCKET)
    if bucket is None:
        return None
    return S3Sink(
        bucket=bucket,
        prefix=places.prefix(groups, OUTPUT_PREFIX),
        parquet=PARQUET.truth(groups),
        by_hour=PARTITION_BY_HOUR.truth(groups),
    )


def _dead_letters(
    groups: PropertyGroups, s3: S3Sink | None, kafka: KafkaSink | None, source: KinesisSource | KafkaSource
) -> BucketPrefix | KinesisStream | KafkaTopic:
    keys = (DEAD_LETTER_BUCKET, DEAD_LETTER_STREAM, DEAD_LETTER_TOPIC)
    named = [prop.key for prop in keys if prop.text(groups)]
    if len(named) > 1:
        raise SettingsError(GROUP, f"name one place for the dead letters, not {len(named)}", named, "keep one of them")
    stream = places.kinesis_stream(groups, DEAD_LETTER_STREAM, DEAD_LETTER_STREAM_REGION)
    if stream:
        return stream
    if DEAD_LETTER_TOPIC.text(groups):
        cluster = kafka or (source if isinstance(source, KafkaSource) else None)
        if cluster is None:
            raise DEAD_LETTER_TOPIC.error(
                "go with a Kafka source or sink", DEAD_LETTER_TOPIC.text(groups), f"use {DEAD_LETTER_BUCKET.key}"
            )
        return KafkaTopic(
            bootstrap_servers=cluster.bootstrap_servers,
            topic=_topic(groups, DEAD_LETTER_TOPIC),
            client=cluster.client,
        )
    bucket = places.bucket(groups, DEAD_LETTER_BUCKET) or (s3.bucket if s3 else None)
    if bucket is None:
        rule = f"say where dead letters go where there is no {OUTPUT_BUCKET.key}: {', '.join(key.key for key in keys)}"
        raise SettingsError(GROUP, rule, _keys(groups), "add one")
    return BucketPrefix(bucket=bucket, prefix=_dead_letter_prefix(groups, s3, bucket))


def _dead_letter_prefix(groups: PropertyGroups, s3: S3Sink | None, bucket: str) -> str:
    prefix = places.prefix(groups, DEAD_LETTER_PREFIX)
    if s3 and s3.bucket == bucket and _overlap(prefix, s3.prefix):
        raise DEAD_LETTER_PREFIX.error(
            f"lie outside {OUTPUT_PREFIX.key}, or dead letters would be read as trips", prefix, "rename one of the two"
        )
    return prefix


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
