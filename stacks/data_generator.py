"""Data generator: random records of several types into Kinesis, Kafka, or both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct
from pydantic import BeforeValidator, Field, field_validator

from dashboards import data_generator as dashboard
from dashboards.data_generator import generated_rate
from flink_apps.common.properties import PropertyGroups
from flink_apps.data_generator import faults, formats, settings
from flink_apps.data_generator.profiles import ProfileError
from flink_apps.data_generator.profiles import text as profile_text
from flink_apps.data_generator.records import RECORD_TYPES, RecordType
from flink_constructs.application import FlinkApplication, MetricsLevel
from flink_constructs.data_stream import DataStream, StreamCapacity
from flink_constructs.kafka_authentication import KafkaAuthentication
from stacks.config import comma_separated, from_option
from stacks.ends import End, TopicEnds, in_group, merged
from stacks.kafka import KafkaConfig
from stacks.project import ROOT
from stacks.scenario import ScenarioStack

#: The alarms wait for this many minutes of throttling, or of a rate that is too low.
TROUBLE_MINUTES = 5
#: The rate is too low below this share of the configured rate.
TOO_SLOW = 0.9
#: The rounding error of the rate metric per subtask: subtasks report integers.
ROUNDED_OFF = 0.5


class DataGeneratorConfig(KafkaConfig):
    """Context of the data generator."""

    scenario: ClassVar[str] = "data-generator"

    record_type: str = from_option(settings.RECORD_TYPE)
    format: str = from_option(formats.FORMAT)
    schema_registry_url: str | None = from_option(formats.SCHEMA_REGISTRY_URL)
    key_field: str | None = from_option(formats.KEY_FIELD)
    seed: int | None = from_option(settings.SEED)
    start_time: datetime = from_option(settings.START_TIME)
    faults_late: float = from_option(faults.LATE)
    faults_duplicate: float = from_option(faults.DUPLICATE)
    faults_malformed: float = from_option(faults.MALFORMED)
    faults_out_of_range: float = from_option(faults.OUT_OF_RANGE)
    sinks: Annotated[tuple[Literal["kinesis", "kafka"], ...], BeforeValidator(comma_separated)] = Field(
        default=("kinesis",), description="sinks of the records: kinesis, kafka, or both", min_length=1
    )
    records_per_second: int = from_option(settings.RECORDS_PER_SECOND)
    profile: str | None = from_option(settings.PROFILE)
    catch_up: bool = from_option(settings.CATCH_UP)
    shards: int | Literal["on-demand"] | None = Field(
        default=None, description="shards of the stream, or on-demand; by default enough for 1.25 times the rate"
    )
    topic: str | None = Field(
        default=None,
        pattern=r"^[a-zA-Z0-9._-]{1,249}$",
        description="Kafka topic; by default the record type's own: "
        + " or ".join(record_type.topic for record_type in RECORD_TYPES.values()),
    )
    authentication: KafkaAuthentication = Field(
        default=KafkaAuthentication.IAM,
        description=f"how the job signs in to the MSK cluster: {', '.join(KafkaAuthentication)}",
    )
    metrics_level: MetricsLevel = Field(
        default=MetricsLevel.TASK,
        description="level of the metrics in CloudWatch; from TASK on, they include backpressure",
    )

    @field_validator("profile")
    @classmethod
    def _profile_without_files(cls, text: str | None) -> str | None:
        """The profile with CSV files replaced by their steps, as the job gets it."""
        if not text:
            return None
        try:
            text = profile_text.with_files_read(text, ROOT)
            profile_text.parse(text)
            settings.profile_properties(text)
        except ProfileError as error:
            raise ValueError(str(error)) from None
        return text

    def check(self) -> None:
        """The registry must be within reach, and the shards enough for the rate."""
        makes_vpc = self.vpc is True or (self.vpc is None and "kafka" in self.sinks)
        if self.schema_registry_url and makes_vpc and not self.nat_gateways:
            rule = "be at least 1 where the stack makes a VPC, which schema-registry-url is out of reach of without one"
            raise self.error("nat_gateways", rule)
        if isinstance(self.shards, int) and "kinesis" in self.sinks:
            if self.shards < 1:
                raise self.error("shards", "be at least 1")
            rate = self.peak_records_per_second()
            needed = StreamCapacity.for_rate(
                records_per_second=rate, record_bytes=self.chosen_record_type().record_bytes, headroom=0
            ).shards
            if needed is not None and self.shards < needed:
                raise self.error("shards", f"be at least {needed}, to hold {rate} records/s")

    @property
    def steady_rate(self) -> int | None:
        """The constant rate in records per second; ``None`` with a profile."""
        return None if self.profile else self.records_per_second

    def peak_records_per_second(self) -> int:
        """The highest rate, including duplicates."""
        peak = profile_text.parse(self.profile).peak_records_per_second if self.profile else self.records_per_second
        return math.ceil(peak * (1 + self.faults_duplicate))

    def chosen_record_type(self) -> RecordType:
        """The configured record type."""
        return RECORD_TYPES[self.record_type]


class DataGeneratorStack(ScenarioStack):
    """The generator's application with the streams and clusters that it writes to."""

    config_type = DataGeneratorConfig
    purpose = "Random stock prices, taxi trips and other records into Kinesis and Kafka, at an exact rate"

    def __init__(self, scope: Construct, construct_id: str, *, config: DataGeneratorConfig) -> None:
        """Declare the sinks that ``config`` names, and the application that may write to just these."""
        super().__init__(scope, construct_id, config=config)
        self._config = config
        make = {"kinesis": self._kinesis_sink, "kafka": self._kafka_sink}
        application = self.add_application([make[sink]() for sink in config.sinks])
        self._add_alarms_and_dashboard(application)

    def cluster_settings(self) -> Mapping[str, Any]:
        """The number of brokers, and how clients sign in."""
        return {"number_of_brokers": self._config.brokers, "authentication": self._config.authentication}

    def own_properties(self, job: str) -> PropertyGroups:
        """The options from the context; a profile replaces the rate, and takes as many keys as it needs."""
        config, own = self._config, merged(super().own_properties(job))
        if config.profile:
            own[settings.GROUP] |= settings.profile_properties(config.profile)
            if "records_per_second" not in config.model_fields_set:
                del own[settings.GROUP][settings.RECORDS_PER_SECOND.key]
        return own

    def _stream(self) -> DataStream:
        config = self._config
        capacity = config.shards or StreamCapacity.for_rate(
            records_per_second=config.peak_records_per_second(),
            record_bytes=config.chosen_record_type().record_bytes,
        )
        return self.stream(
            "Stream", shards=capacity, output="StreamName", description="the Kinesis stream with the records"
        )

    def _kinesis_sink(self) -> End:
        return self.stream_ends.sink(self._stream(), settings.SINK_STREAM)

    def _kafka_sink(self) -> End:
        name = self._config.topic or self._config.chosen_record_type().topic
        topic = self.topic(name, partitions=self._config.partitions)
        self.add_output("TopicName", topic.name, "the Kafka topic with the records")
        ends = TopicEnds(cluster=self.cluster, client_group=in_group(settings.KAFKA_GROUP))
        return ends.sink(topic, settings.SINK_TOPIC)

    def _add_alarms_and_dashboard(self, application: FlinkApplication) -> None:
        config = self._config
        stream = self._stream() if "kinesis" in config.sinks else None
        alarms = self.add_alarms(application)
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
        dashboard.add_sections(
            self.add_dashboard(dashboard.TITLE, alarms),
            application=application,
            cluster=self.cluster if "kafka" in config.sinks else None,
            stream=stream,
            target_records_per_second=config.steady_rate,
        )
