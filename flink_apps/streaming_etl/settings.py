"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flink_apps.common.aws import KINESIS_ENDPOINT, REGION
from flink_apps.common.dead_letters import DeadLetterEnd, DeadLetterOptions
from flink_apps.common.ends import kafka, kinesis, s3
from flink_apps.common.ends.kafka import KafkaOptions, KafkaTopic
from flink_apps.common.ends.kinesis import KinesisOptions, KinesisStream
from flink_apps.common.ends.opensearch import ENDPOINT, INDICES, OpenSearchDomain, OpenSearchOptions
from flink_apps.common.ends.s3 import BucketOptions, BucketPrefix
from flink_apps.common.options import Group, boolean, refuse_unknown_keys
from flink_apps.common.properties import PropertyGroups, SettingsError

GROUP = "FlinkApplicationProperties"
#: Optional group that is passed on to every Kafka client unchanged, such as the sign-in.
KAFKA_CLIENT_GROUP = "KafkaClient"

_option = Group(GROUP)
_ITS_REGION = "region of the stream; by default the application's"

SOURCE_STREAM = KinesisOptions(
    stream=_option("InputKinesisStream", kinesis.NAME, "source: name of the Kinesis stream to read"),
    region=_option("InputStreamRegion", REGION, _ITS_REGION),
    initial_position=_option(
        "InputStreamInitialPosition", kinesis.INITIAL_POSITION, kinesis.INITIAL_POSITION_MEANING, kinesis.OLDEST
    ),
)
SOURCE_TOPIC = KafkaOptions(
    servers=_option(
        "InputKafkaBootstrapServers", kafka.BROKERS, "source: brokers to read from, as host:port,host:port"
    ),
    topic=_option("InputKafkaTopic", kafka.TOPIC, "the topic to read; committed records only"),
    group=_option("InputKafkaConsumerGroup", kafka.CONSUMER_GROUP, kafka.CONSUMER_GROUP_MEANING, "streaming-etl"),
)
SINK_STREAM = KinesisOptions(
    stream=_option("OutputKinesisStream", kinesis.NAME, "sink: name of the Kinesis stream to write"),
    region=_option("OutputStreamRegion", REGION, _ITS_REGION),
)
#: Dead letters in a topic use a prefix that is derived from this one, even where Kafka is no sink.
TRANSACTIONAL_ID_PREFIX = _option(
    "OutputKafkaTransactionalIdPrefix",
    kafka.TRANSACTIONAL_ID_PREFIX,
    kafka.TRANSACTIONAL_ID_PREFIX_MEANING,
    "streaming-etl",
)
SINK_TOPIC = KafkaOptions(
    servers=_option("OutputKafkaBootstrapServers", kafka.BROKERS, "sink: brokers to write to, as host:port,host:port"),
    topic=_option("OutputKafkaTopic", kafka.TOPIC, "the topic to write"),
    transactional_id_prefix=TRANSACTIONAL_ID_PREFIX,
)
SINK_BUCKET = BucketOptions(
    bucket=_option("OutputBucket", s3.BUCKET, "sink: name of the S3 bucket to write"),
    prefix=_option("OutputPrefix", s3.PREFIX, "prefix of the trips in the bucket", "trips"),
)
PARQUET = _option("ParquetConversion", boolean(), "true: write Parquet; false: write JSON lines", default=True)
PARTITION_BY_HOUR = _option(
    "PartitionByHour", boolean(), "true: add the hour of the pickup to the partitions", default=False
)
SINK_DOMAIN = OpenSearchOptions.in_group(
    GROUP,
    endpoint=_option("OutputOpenSearchEndpoint", ENDPOINT, "sink: address of the OpenSearch domain, as https://host"),
    region=_option("OpenSearchRegion", REGION, "region of the domain; by default the application's"),
)
TRIP_TYPES = _option(
    "TripTypes",
    INDICES,
    "types of trips; each is an index in OpenSearch, and a trip of another type is a dead letter",
    ("yellow-trip", "green-trip", "trip", "fhv-trip", "fhvhv-trip"),
)
DEAD_LETTERS = DeadLetterOptions.in_group(
    GROUP,
    region=_option("DeadLetterStreamRegion", REGION, _ITS_REGION),
    default_bucket=SINK_BUCKET.bucket,
    with_topic=True,
)

_OWN = (
    *SOURCE_STREAM.all(),
    *SOURCE_TOPIC.all(),
    *SINK_STREAM.all(),
    *SINK_TOPIC.all(),
    *SINK_BUCKET.all(),
    PARQUET,
    PARTITION_BY_HOUR,
    *SINK_DOMAIN.all(),
    TRIP_TYPES,
    *DEAD_LETTERS.all(),
)
#: Every option of the job, in the order of the README's table.
OPTIONS = (*_OWN, KINESIS_ENDPOINT)
#: Groups whose other keys are passed on, and to whom.
PASSED_ON = {KAFKA_CLIENT_GROUP: "the Kafka consumer and producers"}
#: Amazon OpenSearch Service used to be Amazon Elasticsearch Service; the old keys mean the same.
OLD_KEYS = {
    option.key.replace("OpenSearch", "Elasticsearch"): option
    for option in SINK_DOMAIN.all()
    if option not in (SINK_DOMAIN.username, SINK_DOMAIN.password)
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The checked settings of one run: one source, one or more sinks, one end for the dead letters."""

    source: KinesisStream | KafkaTopic
    kinesis: KinesisStream | None = None
    kafka: KafkaTopic | None = None
    s3: BucketPrefix | None = None
    parquet: bool = True
    partition_by_hour: bool = False
    search: OpenSearchDomain | None = None
    trip_types: tuple[str, ...]
    dead_letters: DeadLetterEnd

    @property
    def copies_headers(self) -> bool:
        """Whether records go from topic to topic, with their headers."""
        return self.kafka is not None and isinstance(self.source, KafkaTopic)

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups.

        Raises:
            SettingsError: A property is invalid.

        """
        groups = _with_new_keys(groups)
        refuse_unknown_keys(groups, _OWN)
        client = groups.get(KAFKA_CLIENT_GROUP, {})
        source = _source(groups, client)
        kafka_sink, s3_sink = SINK_TOPIC.find(groups, client=client), SINK_BUCKET.find(groups)
        dead_letters = DEAD_LETTERS.read(
            groups,
            default_bucket=s3_sink.bucket if s3_sink else None,
            cluster=kafka_sink or (source if isinstance(source, KafkaTopic) else None),
            transactional_id_prefix=TRANSACTIONAL_ID_PREFIX.read(groups),
        )
        if s3_sink and isinstance(dead_letters, BucketPrefix) and dead_letters.overlaps(s3_sink):
            rule = f"lie outside {SINK_BUCKET.prefix.key}, or dead letters would be read as trips"
            raise DEAD_LETTERS.bucket.prefix.error(rule, dead_letters.prefix, "rename one of the two")
        settings = cls(
            source=source,
            kinesis=SINK_STREAM.find(groups),
            kafka=kafka_sink,
            s3=s3_sink,
            parquet=PARQUET.read(groups),
            partition_by_hour=PARTITION_BY_HOUR.read(groups),
            search=SINK_DOMAIN.find(groups),
            trip_types=TRIP_TYPES.read(groups),
            dead_letters=dead_letters,
        )
        if not (settings.kinesis or settings.kafka or settings.s3 or settings.search):
            sinks = (SINK_STREAM.stream, SINK_TOPIC.topic, SINK_BUCKET.bucket, SINK_DOMAIN.endpoint)
            rule = f"name a sink: {', '.join(option.key for option in sinks)}"
            raise SettingsError(GROUP, rule, _keys(groups), "add one of these, or more")
        return settings


def _keys(groups: PropertyGroups) -> list[str]:
    return sorted(groups.get(GROUP, {}))


def _with_new_keys(groups: PropertyGroups) -> PropertyGroups:
    """The same groups with old keys replaced by today's."""
    values = dict(groups.get(GROUP, {}))
    for old, option in OLD_KEYS.items():
        if old in values:
            value = values.pop(old)
            if values.setdefault(option.key, value) != value:
                raise option.error(f"be set once, {old} is its old name", values[option.key], f"remove {old}")
    return {**groups, GROUP: values}


def _source(groups: PropertyGroups, client: Mapping[str, str]) -> KinesisStream | KafkaTopic:
    stream, topic = SOURCE_STREAM.find(groups), SOURCE_TOPIC.find(groups, client=client)
    source = stream or topic
    if source is None or (stream and topic):
        raise SettingsError(
            GROUP,
            f"name one source: {SOURCE_STREAM.stream.key}, or {SOURCE_TOPIC.servers.key} with {SOURCE_TOPIC.topic.key}",
            _keys(groups),
            "remove one of the two" if stream else "add one of the two",
        )
    return source
