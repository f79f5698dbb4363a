"""Lottery: players with coupons click, and every window of event time has a winner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from constructs import Construct
from pydantic import Field

from dashboards import lottery as dashboard
from flink_apps.lottery import schema, settings
from flink_apps.lottery.metrics import REJECTED_COUNT
from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream
from stacks.config import Shards, from_option
from stacks.ends import End, TopicEnds, in_group
from stacks.kafka import KafkaConfig
from stacks.scenario import MAX_RECORDS_LAG, ScenarioStack

#: Construct ids of the streams, which are also prefixes of their outputs' names.
LOTTERY_EVENTS, USER_EVENTS, WINNERS, REJECTED_EVENTS = "LotteryEvents", "UserEvents", "Winners", "RejectedEvents"
#: The option with the name of each; a topic has the option's default for its name.
INPUTS = {LOTTERY_EVENTS: settings.LOTTERY_INPUT, USER_EVENTS: settings.USER_INPUT}
OUTPUTS = {WINNERS: settings.WINNERS_OUTPUT, REJECTED_EVENTS: settings.REJECTED_OUTPUT}
STREAMS = INPUTS | OUTPUTS


@dataclass(frozen=True, kw_only=True)
class Command:
    """A shell command that puts an event into a stream, with one of the event's ids as partition key."""

    purpose: str
    stream: str
    key: str
    event: Mapping[str, str | int]

    def shell(self, stream: DataStream) -> str:
        """The command as it is typed."""
        # Whole seconds: not every system's `date` supports milliseconds.
        data = json.dumps(self.event, separators=(",", ":")).replace(json.dumps(NOW), "'$(date +%s)'000")
        return (
            f"aws kinesis put-record --stream-name {stream.stream_name} --partition-key {self.event[self.key]}"
            f" --cli-binary-format raw-in-base64-out --data '{data}'"
        )


#: A placeholder in an event for the time at which the command runs, in milliseconds since 1970.
NOW = "now"
#: The commands of a first game, by the prefixes of the outputs' names.
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


class LotteryConfig(KafkaConfig):
    """Context of the lottery."""

    scenario: ClassVar[str] = "lottery"

    parallelism: int = Field(default=2, ge=1, description="parallel tasks of every operator")
    checkpoint_seconds: int = Field(
        default=10,
        ge=1,
        le=3600,
        description="checkpoint interval in seconds; in Kafka, winners become visible at the next checkpoint",
    )
    connector: str = from_option(settings.CONNECTOR)
    shards: Shards = Field(default=4, description="shards of each stream, or on-demand")
    window_seconds: int = from_option(settings.WINDOW)
    grace_millis: int = from_option(settings.GRACE)
    idle_seconds: int = from_option(settings.IDLE)
    clock_skew_seconds: int = from_option(settings.CLOCK_SKEW)
    schedule_days: int = from_option(settings.SCHEDULE)
    prizes: int = from_option(settings.PRIZES)
    player_expiry_hours: int = from_option(settings.PLAYER_EXPIRY)
    execution_mode: str = from_option(settings.EXECUTION_MODE)
    rejected_alarm: int = Field(default=1000, ge=0, description="alarm above this many rejected events in 5 minutes")

    def check(self) -> None:
        """In thread mode the tasks of a KPU are threads of one Python interpreter, of which one runs at a time."""
        if self.execution_mode == settings.THREAD and self.parallelism_per_kpu > 1:
            rule = "be process where parallelism-per-kpu is above 1, as threads of a KPU share one interpreter"
            raise self.error("execution_mode", rule)

    @property
    def uses_kafka(self) -> bool:
        """Whether the streams are topics."""
        return self.connector == settings.KAFKA


class LotteryStack(ScenarioStack):
    """The job with its streams or topics, and what watches over it."""

    config_type = LotteryConfig
    purpose = "Lotteries: a click of each window of event time wins"

    def __init__(self, scope: Construct, construct_id: str, *, config: LotteryConfig) -> None:
        """Declare the streams of the connector that ``config`` names, and an application that may use just these."""
        super().__init__(scope, construct_id, config=config)
        self._config = config
        ends = self._topic_ends() if config.uses_kafka else self._stream_ends()
        application = self.add_application(ends)
        self._add_alarms_and_dashboard(application)

    def cluster_settings(self) -> Mapping[str, Any]:
        """The number of brokers."""
        return {"number_of_brokers": self._config.brokers}

    def _stream_ends(self) -> list[End]:
        """Streams of Kinesis, and outputs with the commands for their first events."""
        streams = {
            name: self.stream(name, shards=self._config.shards, output=f"{name}StreamName", description=option.meaning)
            for name, option in STREAMS.items()
        }
        for name, command in COMMANDS.items():
            self.add_output(f"{name}Command", command.shell(streams[command.stream]), command.purpose)
        ends = self.stream_ends
        return [
            *(ends.source(streams[name], settings.input_stream(option)) for name, option in INPUTS.items()),
            *(ends.sink(streams[name], settings.output_stream(option)) for name, option in OUTPUTS.items()),
        ]

    def _topic_ends(self) -> list[End]:
        """Topics of a Kafka cluster."""
        topics = {
            name: self.topic(str(option.default), partitions=self._config.partitions)
            for name, option in STREAMS.items()
        }
        for name, option in STREAMS.items():
            self.add_output(f"{name}TopicName", topics[name].name, option.meaning)
        inputs = TopicEnds(cluster=self.cluster, client_group=in_group(settings.CONSUMER_GROUP))
        outputs = TopicEnds(cluster=self.cluster, client_group=in_group(settings.PRODUCER_GROUP))
        return [
            *(inputs.source(topics[name], settings.input_topic(option)) for name, option in INPUTS.items()),
            *(outputs.sink(topics[name], settings.output_topic(option)) for name, option in OUTPUTS.items()),
        ]

    def _add_alarms_and_dashboard(self, application: FlinkApplication) -> None:
        streams, config = self._streams, self._config
        alarms = self.add_alarms(
            application,
            source_stream=streams.get(USER_EVENTS),
            max_records_lag=MAX_RECORDS_LAG if config.uses_kafka else None,
        )
        if lottery_events := streams.get(LOTTERY_EVENTS):
            alarms.stream_lag(lottery_events, construct_id="LotteryEventsLag")
        alarms.alarm(
            "RejectedEvents",
            metric=metric_math.total_increase(application, REJECTED_COUNT),
            threshold=config.rejected_alarm,
            description="The rules refuse many events. Look at the dashboard for the reasons, and read some of them in"
            " the output: malformed ones are a producer's fault; late ones need a longer grace, or a quicker producer.",
        )
        dashboard.add_sections(
            self.add_dashboard(dashboard.TITLE, alarms),
            application=application,
            lottery_events=lottery_events,
            user_events=streams.get(USER_EVENTS),
            winners=streams.get(WINNERS),
            rejected_events=streams.get(REJECTED_EVENTS),
            cluster=self.cluster if config.uses_kafka else None,
        )
