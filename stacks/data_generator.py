"""Data generator: random stock prices, taxi trips or rides into Kinesis, Kafka, or both."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from dashboards.data_generator import DataGeneratorDashboard, generated_rate
from flink_apps.data_generator import profile_text, settings
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


class DataGeneratorConfig(ScenarioConfig):
    """Context of the data generator."""

    scenario: ClassVar[str] = "data-generator"

    record_type: str = Field(
        default=DEFAULT_RECORD_TYPE.name, description=f"what is generated: {' or '.join(RECORD_TYPES)}"
    )
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

    @field_validator("shards")
    @classmethod
    def _stream_holds_the_rate(cls, shards: int | str | None, others: ValidationInfo) -> int | str | None:
        rate = _peak(others.data.get("records_per_second", 0), others.data.get("profile"))
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
        """The highest rate that there will be."""
        return _peak(self.records_per_second, self.profile)

    def chosen_record_type(self) -> RecordType:
        """What the name in the context stands for."""
        return RECORD_TYPES[self.record_type]


def _peak(records_per_second: int, profile: str | None) -> int:
    return profile_text.parse(profile).peak_records_per_second if profile else records_per_second


class DataGeneratorStack(ScenarioStack):
    """The generator's application with the streams and clusters that it writes to."""

    config_type = DataGeneratorConfig
    purpose = "Random stock prices, taxi trips or rides into Kinesis and Kafka, at an exact rate"

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
                settings.RECORD_TYPE.key: record_type.name,
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
