"""Lottery: players with coupons click, and every window of event time has a winner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from constructs import Construct
from pydantic import Field, ValidationInfo, field_validator

from dashboards.lottery import LotteryDashboard
from flink_apps.common.properties import Property
from flink_apps.lottery import schema, settings
from flink_apps.lottery.metrics import REJECTED_COUNT
from flink_constructs import metric_math
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.kafka_cluster_base import KafkaTopic
from flink_constructs.network import EndpointService, Network
from stacks.config import ScenarioConfig, Shards, TopicArn, gateways_of_a_vpc, vpc_where_needed
from stacks.scenario import MAX_RECORDS_LAG, ScenarioStack, of_the_job

#: Construct ids of the streams, and begins of their outputs' names.
LOTTERY_EVENTS, USER_EVENTS, WINNERS, REJECTED_EVENTS = "LotteryEvents", "UserEvents", "Winners", "RejectedEvents"
#: Where the job learns the name of each; a topic has the name that the job takes by default.
INPUTS = {LOTTERY_EVENTS: settings.LOTTERY_INPUT, USER_EVENTS: settings.USER_INPUT}
OUTPUTS = {WINNERS: settings.WINNERS_OUTPUT, REJECTED_EVENTS: settings.REJECTED_OUTPUT}
STREAMS = INPUTS | OUTPUTS


@dataclass(frozen=True, kw_only=True)
class Command:
    """A shell command that puts an event into a stream, in the partition of one of the event's ids."""

    purpose: str
    stream: str
    key: str
    event: Mapping[str, str | int]

    def shell(self, stream: DataStream) -> str:
        """The command as it is typed."""
        # Whole seconds: not every system's date knows milliseconds.
        data = json.dumps(self.event, separators=(",", ":")).replace(json.dumps(NOW), "'$(date +%s)'000")
        return (
            f"aws kinesis put-record --stream-name {stream.stream_name} --partition-key {self.event[self.key]}"
            f" --cli-binary-format raw-in-base64-out --data '{data}'"
        )


#: Stands in an event for the time at which the command is run, in milliseconds since 1970.
NOW = "now"
#: What a first game takes, by the begins of the outputs' names.
COMMANDS = {
    "StartLottery": Command(
        purpose="starts lottery 1",
        stream=LOTTERY_EVENTS,
        key="lotteryId",
        event={"type": schema.START, "lotteryId": 1},
    ),
    "StopLottery": Command(
        purpose="stops lottery 1",
        stream=LOTTERY_EVENTS,
        key="lotteryId",
        event={"type": schema.STOP, "lotteryId": 1},
    ),
    "BuyCoupons": Command(
        purpose="buys ten coupons for player 7",
        stream=USER_EVENTS,
        key="userId",
        event={"type": schema.BUY, "userId": 7, "purchasedCoupons": 10},
    ),
    "Click": Command(
        purpose="clicks on lottery 1 as player 7",
        stream=USER_EVENTS,
        key="userId",
        event={"type": schema.CLICK, "userId": 7, "lotteryId": 1, "timestamp": NOW},
    ),
}


class LotteryConfig(ScenarioConfig):
    """Context of the lottery."""

    scenario: ClassVar[str] = "lottery"

    parallelism: int = Field(default=2, ge=1, description="parallel tasks of every operator")
    checkpoint_seconds: int = Field(
        default=10,
        ge=1,
        le=3600,
        description="seconds between two checkpoints; Kafka's readers see winners with the next one",
    )
    connector: Literal["kinesis", "kafka"] = Field(default="kinesis", description=settings.CONNECTOR.meaning)
    shards: Shards = Field(default=4, description="shards of each stream, or on-demand")
    brokers: int = Field(default=2, ge=2, le=60, description="brokers of the MSK cluster")
    partitions: int = Field(default=6, ge=1, le=4000, description="partitions of each topic")
    window_seconds: int = of_the_job(settings.WINDOW, low=1, high=86_400)
    grace_millis: int = of_the_job(settings.GRACE, low=0, high=3_600_000)
    idle_seconds: int = of_the_job(settings.IDLE, low=1, high=86_400)
    clock_skew_seconds: int = of_the_job(settings.CLOCK_SKEW, low=0, high=86_400)
    prizes: int = of_the_job(settings.PRIZES, low=0, high=1_000_000)
    player_expiry_hours: int = of_the_job(settings.PLAYER_EXPIRY, low=1, high=87_600)
    execution_mode: Literal["thread", "process"] = Field(default="thread", description=settings.EXECUTION_MODE.meaning)
    rejected_alarm: int = Field(default=1000, ge=0, description="rejected events in 5 minutes above which it alarms")
    alarm_topic_arn: TopicArn | None = Field(
        default=None, description="the SNS topic that alarms are sent to; by default none"
    )
    vpc: bool | None = Field(default=None, description="run inside a VPC; by default only where Kafka needs it")
    nat_gateways: int = Field(default=0, ge=0, le=2, description="gateways from the VPC to the internet")

    @field_validator("execution_mode")
    @classmethod
    def _threads_have_a_taskmanager_each(cls, mode: str, others: ValidationInfo) -> str:
        # A KPU is a TaskManager: its tasks are threads of one interpreter, of which one runs at a time.
        if mode == "thread" and others.data.get("parallelism_per_kpu", 1) > 1:
            raise ValueError(
                "be process where parallelism-per-kpu is above 1, as threads of a KPU share one interpreter"
            )
        return mode

    @field_validator("vpc")
    @classmethod
    def _a_vpc_where_needed(cls, vpc: bool | None, others: ValidationInfo) -> bool | None:
        return vpc_where_needed(vpc, needed=others.data.get("connector") == "kafka", by="Kafka")

    @field_validator("nat_gateways")
    @classmethod
    def _gateways_of_a_vpc(cls, gateways: int, others: ValidationInfo) -> int:
        in_vpc = bool(others.data.get("vpc")) or others.data.get("connector") == "kafka"
        return gateways_of_a_vpc(gateways, in_vpc=in_vpc)

    @property
    def in_vpc(self) -> bool:
        """Whether the application runs in a VPC."""
        return bool(self.vpc) or self.connector == "kafka"


class LotteryStack(ScenarioStack):
    """The job with its streams or topics, and what watches over it."""

    config_type = LotteryConfig
    purpose = "Lotteries: a click of each window of event time wins"

    def __init__(self, scope: Construct, construct_id: str, *, config: LotteryConfig) -> None:
        """Declare the streams of the connector that ``config`` names, and an application that may use just these."""
        super().__init__(scope, construct_id, config=config)
        self._config = config
        self._network = (
            self.add_network(
                nat_gateways=config.nat_gateways,
                calls=[EndpointService.KINESIS_STREAMS] if config.connector == "kinesis" else [],
            )
            if config.in_vpc
            else None
        )
        self._streams: dict[str, DataStream] = {}
        self._topics: dict[str, KafkaTopic] = {}
        self._cluster: KafkaCluster | None = None
        if config.connector == "kinesis":
            groups = self._add_streams()
        else:
            assert self._network is not None  # noqa: S101 - Kafka is reached from a VPC alone
            groups = self._add_topics(self._network)

        application = self.add_application(
            config, property_groups=groups, vpc=self._network.vpc if self._network else None
        )
        self._let_use(application)
        self._watch(application)

    def _add_streams(self) -> dict[str, dict[str, str]]:
        """Add the streams of Kinesis, and the commands for their first events; return what the job is told."""
        for name, prop in STREAMS.items():
            self._streams[name] = self.add_stream(
                name, shards=self._config.shards, output=f"{name}StreamName", description=prop.meaning
            )
        for name, command in COMMANDS.items():
            self.add_output(f"{name}Command", command.shell(self._streams[command.stream]), command.purpose)
        return {
            settings.GROUP: self._own_keys(),
            **{prop.group: {prop.key: self._streams[name].stream_name} for name, prop in STREAMS.items()},
            settings.CONSUMER_GROUP: {settings.REGION.key: self.region},
            settings.PRODUCER_GROUP: {settings.OUTPUT_REGION.key: self.region},
        }

    def _add_topics(self, network: Network) -> dict[str, dict[str, str]]:
        """Add a Kafka cluster with the topics; return what the job is told."""
        self._cluster = cluster = self.add_cluster(network, brokers=self._config.brokers)
        for name, prop in STREAMS.items():
            self._topics[name] = cluster.add_topic(str(prop.default), partitions=self._config.partitions)
            self.add_output(f"{name}TopicName", self._topics[name].name, prop.meaning)
        prefix = settings.TRANSACTIONAL_ID_PREFIX
        return {
            settings.GROUP: {**self._own_keys(), prefix.key: str(prefix.default)},
            **{prop.group: {prop.key: self._topics[name].name} for name, prop in STREAMS.items()},
            settings.CONSUMER_GROUP: {
                settings.CONSUMER_SERVERS.key: cluster.bootstrap_brokers,
                settings.KAFKA_GROUP.key: str(settings.KAFKA_GROUP.default),
                **cluster.client_properties,
            },
            settings.PRODUCER_GROUP: {
                settings.PRODUCER_SERVERS.key: cluster.bootstrap_brokers,
                **cluster.client_properties,
            },
        }

    def _own_keys(self) -> dict[str, str]:
        config = self._config
        values: dict[Property, str | int] = {
            settings.CONNECTOR: config.connector,
            settings.WINDOW: config.window_seconds,
            settings.GRACE: config.grace_millis,
            settings.IDLE: config.idle_seconds,
            settings.CLOCK_SKEW: config.clock_skew_seconds,
            settings.PRIZES: config.prizes,
            settings.PLAYER_EXPIRY: config.player_expiry_hours,
            settings.EXECUTION_MODE: config.execution_mode,
        }
        return {prop.key: str(value) for prop, value in values.items()}

    def _let_use(self, application: FlinkApplication) -> None:
        """Permit ``application`` to read the inputs and to write the outputs, which are there before it starts."""
        for name, stream in self._streams.items():
            if name in INPUTS:
                stream.grant_read(application)
            else:
                stream.grant_write(application)
        if self._cluster:
            for name, topic in self._topics.items():
                if name in INPUTS:
                    self._cluster.grant_read(application, topic, group=str(settings.KAFKA_GROUP.default))
                else:
                    prefix = str(settings.TRANSACTIONAL_ID_PREFIX.default)
                    self._cluster.grant_write(application, topic, transactional_id_prefix=prefix)
                application.node.add_dependency(topic.resource)
            self._cluster.connections.allow_default_port_from(application.connections)
            application.starts_after(self._cluster)
        if self._network:
            # The last snapshot before a deletion needs the ways to the streams as much as the start does.
            application.starts_after(self._network)

    def _watch(self, application: FlinkApplication) -> None:
        """Add alarms and the dashboard that shows them."""
        config = self._config
        alarms = ApplicationAlarms(
            self,
            "Alarms",
            application=application,
            topic=self.alarm_topic(config.alarm_topic_arn),
            always_running=config.start,
            source_stream=self._streams.get(USER_EVENTS),
            max_records_lag=MAX_RECORDS_LAG if self._cluster else None,
        )
        if lottery_events := self._streams.get(LOTTERY_EVENTS):
            alarms.stream_lag(lottery_events, construct_id="LotteryEventsLag")
        alarms.alarm(
            "RejectedEvents",
            metric=metric_math.total_increase(application, REJECTED_COUNT),
            threshold=config.rejected_alarm,
            description="The rules refuse many events. Look at the dashboard for the reasons, and read some of them in"
            " the output: malformed ones are a producer's fault; late ones need a longer grace, or a quicker producer.",
        )
        dashboard = LotteryDashboard(
            self,
            "Dashboard",
            application=application,
            alarms=alarms,
            lottery_events=lottery_events,
            user_events=self._streams.get(USER_EVENTS),
            winners=self._streams.get(WINNERS),
            rejected_events=self._streams.get(REJECTED_EVENTS),
            cluster=self._cluster,
        )
        self.add_output("DashboardUrl", dashboard.url, "the dashboard")
