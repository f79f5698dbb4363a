"""What every scenario's stack has: the bundle of its job, its application, its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_sns as sns
from constructs import Construct
from pydantic import Field

from flink_apps.common.properties import Property
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.data_stream import DataStream, StreamCapacity
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import EndpointService, Network
from stacks.config import ScenarioConfig, Shards
from stacks.project import job_bundle

#: Records that a job may be behind in a Kafka partition before it alarms.
MAX_RECORDS_LAG = 100_000


class ScenarioStack(cdk.Stack):
    """A stack with one scenario's application; its own class adds sources, sinks and grants."""

    #: What the scenario's context block is parsed into.
    config_type: ClassVar[type[ScenarioConfig]]
    #: What the stack is, in CloudFormation's console.
    purpose: ClassVar[str]

    def __init__(self, scope: Construct, construct_id: str, *, config: ScenarioConfig) -> None:
        """Declare an empty stack; it is agnostic of account and region."""
        super().__init__(scope, construct_id, description=self.purpose)
        #: What becomes of streams, clusters and logs when the stack is deleted.
        self.removal_policy = cdk.RemovalPolicy.RETAIN if config.retain else cdk.RemovalPolicy.DESTROY

    def add_application(
        self,
        config: ScenarioConfig,
        *,
        property_groups: Mapping[str, Mapping[str, str]],
        vpc: ec2.IVpc | None = None,
    ) -> FlinkApplication:
        """Add the scenario's application as the context configures it, and the outputs that lead to it."""
        application = self._flink_application(
            "Flink",
            job=config.scenario,
            config=config,
            property_groups=property_groups,
            description=f"Flink scenarios: {config.scenario}",
            parallelism=config.parallelism,
            parallelism_per_kpu=config.parallelism_per_kpu,
            auto_scaling=config.auto_scaling,
            vpc=vpc,
            start=config.start,
        )
        self.add_output("ApplicationName", application.application_name, "the application, for the AWS command line")
        self.add_output("LogGroupName", application.log_group.log_group_name, "what the job logs")
        return application

    def add_replay(
        self,
        config: ScenarioConfig,
        *,
        property_groups: Mapping[str, Mapping[str, str]],
        vpc: ec2.IVpc | None = None,
    ) -> FlinkApplication:
        """Add the application that replays historic trips: not started, as each start is a replay of its own."""
        replay = self._flink_application(
            "Replay",
            job="replay",
            config=config,
            property_groups=property_groups,
            description=f"Flink scenarios: the replay for {config.scenario}",
            # One task reads and paces; a KPU writes more than most sources are made for.
            parallelism=1,
            vpc=vpc,
            start=False,
        )
        self.add_output(
            "StartReplayCommand",
            f"aws kinesisanalyticsv2 start-application --application-name {replay.application_name}",
            "starts a replay",
        )
        return replay

    def add_generator(
        self,
        config: ScenarioConfig,
        *,
        property_groups: Mapping[str, Mapping[str, str]],
        vpc: ec2.IVpc | None = None,
    ) -> FlinkApplication:
        """Add the application that makes records up, for as long as it runs."""
        return self._flink_application(
            "Generator",
            job="data-generator",
            config=config,
            property_groups=property_groups,
            description=f"Flink scenarios: the generator for {config.scenario}",
            # A KPU makes more than most streams are made for.
            parallelism=1,
            vpc=vpc,
            start=config.start,
        )

    def _flink_application(
        self,
        construct_id: str,
        *,
        job: str,
        config: ScenarioConfig,
        property_groups: Mapping[str, Mapping[str, str]],
        description: str,
        parallelism: int,
        parallelism_per_kpu: int = 1,
        auto_scaling: bool = False,
        vpc: ec2.IVpc | None,
        start: bool,
    ) -> FlinkApplication:
        """An application that runs a job as the context has it for all applications of the scenario."""
        return FlinkApplication(
            self,
            construct_id,
            code=ApplicationCode.from_bundle(job_bundle(job)),
            property_groups=property_groups,
            description=description,
            parallelism=parallelism,
            parallelism_per_kpu=parallelism_per_kpu,
            auto_scaling=auto_scaling,
            checkpoint_interval=cdk.Duration.seconds(config.checkpoint_seconds),
            snapshots=config.snapshots,
            metrics_level=config.metrics_level,
            log_level=config.log_level,
            removal_policy=self.removal_policy,
            vpc=vpc,
            start=start,
        )

    def add_stream(self, construct_id: str, *, shards: Shards, output: str, description: str) -> DataStream:
        """Add a Kinesis stream, and an output with its name."""
        capacity = StreamCapacity.on_demand() if shards == "on-demand" else StreamCapacity.provisioned(shards)
        stream = DataStream(self, construct_id, capacity=capacity, removal_policy=self.removal_policy)
        self.add_output(output, stream.stream_name, description)
        return stream

    def add_network(self, *, nat_gateways: int, calls: Sequence[EndpointService]) -> Network:
        """Add the VPC of the applications, with endpoints for what they call, and for what all do; S3 needs none."""
        network = Network(
            self,
            "Network",
            nat_gateways=nat_gateways,
            endpoints=[
                *calls,
                EndpointService.CLOUDWATCH_LOGS,
                EndpointService.CLOUDWATCH_MONITORING,
                EndpointService.STS,
            ],
            flow_log_removal_policy=self.removal_policy,
        )
        if self.removal_policy is cdk.RemovalPolicy.RETAIN:
            # Clusters and domains that stay need their network.
            cdk.RemovalPolicies.of(network).retain()
        return network

    def add_cluster(self, network: Network, *, brokers: int) -> KafkaCluster:
        """Add a Kafka cluster in ``network``, and an output with its addresses."""
        cluster = KafkaCluster(
            self,
            "Kafka",
            vpc=network.vpc,
            subnets=network.subnets,
            number_of_brokers=brokers,
            removal_policy=self.removal_policy,
        )
        self.add_output("BootstrapBrokers", cluster.bootstrap_brokers, "the brokers, for clients that sign in by IAM")
        return cluster

    def alarm_topic(self, arn: str | None) -> sns.ITopic | None:
        """The topic that alarms are sent to, where the context names one."""
        return sns.Topic.from_topic_arn(self, "AlarmTopic", arn) if arn else None

    def add_output(self, name: str, value: str, description: str) -> None:
        """Add a stack output."""
        cdk.CfnOutput(self, name, value=value, description=description)


def comma_separated(value: object) -> object:
    """``"kinesis, kafka"``, as the command line has it, as a list; anything else unchanged."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def of_the_job(prop: Property, *, low: int, high: int) -> Any:  # noqa: ANN401 - as pydantic's Field, which it is
    """A key of the context that the job gets as it is, with the default and the meaning that it has there."""
    return Field(default=int(str(prop.default)), ge=low, le=high, description=prop.meaning)
