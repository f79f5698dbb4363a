"""The base of all scenarios' stacks: bundle, application, ends, outputs, alarms, dashboard."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_sns as sns
from constructs import Construct

import scenarios
from dashboards.scenario import ScenarioDashboard
from flink_apps.common.options import Option, written
from flink_apps.common.properties import PropertyGroups, SettingsError
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.application_restore import Restore
from flink_constructs.data_stream import DataStream, StreamCapacity
from flink_constructs.kafka_authentication import KafkaAuthentication
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.kafka_cluster_base import KafkaTopic
from flink_constructs.network import EndpointService, Network, NetworkBase
from flink_constructs.snapshot_schedule import SnapshotSchedule
from flink_constructs.stream_archive import StreamArchive
from stacks.config import ZONES, ScenarioConfig, Shards
from stacks.ends import End, StreamEnds, merged
from stacks.project import job_bundle

#: Alarm above this many records of lag in a Kafka partition.
MAX_RECORDS_LAG = 100_000
#: What every application in a VPC calls; S3 needs no endpoint of this kind.
CALLED_BY_ALL = (EndpointService.CLOUDWATCH_LOGS, EndpointService.CLOUDWATCH_MONITORING, EndpointService.STS)
#: How clients sign in, for the description of the stack's output.
SIGN_IN = {
    KafkaAuthentication.IAM: "that sign in by IAM",
    KafkaAuthentication.SCRAM: "that sign in with the cluster's secret",
    KafkaAuthentication.TLS: "that speak TLS",
    KafkaAuthentication.UNAUTHENTICATED: "that speak without TLS",
}


class ScenarioStack(cdk.Stack):
    """A stack with one scenario's application; the scenario's class adds sources, sinks and grants.

    The network, the cluster and the bucket are created when they are first used.
    """

    #: What the scenario's context block is parsed into.
    config_type: ClassVar[type[ScenarioConfig]]
    #: What the stack is, in CloudFormation's console.
    purpose: ClassVar[str]

    def __init__(self, scope: Construct, construct_id: str, *, config: ScenarioConfig) -> None:
        """Declare an empty stack, agnostic of account and region unless a VPC has to be looked up in them."""
        super().__init__(
            scope,
            construct_id,
            description=self.purpose,
            env=_where_a_vpc_is(config),
            # A folder of its own in the CDK's bucket: an application may read its earlier code there, for a rollback.
            synthesizer=cdk.DefaultStackSynthesizer(bucket_prefix=f"{construct_id}/"),
        )
        self._configuration = config
        self._network: NetworkBase | None = None
        self._snapshot_schedule: SnapshotSchedule | None = None
        self._streams: dict[str, DataStream] = {}
        self._topics: dict[str, KafkaTopic] = {}
        #: The removal policy of streams, clusters and logs. A failed creation takes back what it has made.
        self.removal_policy = (
            cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if config.retain else cdk.RemovalPolicy.DESTROY
        )
        self.stream_ends = StreamEnds(region=self.region)
        if config.vpc:
            self.network_for("the application")

    # Resources, made when they are first used.

    @property
    def network(self) -> NetworkBase | None:
        """The VPC of the applications, where there is one so far."""
        return self._network

    def network_for(self, user: str) -> NetworkBase:
        """The VPC, for something that is reached from a VPC alone; ``user`` is what an error calls it."""
        if self._network is None:
            if self._configuration.vpc is False:
                rule = f"be true where {user} is used, which is reached from a VPC alone"
                raise self._configuration.error("vpc", rule)
            self._network = self._existing_network() or self._new_network()
        return self._network

    def _existing_network(self) -> NetworkBase | None:
        """The VPC that the context names, which has its own ways to what the job calls."""
        vpc_id = self._configuration.vpc_id
        if vpc_id is None:
            return None
        return Network.from_vpc(self, "Network", ec2.Vpc.from_lookup(self, "Vpc", vpc_id=vpc_id))

    def _new_network(self) -> Network:
        network = Network(
            self,
            "Network",
            availability_zones=self._configuration.availability_zones or ZONES,
            nat_gateways=self._configuration.nat_gateways,
            endpoints=CALLED_BY_ALL,
            flow_log_removal_policy=self.removal_policy,
        )
        if self._configuration.retain:
            # Clusters and domains that stay need their network.
            cdk.RemovalPolicies.of(network).retain_on_update_or_delete()
        return network

    @cached_property
    def cluster(self) -> KafkaCluster:
        """The Kafka cluster, and an output with its addresses."""
        network, settings = self.network_for("Kafka"), self.cluster_settings()
        cluster = KafkaCluster(
            self,
            "Kafka",
            vpc=network.vpc,
            subnets=network.subnets,
            removal_policy=self.removal_policy,
            **settings,
        )
        clients = SIGN_IN[cluster.authentication]
        self.add_output("BootstrapBrokers", cluster.bootstrap_brokers, f"the brokers, for clients {clients}")
        if cluster.secret:
            self.add_output("SecretArn", cluster.secret.secret_arn, "name and password of the cluster's clients")
        return cluster

    def cluster_settings(self) -> Mapping[str, Any]:
        """What the cluster is made with besides its network; a scenario with Kafka has the number of brokers."""
        return {}

    def topic(self, name: str, *, partitions: int) -> KafkaTopic:
        """A topic of the cluster."""
        if name not in self._topics:
            self._topics[name] = self.cluster.add_topic(name, partitions=partitions)
        return self._topics[name]

    @cached_property
    def archive(self) -> StreamArchive:
        """The bucket of the scenario."""
        return StreamArchive(self, "Archive", removal_policy=self.removal_policy)

    def stream(
        self, construct_id: str, *, shards: Shards | StreamCapacity, output: str, description: str
    ) -> DataStream:
        """A Kinesis stream, and an output with its name."""
        if construct_id not in self._streams:
            if isinstance(shards, StreamCapacity):
                capacity = shards
            else:
                capacity = StreamCapacity.on_demand() if shards == "on-demand" else StreamCapacity.provisioned(shards)
            stream = DataStream(self, construct_id, capacity=capacity, removal_policy=self.removal_policy)
            self.add_output(output, stream.stream_name, description)
            self._streams[construct_id] = stream
        return self._streams[construct_id]

    # Applications.

    def add_application(self, ends: Sequence[End]) -> FlinkApplication:
        """Add the scenario's application with its ends, as the context configures it, and outputs that lead to it."""
        config = self._configuration
        application = self._flink_application(
            "Flink",
            config.scenario,
            ends,
            description=f"Flink scenarios: {config.scenario}",
            parallelism=config.parallelism,
            parallelism_per_kpu=config.parallelism_per_kpu,
            auto_scaling=config.auto_scaling,
            start=config.start,
            restore=config.restored,
            allow_non_restored_state=config.allow_non_restored_state,
        )
        self._schedule_snapshots(application)
        if not isinstance(self._network, Network):
            if config.nat_gateways:
                raise config.error("nat_gateways", "be 0 where there is no VPC of the stack's own")
            if config.availability_zones:
                raise config.error("availability_zones", "be left out where there is no VPC of the stack's own")
        self.add_output("ApplicationName", application.application_name, "the application, for the AWS command line")
        self.add_output("LogGroupName", application.log_group.log_group_name, "what the job logs")
        return application

    def _schedule_snapshots(self, application: FlinkApplication) -> None:
        config = self._configuration
        if not config.snapshot_hours:
            return
        if config.enhanced_snapshots:
            raise config.error("snapshot_hours", "be 0 where enhanced-snapshots is true")
        if not config.snapshots:
            raise config.error("snapshot_hours", "be 0 where snapshots is false")
        self._snapshot_schedule = SnapshotSchedule(
            self,
            "Snapshots",
            application=application,
            every=cdk.Duration.hours(config.snapshot_hours),
            keep=config.snapshots_kept,
            max_age=cdk.Duration.days(config.snapshot_days),
        )

    def add_replay(self, ends: Sequence[End]) -> FlinkApplication:
        """Add the application that replays historic trips. It is not started, as each start is a new replay.

        The service keeps an application whose job has ended running, and billed, until it is stopped. A snapshot of
        its end would be the next start's beginning, so it takes none.
        """
        replay = self._flink_application(
            "Replay",
            "replay",
            ends,
            description=f"Flink scenarios: the replay for {self._configuration.scenario}",
            # One task reads and paces; a KPU writes more than most sources are made for.
            parallelism=1,
            snapshots=False,
            start=False,
        )
        command = f"application --application-name {replay.application_name}"
        self.add_output("StartReplayCommand", f"aws kinesisanalyticsv2 start-{command}", "starts a replay")
        self.add_output(
            "StopReplayCommand",
            # A job that has ended cannot be stopped but by force.
            f"aws kinesisanalyticsv2 stop-{command} --force",
            "stops the replay, which is billed until then, also after its last trip",
        )
        return replay

    def add_generator(self, ends: Sequence[End]) -> FlinkApplication:
        """Add the application that generates records for as long as it runs."""
        return self._flink_application(
            "Generator",
            "data-generator",
            ends,
            description=f"Flink scenarios: the generator for {self._configuration.scenario}",
            # A KPU makes more than most streams are made for.
            parallelism=1,
            start=self._configuration.start,
        )

    def _flink_application(
        self,
        construct_id: str,
        job: str,
        ends: Sequence[End],
        *,
        description: str,
        parallelism: int,
        parallelism_per_kpu: int = 1,
        auto_scaling: bool = False,
        snapshots: bool = True,
        start: bool,
        restore: Restore | None = None,
        allow_non_restored_state: bool = False,
    ) -> FlinkApplication:
        """An application with a job, configured by the context keys for all applications of the scenario."""
        config, network = self._configuration, self._network
        groups = merged(self.own_properties(job), *(end.properties for end in ends))
        self._check(job, groups, ends)
        application = FlinkApplication(
            self,
            construct_id,
            code=ApplicationCode.from_bundle(job_bundle(job)),
            property_groups=groups,
            description=description,
            parallelism=parallelism,
            parallelism_per_kpu=parallelism_per_kpu,
            auto_scaling=auto_scaling,
            checkpoint_interval=cdk.Duration.seconds(config.checkpoint_seconds),
            snapshots=snapshots and config.snapshots,
            restore=restore,
            allow_non_restored_state=allow_non_restored_state,
            enhanced_snapshots=config.enhanced_snapshots,
            stable_for=cdk.Duration.seconds(config.stable_for_seconds),
            metrics_level=config.metrics_level,
            log_level=config.log_level,
            removal_policy=self.removal_policy,
            vpc=network.vpc if network else None,
            vpc_subnets=network.subnets if network else None,
            start=start,
            # Also one that is started by hand ends well, before its network and its grants go.
            stop=True,
        )
        self._connect(application, ends)
        return application

    def own_properties(self, job: str) -> PropertyGroups:
        """The values from the context for a job's own options, except those of ends."""
        options = scenarios.module("flink_apps", f"{job}.settings").OPTIONS
        return written(self._configuration.values(options).items())

    def check_settings(self, job: str, settings: Any) -> None:  # noqa: ANN401 - each job has a class of its own
        """Check a job's settings against the application's parallelism; by default there is nothing to check."""

    def _check(self, job: str, groups: PropertyGroups, ends: Sequence[End]) -> None:
        """Parse the groups with the job's own parser; its errors name context keys.

        Values that are only known after the deployment are replaced by examples.
        """
        module = scenarios.module("flink_apps", f"{job}.settings")
        options: dict[tuple[str, str], Option[Any]] = {(option.group, option.key): option for option in module.OPTIONS}
        known = _Examples()
        texts = {
            group: {key: known.instead_of(value, options.get((group, key))) for key, value in properties.items()}
            for group, properties in groups.items()
        }
        try:
            self.check_settings(job, module.Settings.from_property_groups(texts))
        except SettingsError as error:
            keys = {
                f"{group}/{key}": end.context_key
                for end in ends
                if end.context_key
                for group, properties in end.properties.items()
                for key in properties
            }
            raise self._configuration.in_context_keys(error, keys) from None

    def _connect(self, application: FlinkApplication, ends: Sequence[End]) -> None:
        """Permit the application to use its ends, and create them before it starts."""
        for end in ends:
            end.grant(application)
            for needed in end.needed:
                application.node.add_dependency(needed)
        for peer in dict.fromkeys(end.peer for end in ends if end.peer):
            if self._network:
                peer.connections.allow_default_port_from(application.connections)
            application.starts_after(peer)
        if isinstance(self._network, Network):
            for call in (call for end in ends for call in end.calls):
                self._network.add_endpoint(call)
            # The last snapshot before a deletion needs the ways to the ends as much as the start does.
            application.starts_after(self._network)

    # What watches over them.

    def add_alarms(
        self,
        application: FlinkApplication,
        *,
        source_stream: DataStream | None = None,
        max_records_lag: int | None = None,
    ) -> ApplicationAlarms:
        """Add the alarms of every application, which notify the topic from the context."""
        config = self._configuration
        topic = sns.Topic.from_topic_arn(self, "AlarmTopic", config.alarm_topic_arn) if config.alarm_topic_arn else None
        alarms = ApplicationAlarms(
            self,
            "Alarms",
            application=application,
            topic=topic,
            always_running=config.start,
            source_stream=source_stream,
            max_records_lag=max_records_lag,
        )
        if self._snapshot_schedule is not None:
            alarms.alarm(
                "ScheduledSnapshots",
                metric=self._snapshot_schedule.metric_failures(),
                threshold=0,
                description="A scheduled snapshot could not be taken, or failed. Look at the log of the schedule's"
                " function and of the application: a job that cannot take one cannot be updated either.",
            )
        return alarms

    def add_dashboard(self, title: str, alarms: ApplicationAlarms) -> ScenarioDashboard:
        """Add the dashboard, which begins with the alarms, and an output that leads to it."""
        dashboard = ScenarioDashboard(self, "Dashboard", title=title, alarms=alarms)
        self.add_output("DashboardUrl", dashboard.url, "the dashboard, in CloudWatch")
        return dashboard

    def add_output(self, name: str, value: str, description: str) -> None:
        """Add a stack output."""
        cdk.CfnOutput(self, name, value=value, description=description)


def _where_a_vpc_is(config: ScenarioConfig) -> cdk.Environment | None:
    """The account and region in which the CDK looks a VPC up: those of whoever synthesizes."""
    if config.vpc_id is None:
        return None
    account, region = (os.environ.get(f"CDK_DEFAULT_{name}") for name in ("ACCOUNT", "REGION"))
    if not account or not region:
        rule = "be true or false where nobody is signed in to AWS, since it is looked up in the account"
        raise config.error("vpc", rule)
    return cdk.Environment(account=account, region=region)


class _Examples:
    """Examples for values that are only known after the deployment; equal values get equal examples, if possible."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def instead_of(self, value: str, option: Option[Any] | None) -> str:
        """``value``, or an example of the option's type."""
        if option is None or not cdk.Token.is_unresolved(value):
            return value
        example = option.type.example
        number = self._numbers.setdefault(value, len(self._numbers))
        try:
            option.parse(f"{example}-{number}")
        except SettingsError:
            return example
        return f"{example}-{number}"
