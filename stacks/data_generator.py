"""Data generator: random stock prices, taxi trips or rides into Kinesis, Kafka, or both."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import aws_cdk as cdk
from constructs import Construct
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from flink_apps.data_generator import profile_text, settings
from flink_apps.data_generator.profiles import MAX_RECORDS_PER_SECOND, ProfileError
from flink_apps.data_generator.records import DEFAULT_RECORD_TYPE, RECORD_TYPES, RecordType
from flink_constructs.data_stream import DataStream, StreamCapacity
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import EndpointService, Network
from stacks.config import ScenarioConfig
from stacks.project import ROOT
from stacks.scenario import ScenarioStack, comma_separated


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
                endpoints=[EndpointService.KINESIS_STREAMS] if stream else [],
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
                "BootstrapBrokers", cluster.bootstrap_brokers, "the brokers, for clients that sign in by IAM"
            )
            self.add_output("TopicName", topic.name, "the Kafka topic with the records")

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
