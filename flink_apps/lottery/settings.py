"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flink_apps.common.properties import (
    Property,
    PropertyGroups,
    SettingsError,
    nearest,
    other_keys,
    refuse_unknown_keys,
)

GROUP = "LotteryProperties"
#: Groups whose other keys are handed on as they are.
CONSUMER_GROUP, PRODUCER_GROUP = "ConsumerConfigProperties", "ProducerConfigProperties"
PASSED_ON = {
    CONSUMER_GROUP: "the Kinesis source connector, or the Kafka consumer",
    PRODUCER_GROUP: "the Kinesis sink connector, or the Kafka producer",
}


def _key(key: str, default: str, meaning: str) -> Property:
    return Property(group=GROUP, key=key, meaning=meaning, default=default)


CONNECTOR = _key("connector", "kinesis", "what the streams are: kinesis or kafka")
WINDOW = _key("window.seconds", "10", "length of the windows of event time, each of which has a winner")
GRACE = _key(
    "grace.millis",
    "2000",
    "how far clicks may be out of order, and how long one waits for the start, or the coupons, that it depends on",
)
IDLE = _key("idle.seconds", "5", "after how long without events time goes on without a stream, or a part of it")
CLOCK_SKEW = _key("clock.skew.seconds", "60", "how far ahead of its arrival the timestamp of an event may be")
PRIZES = _key("prizes", "0", "windows that a lottery lasts whose start does not say; 0: until it is stopped")
PLAYER_EXPIRY = _key("player.expiry.hours", "720", "after how long without an event a player, and its coupons, expire")
BUCKETS = _key(
    "buckets", "512", "groups of players, which are what is spread over the tasks; fixed once there is state"
)
EXECUTION_MODE = _key("execution.mode", "thread", "where the rules run: thread (in the JVM's process) or process")
TRANSACTIONAL_ID_PREFIX = _key(
    "transactional.id.prefix",
    "lottery",
    "begin of the ids of Kafka transactions; no other job on the cluster may have it",
)


def _stream(group: str, topic: str, meaning: str) -> Property:
    return Property(group=group, key="name", meaning=f"stream or topic {meaning}", default=topic)


LOTTERY_INPUT = _stream("LotteryInput", "lottery-input-topic", "with the starts and stops of lotteries")
USER_INPUT = _stream("UserInput", "user-input-topic", "with the players' purchases and clicks")
WINNERS_OUTPUT = _stream("LotteryOutput", "lottery-output-topic", "of the winners")
REJECTED_OUTPUT = _stream("RejectedOutput", "rejected-output-topic", "of the events that were refused, and why")
STREAMS = (LOTTERY_INPUT, USER_INPUT, WINNERS_OUTPUT, REJECTED_OUTPUT)

REGION = Property(
    group=CONSUMER_GROUP, key="aws.region", meaning="Kinesis: region of the inputs; by default the application's"
)
INITIAL_POSITION = Property(
    group=CONSUMER_GROUP,
    key="scan.stream.initpos",
    meaning="Kinesis: where to begin without a checkpoint: TRIM_HORIZON (oldest) or LATEST",
    default="TRIM_HORIZON",
)
OUTPUT_REGION = Property(
    group=PRODUCER_GROUP, key="aws.region", meaning="Kinesis: region of the outputs; by default the application's"
)
CONSUMER_SERVERS, PRODUCER_SERVERS = (
    Property(group=group, key="bootstrap.servers", meaning="Kafka: the brokers, as host:port,host:port; required")
    for group in (CONSUMER_GROUP, PRODUCER_GROUP)
)
KAFKA_GROUP = Property(
    group=CONSUMER_GROUP,
    key="group.id",
    meaning="Kafka: the consumer group that keeps the place without a checkpoint",
    default="lottery",
)

OWN = (
    CONNECTOR,
    WINDOW,
    GRACE,
    IDLE,
    CLOCK_SKEW,
    PRIZES,
    PLAYER_EXPIRY,
    BUCKETS,
    EXECUTION_MODE,
    TRANSACTIONAL_ID_PREFIX,
)
PROPERTIES = (
    *OWN,
    *STREAMS,
    REGION,
    INITIAL_POSITION,
    CONSUMER_SERVERS,
    KAFKA_GROUP,
    OUTPUT_REGION,
    PRODUCER_SERVERS,
)


@dataclass(frozen=True, kw_only=True)
class Kinesis:
    """Streams of Amazon Kinesis Data Streams; the options go to the connectors as they are."""

    input_region: str
    output_region: str
    initial_position: str
    source_options: Mapping[str, str] = field(default_factory=dict)
    sink_options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Kafka:
    """Topics of Apache Kafka; ``consumer`` and ``producer`` go to the clients as they are."""

    consumer_group: str
    transactional_id_prefix: str
    consumer: Mapping[str, str]
    producer: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Streams:
    """The names of the two inputs and the two outputs."""

    lottery_input: str
    user_input: str
    winners: str
    rejected: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run is asked to do: where events come from and go to, and the times of the game."""

    connector: Kinesis | Kafka
    streams: Streams
    window_millis: int
    grace_millis: int
    idle_millis: int
    clock_skew_millis: int
    prizes: int
    player_expiry_hours: int
    buckets: int
    execution_mode: str

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups, or raise :class:`SettingsError`."""
        refuse_unknown_keys(groups, (*OWN, *STREAMS))
        return cls(
            connector=_connector(groups),
            streams=_streams(groups),
            window_millis=WINDOW.whole_number(groups, low=1, high=86_400) * 1000,
            grace_millis=GRACE.whole_number(groups, low=0, high=3_600_000),
            idle_millis=IDLE.whole_number(groups, low=1, high=86_400) * 1000,
            clock_skew_millis=CLOCK_SKEW.whole_number(groups, low=0, high=86_400) * 1000,
            prizes=PRIZES.whole_number(groups, low=0, high=1_000_000),
            player_expiry_hours=PLAYER_EXPIRY.whole_number(groups, low=1, high=87_600),
            buckets=BUCKETS.whole_number(groups, low=1, high=32_768),
            execution_mode=_execution_mode(groups),
        )


def _execution_mode(groups: PropertyGroups) -> str:
    mode = EXECUTION_MODE.matching(
        groups, pattern="thread|process", rule="be thread or process", fix="thread is many times faster"
    )
    return str(mode)


def _connector(groups: PropertyGroups) -> Kinesis | Kafka:
    name = CONNECTOR.required(groups, fix="write kinesis or kafka")
    makers: dict[str, Callable[[PropertyGroups], Kinesis | Kafka]] = {"kinesis": _kinesis, "kafka": _kafka}
    if name not in makers:
        raise CONNECTOR.error("be kinesis or kafka", name, nearest(name, makers))
    for prop in STREAMS:
        if prop.group not in groups:
            raise SettingsError(
                "the property groups", f"hold {prop.group}", sorted(groups), f"add it, with the key {prop.key}"
            )
    return makers[name](groups)


def _kinesis(groups: PropertyGroups) -> Kinesis:
    return Kinesis(
        input_region=REGION.region(groups),
        output_region=OUTPUT_REGION.region(groups),
        initial_position=INITIAL_POSITION.initial_position(groups),
        source_options=other_keys(groups, REGION, INITIAL_POSITION),
        sink_options=other_keys(groups, OUTPUT_REGION),
    )


def _kafka(groups: PropertyGroups) -> Kafka:
    for prop in (CONSUMER_SERVERS, PRODUCER_SERVERS):
        prop.required(groups, fix="write the brokers as host:port,host:port")
    return Kafka(
        consumer_group=KAFKA_GROUP.required(groups, fix="write the consumer group"),
        transactional_id_prefix=TRANSACTIONAL_ID_PREFIX.required(groups, fix="write a prefix of your own"),
        consumer=other_keys(groups, KAFKA_GROUP),
        producer=dict(groups[PRODUCER_GROUP]),
    )


def _streams(groups: PropertyGroups) -> Streams:
    names = [_name(groups, prop) for prop in STREAMS]
    if len(set(names)) < len(names):
        raise SettingsError("the streams", "have four names", names, "write another one for each")
    lottery_input, user_input, winners, rejected = names
    return Streams(lottery_input=lottery_input, user_input=user_input, winners=winners, rejected=rejected)


def _name(groups: PropertyGroups, prop: Property) -> str:
    name = prop.matching(
        groups,
        pattern=r"[a-zA-Z0-9_.-]{1,128}",
        rule="be the name of a stream or topic: 1 to 128 letters, digits, '_', '.' or '-'",
        fix="write the name, not the ARN",
    )
    return str(name)
