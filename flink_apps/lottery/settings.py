"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from flink_apps.common.aws import KINESIS_ENDPOINT, REGION
from flink_apps.common.ends import kafka, kinesis
from flink_apps.common.ends.kafka import KafkaOptions, KafkaTopic
from flink_apps.common.ends.kinesis import KinesisOptions, KinesisStream
from flink_apps.common.options import Group, Option, choice, integer, matching, other_keys, refuse_unknown_keys
from flink_apps.common.properties import PropertyGroups, SettingsError

GROUP = "LotteryProperties"
#: Groups whose other keys are passed on unchanged.
CONSUMER_GROUP, PRODUCER_GROUP = "ConsumerConfigProperties", "ProducerConfigProperties"
PASSED_ON = {
    CONSUMER_GROUP: "the Kinesis source connector, or the Kafka consumer",
    PRODUCER_GROUP: "the Kinesis sink connector, or the Kafka producer",
}
KINESIS, KAFKA = "kinesis", "kafka"
THREAD, PROCESS = "thread", "process"
_DAY_SECONDS = 86_400

_option, _consumer, _producer = Group(GROUP), Group(CONSUMER_GROUP), Group(PRODUCER_GROUP)

CONNECTOR = _option(
    "connector", choice(KINESIS, KAFKA), "whether inputs and outputs are Kinesis streams or Kafka topics", KINESIS
)
WINDOW = _option(
    "window.seconds", integer(1, _DAY_SECONDS), "length of the event-time windows; each draws one winner", 10
)
GRACE = _option(
    "grace.millis",
    integer(0, 3_600_000),
    "bounded out-of-orderness of the clicks; also how long a click waits for its lottery's start and its coupons",
    2000,
)
IDLE = _option(
    "idle.seconds",
    integer(1, _DAY_SECONDS),
    "idleness timeout: event time stops waiting for a shard or partition that has had no events for this long",
    5,
)
CLOCK_SKEW = _option(
    "clock.skew.seconds", integer(0, _DAY_SECONDS), "how far an event's timestamp may be ahead of its arrival", 60
)
SCHEDULE = _option(
    "schedule.days", integer(1, 36_500), "how far ahead of its arrival the timestamp of a start or stop may be", 366
)
PRIZES = _option(
    "prizes",
    integer(0, 1_000_000),
    "how many windows a lottery lasts when its start event has no `prizes`; 0: until it is stopped",
    0,
)
PLAYER_EXPIRY = _option(
    "player.expiry.hours",
    integer(1, 87_600),
    "a player without accepted events for this long expires, and loses the coupons",
    720,
)
BUCKETS = _option(
    "buckets", integer(1, 32_768), "groups of players, spread over the tasks; must not change once there is state", 512
)
EXECUTION_MODE = _option(
    "execution.mode",
    choice(THREAD, PROCESS),
    "where the Python code runs: in a thread of the TaskManager, or in a process beside it",
    THREAD,
)
TRANSACTIONAL_ID_PREFIX = _option(
    "transactional.id.prefix", kafka.TRANSACTIONAL_ID_PREFIX, kafka.TRANSACTIONAL_ID_PREFIX_MEANING, "lottery"
)

#: Every name of a Kinesis stream is a valid name of a Kafka topic.
_NAME = matching(
    r"[a-zA-Z0-9_.-]{1,128}",
    values="the name of a stream or topic: 1 to 128 letters, digits, '_', '.' or '-'",
    example="events",
    fix="write the name, not the ARN",
)


def _stream(group: str, topic: str, meaning: str) -> Option[str]:
    return Group(group)("name", _NAME, f"stream or topic {meaning}", topic)


LOTTERY_INPUT = _stream("LotteryInput", "lottery-input-topic", "with the starts and stops of lotteries")
USER_INPUT = _stream("UserInput", "user-input-topic", "with the players' purchases and clicks")
WINNERS_OUTPUT = _stream("LotteryOutput", "lottery-output-topic", "of the winners")
REJECTED_OUTPUT = _stream("RejectedOutput", "rejected-output-topic", "of the events that were refused, and why")
STREAMS = (LOTTERY_INPUT, USER_INPUT, WINNERS_OUTPUT, REJECTED_OUTPUT)

REGION_OF_INPUTS = _consumer("aws.region", REGION, "Kinesis: region of the inputs; by default the application's")
REGION_OF_OUTPUTS = _producer("aws.region", REGION, "Kinesis: region of the outputs; by default the application's")
INITIAL_POSITION = _consumer(
    "source.init.position",
    kinesis.INITIAL_POSITION,
    f"Kinesis: {kinesis.INITIAL_POSITION_MEANING}",
    kinesis.OLDEST,
)
CONSUMER_SERVERS, PRODUCER_SERVERS = (
    group("bootstrap.servers", kafka.BROKERS, "Kafka: the brokers, as host:port,host:port; required")
    for group in (_consumer, _producer)
)
KAFKA_GROUP = _consumer("group.id", kafka.CONSUMER_GROUP, f"Kafka: {kafka.CONSUMER_GROUP_MEANING}", "lottery")

#: The options of the job's own groups.
OWN = (
    CONNECTOR,
    WINDOW,
    GRACE,
    IDLE,
    CLOCK_SKEW,
    SCHEDULE,
    PRIZES,
    PLAYER_EXPIRY,
    BUCKETS,
    EXECUTION_MODE,
    TRANSACTIONAL_ID_PREFIX,
    *STREAMS,
)
#: Every option of the job, in the order of the README's table.
OPTIONS = (
    *OWN,
    REGION_OF_INPUTS,
    INITIAL_POSITION,
    CONSUMER_SERVERS,
    KAFKA_GROUP,
    REGION_OF_OUTPUTS,
    PRODUCER_SERVERS,
    KINESIS_ENDPOINT,
)


def input_stream(name: Option[str]) -> KinesisOptions:
    """The options of an input that is a Kinesis stream."""
    return KinesisOptions(stream=name, region=REGION_OF_INPUTS, initial_position=INITIAL_POSITION)


def output_stream(name: Option[str]) -> KinesisOptions:
    """The options of an output that is a Kinesis stream."""
    return KinesisOptions(stream=name, region=REGION_OF_OUTPUTS)


def input_topic(name: Option[str]) -> KafkaOptions:
    """The options of an input that is a Kafka topic."""
    return KafkaOptions(servers=CONSUMER_SERVERS, topic=name, group=KAFKA_GROUP)


def output_topic(name: Option[str]) -> KafkaOptions:
    """The options of an output that is a Kafka topic."""
    return KafkaOptions(servers=PRODUCER_SERVERS, topic=name, transactional_id_prefix=TRANSACTIONAL_ID_PREFIX)


@dataclass(frozen=True, kw_only=True)
class Streams:
    """The two inputs and the two outputs."""

    lottery_input: KinesisStream | KafkaTopic
    user_input: KinesisStream | KafkaTopic
    winners: KinesisStream | KafkaTopic
    rejected: KinesisStream | KafkaTopic


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The checked settings of one run: its ends, and the times of the game."""

    streams: Streams
    window_millis: int
    grace_millis: int
    idle_millis: int
    clock_skew_millis: int
    schedule_days: int
    prizes: int
    player_expiry_hours: int
    buckets: int
    execution_mode: str

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups.

        Raises:
            SettingsError: A property is invalid.

        """
        refuse_unknown_keys(groups, OWN)
        return cls(
            streams=_streams(groups),
            window_millis=WINDOW.read(groups) * 1000,
            grace_millis=GRACE.read(groups),
            idle_millis=IDLE.read(groups) * 1000,
            clock_skew_millis=CLOCK_SKEW.read(groups) * 1000,
            schedule_days=SCHEDULE.read(groups),
            prizes=PRIZES.read(groups),
            player_expiry_hours=PLAYER_EXPIRY.read(groups),
            buckets=BUCKETS.read(groups),
            execution_mode=EXECUTION_MODE.read(groups),
        )


def _streams(groups: PropertyGroups) -> Streams:
    connector = CONNECTOR.read(groups)
    for option in STREAMS:
        if option.group not in groups:
            raise SettingsError(
                "the property groups", f"hold {option.group}", sorted(groups), f"add it, with the key {option.key}"
            )
    names = [option.read(groups) for option in STREAMS]
    if len(set(names)) < len(names):
        raise SettingsError("the streams", "have four names", names, "write another one for each")
    if connector == KAFKA:
        return _topics(groups)
    source, sink = other_keys(groups, REGION_OF_INPUTS, INITIAL_POSITION), other_keys(groups, REGION_OF_OUTPUTS)
    return Streams(
        lottery_input=input_stream(LOTTERY_INPUT).read(groups, options=source),
        user_input=input_stream(USER_INPUT).read(groups, options=source),
        winners=output_stream(WINNERS_OUTPUT).read(groups, options=sink),
        rejected=output_stream(REJECTED_OUTPUT).read(groups, options=sink),
    )


def _topics(groups: PropertyGroups) -> Streams:
    consumer, producer = other_keys(groups, CONSUMER_SERVERS, KAFKA_GROUP), other_keys(groups, PRODUCER_SERVERS)
    return Streams(
        lottery_input=input_topic(LOTTERY_INPUT).read(groups, client=consumer),
        user_input=input_topic(USER_INPUT).read(groups, client=consumer),
        winners=output_topic(WINNERS_OUTPUT).read(groups, client=producer),
        rejected=output_topic(REJECTED_OUTPUT).read(groups, client=producer),
    )
