"""Data generator: random records of several types into Kinesis, Kafka, or both."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from dashboards.data_generator import DataGeneratorDashboard, generated_rate
from flink_apps.data_generator import faults, formats, settings
from flink_apps.data_generator.profiles import text as profile_text
from flink_apps.data_generator.profiles import MAX_RECORDS_PER_SECOND, ProfileError
from flink_apps.data_generator.records import DEFAULT_RECORD_TYPE, RECORD_TYPES, RecordType
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication, MetricsLevel
from flink_constructs.data_stream import DataStream, StreamCapacity
from flink_constructs.kafka_authentication import KafkaAuthentication
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import EndpointService, Network
from stacks.config import ScenarioConfig, TopicArn
from stacks.project import ROOT
from stacks.scenario import ScenarioStack, comma_separated

#: Minutes for which the generator may be throttled, or too slow, before it alarms.
TROUBLE_MINUTES = 5
#: The share of the asked rate below which the generator is too slow.
TOO_SLOW = 0.9
#: What the rate metric's subtasks may each leave out: they report whole numbers.
ROUNDED_OFF = 0.5
#: How clients get in, in the words of the stack's output.
SIGN_IN = {
    KafkaAuthentication.IAM: "that sign in by IAM",
    KafkaAuthentication.SCRAM: "that sign in with the cluster's secret",
    KafkaAuthentication.TLS: "that speak TLS",
    KafkaAuthentication.UNAUTHENTICATED: "that speak without TLS",
}
#: A share of the records.
Share = Annotated[float, Field(ge=0, le=1)]


class DataGeneratorConfig(ScenarioConfig):
    """Context of the data generator."""

    scenario: ClassVar[str] = "data-generator"

    record_type: str = Field(
        default=DEFAULT_RECORD_TYPE.name, description=f"what is generated: {' or '.join(RECORD_TYPES)}"
    )
    format: str = Field(default=formats.DEFAULT_FORMAT, description=formats.FORMAT.meaning)
    schema_registry_url: str | None = Field(default=None, description=formats.SCHEMA_REGISTRY_URL.meaning)
    key_field: str | None = Field(default=None, description=formats.KEY_FIELD.meaning)
    seed: int | None = Field(default=None, ge=0, le=settings.MAX_SEED, description=settings.SEED.meaning)
    start_time: str | None = Field(default=None, description=settings.START_TIME.meaning)
    faults_late: Share = Field(default=0, description=faults.LATE.meaning)
    faults_duplicate: Share = Field(default=0, description=faults.DUPLICATE.meaning)
    faults_malformed: Share = Field(default=0, description=faults.MALFORMED.meaning)
    faults_out_of_range: Share = Field(default=0, description=faults.OUT_OF_RANGE.meaning)
    sinks: Annotated[tuple[Literal["kinesis", "kafka"], ...], BeforeValidator(comma_separated)] = Field(
        default=("kinesis",), description="where the records go: kinesis, kafka, or both", min_length=1
    )
    records_per_second: int = Field(
        default=10, ge=1, le=MAX_RECORDS_PER_SECOND, description="total rate over all subtasks"
    )
    profile: str | None = Field(
        default=None,
        description=f"how the rate goes with time, in the stead of one rate: {profile_text.EXAMPLE}",
    )
    catch_up: bool = Field(default=False, description=settings.CATCH_UP.meaning)
    shards: int | Literal["on-demand"] | None = Field(
        default=None, description="shards of the stream, or on-demand; by default enough for the rate, and a quarter"
    )
    topic: str | None = Field(
        default=None,
        pattern=r"^[a-zA-Z0-9._-]{1,249}$",
        description="the Kafka topic; by default the record type's own: "
        + " or ".join(record_type.topic for record_type in RECORD_TYPES.values()),
    )
    brokers: int = Field(default=2, ge=2, le=60, description="brokers of the MSK cluster")
    partitions: int = Field(default=6, ge=1, le=4000, description="partitions of the topic")
    authentication: KafkaAuthentication = Field(
        default=KafkaAuthentication.IAM,
        description=f"how the job gets into the MSK cluster: {', '.join(KafkaAuthentication)}",
    )
    metrics_level: MetricsLevel = Field(
        default=MetricsLevel.TASK, description="detail of CloudWatch's metrics; from TASK on, what tasks wait for"
    )
    alarm_topic_arn: TopicArn | None = Field(
        default=None, description="the SNS topic that alarms are sent to; by default none"
    )

    @field_validator("record_type")
    @classmethod
    def _record_type_is_known(cls, name: str) -> str:
        if name not in RECORD_TYPES:
            raise ValueError(f"be {' or '.join(RECORD_TYPES)}")
        return name

    @field_validator("profile")
    @classmethod
    def _profile_emits(cls, text: str | None, others: ValidationInfo) -> str | None:
        """The profile without files: what the job gets."""
        if not text:
            return None
        # cdk.json has the default rate, which is why that is no contradiction.
        rate = others.data.get("records_per_second")
        if rate not in (None, cls.model_fields["records_per_second"].default):
            raise ValueError(f"stand without records-per-second, which is {rate}")
        try:
            text = profile_text.with_files_read(text, ROOT)
            settings.profile_properties(text)
        except ProfileError as error:
            raise ValueError(str(error)) from None
        return text

    @field_validator("format")
    @classmethod
    def _format_is_known(cls, name: str) -> str:
        if name not in formats.FORMATS:
            raise ValueError(f"be {' or '.join(formats.FORMATS)}")
        return name

    @field_validator("schema_registry_url")
    @classmethod
    def _registry_is_there_where_it_is_needed(cls, url: str | None, others: ValidationInfo) -> str | None:
        if (url is None) is (others.data.get("format") == formats.WITH_REGISTRY):
            raise ValueError(f"be set where the format is {formats.WITH_REGISTRY}, and only there")
        return url

    @field_validator("key_field")
    @classmethod
    def _every_record_has_the_key(cls, name: str | None, others: ValidationInfo) -> str | None:
        record_type = RECORD_TYPES.get(others.data.get("record_type", ""))
        if name and record_type and name not in record_type.keys:
            raise ValueError(f"be {' or '.join(record_type.keys)}")
        return name

    @field_validator("faults_malformed")
    @classmethod
    def _malformed_records_are_json(cls, share: float, others: ValidationInfo) -> float:
        if share and others.data.get("format") != formats.DEFAULT_FORMAT:
            raise ValueError(f"be 0 where the format is not {formats.DEFAULT_FORMAT}")
        return share

    @field_validator("faults_out_of_range")
    @classmethod
    def _a_record_has_one_fault(cls, share: float, others: ValidationInfo) -> float:
        if share + others.data.get("faults_late", 0) + others.data.get("faults_malformed", 0) > 1:
            raise ValueError("be at most 1 together with faults-late and faults-malformed")
        return share

    @field_validator("shards")
    @classmethod
    def _stream_holds_the_rate(cls, shards: int | str | None, others: ValidationInfo) -> int | str | None:
        rate = _peak(
            others.data.get("records_per_second", 0),
            others.data.get("profile"),
            duplicates=others.data.get("faults_duplicate", 0),
        )
        record_type = RECORD_TYPES.get(others.data.get("record_type", ""))
        if isinstance(shards, int) and rate and record_type and "kinesis" in others.data.get("sinks", ()):
            needed = StreamCapacity.for_rate(
                records_per_second=rate, record_bytes=record_type.record_bytes, headroom=0
            ).shards
            if needed is not None and shards < needed:
                raise ValueError(f"be at least {needed}, to hold {rate} records/s")
        return shards

    @property
    def steady_rate(self) -> int | None:
        """Records per second that are asked for all the time; none with a profile, whose rate changes."""
        return None if self.profile else self.records_per_second

    def peak_records_per_second(self) -> int:
        """The highest rate that there will be, records that come twice counted twice."""
        return _peak(self.records_per_second, self.profile, duplicates=self.faults_duplicate)

    def chosen_record_type(self) -> RecordType:
        """What the name in the context stands for."""
        return RECORD_TYPES[self.record_type]

    def what_is_generated(self) -> dict[str, str]:
        """The properties that say what the records are; what nobody asked for is left to the job."""
        chosen = {
            settings.RECORD_TYPE: self.record_type,
            formats.FORMAT: self.format,
            formats.SCHEMA_REGISTRY_URL: self.schema_registry_url,
            formats.KEY_FIELD: self.key_field,
            settings.SEED: self.seed,
            settings.START_TIME: self.start_time,
            faults.LATE: self.faults_late or None,
            faults.DUPLICATE: self.faults_duplicate or None,
            faults.MALFORMED: self.faults_malformed or None,
            faults.OUT_OF_RANGE: self.faults_out_of_range or None,
        }
        return {prop.key: str(value) for prop, value in chosen.items() if value is not None}


def _peak(records_per_second: int, profile: str | None, *, duplicates: float) -> int:
    highest = profile_text.parse(profile).peak_records_per_second if profile else records_per_second
    return math.ceil(highest * (1 + duplicates))


class DataGeneratorStack(ScenarioStack):
    """The generator's application with the streams and clusters that it writes to."""

    config_type = DataGeneratorConfig
    purpose = "Random stock prices, taxi trips and other records into Kinesis and Kafka, at an exact rate"

    def __init__(self, scope: Construct, construct_id: str, *, config: DataGeneratorConfig) -> None:
        """Declare the sinks that ``config`` names, and the application that may write to just these."""
        super().__init__(scope, construct_id, config=config)
        record_type = config.chosen_record_type()
        groups = {
            settings.RECORDS_PER_SECOND.group: {
                **(
                    settings.profile_properties(config.profile)
                    if config.profile
                    else {settings.RECORDS_PER_SECOND.key: str(config.records_per_second)}
                ),
                settings.CATCH_UP.key: str(config.catch_up).lower(),
                **config.what_is_generated(),
            }
        }

        stream = self._stream(config) if "kinesis" in config.sinks else None
        if stream:
            groups[settings.KINESIS_STREAM_ARN.group] = {
                settings.KINESIS_STREAM_ARN.key: stream.stream_arn,
                settings.KINESIS_REGION.key: self.region,
            }
        network = cluster = topic = None
        if "kafka" in config.sinks:
            network = Network(
                self,
                "Network",
                endpoints=[
                    *([EndpointService.KINESIS_STREAMS] if stream else []),
                    *([EndpointService.SECRETS_MANAGER] if config.authentication == KafkaAuthentication.SCRAM else []),
                ],
                flow_log_removal_policy=self.removal_policy,
            )
            if config.retain:
                # A cluster that stays needs its network.
                cdk.RemovalPolicies.of(network).retain()
            cluster = KafkaCluster(
                self,
                "Kafka",
                vpc=network.vpc,
                subnets=network.subnets,
                number_of_brokers=config.brokers,
                authentication=config.authentication,
                removal_policy=self.removal_policy,
            )
            topic = cluster.add_topic(config.topic or record_type.topic, partitions=config.partitions)
            groups[settings.KAFKA_TOPIC.group] = {
                settings.KAFKA_BOOTSTRAP_SERVERS.key: cluster.bootstrap_brokers,
                settings.KAFKA_TOPIC.key: topic.name,
                **cluster.client_properties,
            }

        application = self.add_application(config, property_groups=groups, vpc=network.vpc if network else None)
        if stream:
            stream.grant_write(application)
            self.add_output("StreamName", stream.stream_name, "the Kinesis stream with the records")
        if network and cluster and topic:
            cluster.grant_write(application, topic)
            application.node.add_dependency(topic.resource)
            cluster.connections.allow_default_port_from(application.connections)
            # The last snapshot before a deletion needs the ways to the sinks as much as the start does.
            application.starts_after(network, cluster)
            self.add_output(
                "BootstrapBrokers",
                cluster.bootstrap_brokers,
                f"the brokers, for clients {SIGN_IN[config.authentication]}",
            )
            self.add_output("TopicName", topic.name, "the Kafka topic with the records")
            if cluster.secret:
                self.add_output("SecretArn", cluster.secret.secret_arn, "name and password of the cluster's clients")
        self._watch(config, application, stream=stream, cluster=cluster)

    def _watch(
        self,
        config: DataGeneratorConfig,
        application: FlinkApplication,
        *,
        stream: DataStream | None,
        cluster: KafkaCluster | None,
    ) -> None:
        """Add alarms and the dashboard that shows them."""
        alarms = ApplicationAlarms(
            self,
            "Alarms",
            application=application,
            topic=self.alarm_topic(config.alarm_topic_arn),
            always_running=config.start,
        )
        lowest = round(TOO_SLOW * (config.steady_rate or 0) - ROUNDED_OFF * config.parallelism, 1)
        if lowest > 0:
            alarms.alarm(
                "RateBelowTarget",
                metric=generated_rate(application),
                threshold=lowest,
                comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
                datapoints=TROUBLE_MINUTES,
                description=f"Fewer records than asked for have been generated for {TROUBLE_MINUTES} minutes. Where "
                "tasks are backpressured a sink is too slow: add shards or brokers; where they are busy, raise the "
                "parallelism.",
            )
        if stream:
            alarms.alarm(
                "Throttled",
                metric=stream.metric_write_provisioned_throughput_exceeded(period=cdk.Duration.minutes(1)),
                threshold=0,
                datapoints=TROUBLE_MINUTES,
                description=f"The stream has refused records in each of {TROUBLE_MINUTES} minutes; the job sends them "
                "again. Add shards, or lower the rate.",
            )
        dashboard = DataGeneratorDashboard(
            self,
            "Dashboard",
            application=application,
            alarms=alarms,
            cluster=cluster,
            stream=stream,
            target_records_per_second=config.steady_rate,
        )
        self.add_output("DashboardUrl", dashboard.url, "the dashboard")

    def _stream(self, config: DataGeneratorConfig) -> DataStream:
        if config.shards == "on-demand":
            capacity = StreamCapacity.on_demand()
        elif isinstance(config.shards, int):
            capacity = StreamCapacity.provisioned(config.shards)
        else:
            capacity = StreamCapacity.for_rate(
                records_per_second=config.peak_records_per_second(),
                record_bytes=config.chosen_record_type().record_bytes,
            )
        return DataStream(self, "Stream", capacity=capacity, removal_policy=self.removal_policy)
