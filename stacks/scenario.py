"""What every scenario's stack has: the bundle of its job, its application, its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from flink_constructs.application import FlinkApplication
from stacks.config import ScenarioConfig
from stacks.project import job_bundle


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
        application = FlinkApplication(
            self,
            "Flink",
            bundle=job_bundle(config.scenario),
            property_groups=property_groups,
            description=f"Flink scenarios: {config.scenario}",
            parallelism=config.parallelism,
            parallelism_per_kpu=config.parallelism_per_kpu,
            auto_scaling=config.auto_scaling,
            checkpoint_interval=cdk.Duration.seconds(config.checkpoint_seconds),
            snapshots=config.snapshots,
            metrics_level=config.metrics_level,
            log_level=config.log_level,
            removal_policy=self.removal_policy,
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
        replay = FlinkApplication(
            self,
            "Replay",
            bundle=job_bundle("replay"),
            property_groups=property_groups,
            description=f"Flink scenarios: the replay for {config.scenario}",
            # One task reads and paces; a KPU writes more than most sources are made for.
            parallelism=1,
            checkpoint_interval=cdk.Duration.seconds(config.checkpoint_seconds),
            snapshots=config.snapshots,
            metrics_level=config.metrics_level,
            log_level=config.log_level,
            removal_policy=self.removal_policy,
            vpc=vpc,
            start=False,
        )
        self.add_output(
            "StartReplayCommand",
            f"aws kinesisanalyticsv2 start-application --application-name {replay.application_name}",
            "starts a replay",
        )
        return replay

    def add_output(self, name: str, value: str, description: str) -> None:
        """Add a stack output."""
        cdk.CfnOutput(self, name, value=value, description=description)


def comma_separated(value: object) -> object:
    """``"kinesis, kafka"``, as the command line has it, as a list; anything else unchanged."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value
