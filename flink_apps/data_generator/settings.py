"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flink_apps.common.properties import (
    Property,
    PropertyGroups,
    SettingsError,
    StreamArn,
    nearest,
    other_keys,
    refuse_unknown_keys,
)
from flink_apps.data_generator import faults, formats, profile_text, profiles
from flink_apps.data_generator.faults import Faults
from flink_apps.data_generator.formats import Written
from flink_apps.data_generator.profiles import MAX_RECORDS_PER_SECOND, Profile, ProfileError
from flink_apps.data_generator.records import DEFAULT_RECORD_TYPE, RECORD_TYPES, RecordType

RECORDS_PER_SECOND = Property(
    group="DataGen",
    key="records.per.second",
    default="10",
    meaning="total rate over all subtasks, in records per second; a whole number above 0",
)
PROFILE = Property(
    group="DataGen",
    key="profile",
    meaning=f"how the total rate goes with time, in the stead of `records.per.second`: {profile_text.EXAMPLE}",
)
#: The service takes a value of so many characters, which a long CSV goes beyond
#: (https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_PropertyGroup.html).
MAX_VALUE_LENGTH = 2048
MORE_OF_PROFILE = tuple(
    Property(
        group=PROFILE.group,
        key=f"{PROFILE.key}.{number}",
        meaning=f"what `{PROFILE.key}` has no room for, and so on to `{PROFILE.key}.20`",
    )
    for number in range(2, 21)
)
CATCH_UP = Property(
    group="DataGen",
    key="catch.up",
    default="false",
    meaning="true: what a restart or an outage of the sinks has missed is made up for, however much it is",
)
RECORD_TYPE = Property(
    group="DataGen",
    key="record.type",
    default=DEFAULT_RECORD_TYPE.name,
    meaning=f"what is generated: {' or '.join(RECORD_TYPES)}",
)
SEED = Property(
    group="DataGen",
    key="seed",
    meaning="a whole number, 0 to 4294967295: the same records for the same slice of the time line; by default other "
    "ones in each run",
)
START_TIME = Property(
    group="DataGen",
    key="start.time",
    default="2024-01-01T00:00:00Z",
    meaning="with a seed, the time of the time line's begin, from which the records' times count; without one they are "
    "the clock's",
)
KINESIS_STREAM_ARN = Property(group="KinesisSink", key="stream.arn", meaning="the stream to write to; required")
KINESIS_REGION = Property(
    group="KinesisSink", key="aws.region", meaning="the stream's region; by default the one in its ARN"
)
KAFKA_BOOTSTRAP_SERVERS = Property(
    group="KafkaSink", key="bootstrap.servers", meaning="the brokers, as host:port,host:port; required"
)
KAFKA_TOPIC = Property(group="KafkaSink", key="topic", meaning="the topic to write to; required")

PROPERTIES = (
    RECORDS_PER_SECOND,
    PROFILE,
    MORE_OF_PROFILE[0],
    CATCH_UP,
    RECORD_TYPE,
    *formats.PROPERTIES,
    SEED,
    START_TIME,
    *faults.PROPERTIES,
    KINESIS_STREAM_ARN,
    KINESIS_REGION,
    KAFKA_BOOTSTRAP_SERVERS,
    KAFKA_TOPIC,
)
#: Groups whose other keys are handed on, and to whom.
PASSED_ON = {
    KINESIS_STREAM_ARN.group: "the Kinesis sink connector",
    KAFKA_TOPIC.group: "the Kafka producer",
}
#: One word of numpy's seeds: with the place on the time line beside it, no two seeds and places are the same.
MAX_SEED = 2**32 - 1


@dataclass(frozen=True, kw_only=True)
class KinesisSink:
    """Where to write in Kinesis; ``options`` go to the sink connector as they are."""

    stream: StreamArn
    region: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KafkaSink:
    """Where to write in Kafka; ``producer`` goes to the Kafka producer as it is."""

    bootstrap_servers: str
    topic: str
    producer: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Seed:
    """What makes a run reproducible: what its draws follow from, and the time of its begin, in ms since 1970."""

    number: int
    start_millis: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run of the generator is asked to do. A sink is on when its property group is there."""

    profile: Profile
    catch_up: bool = False
    record_type: RecordType = DEFAULT_RECORD_TYPE
    written: Written = field(default_factory=Written)
    key_field: str = DEFAULT_RECORD_TYPE.partition_key
    seed: Seed | None = None
    faults: Faults = field(default_factory=Faults)
    kinesis: KinesisSink | None = None
    kafka: KafkaSink | None = None

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups, or raise :class:`SettingsError`."""
        own = [prop for prop in PROPERTIES if prop.group not in PASSED_ON]
        refuse_unknown_keys(groups, [*own, *MORE_OF_PROFILE[1:]])
        record_type = _record_type(groups)
        settings = cls(
            profile=_profile(groups),
            catch_up=CATCH_UP.truth(groups),
            record_type=record_type,
            written=Written.from_property_groups(groups),
            key_field=formats.key_field(groups, record_type),
            seed=_seed(groups),
            faults=Faults.from_property_groups(groups),
            kinesis=_kinesis_sink(groups),
            kafka=_kafka_sink(groups),
        )
        if settings.kinesis is None and settings.kafka is None:
            names = f"{KINESIS_STREAM_ARN.group} or {KAFKA_TOPIC.group}"
            raise SettingsError("the property groups", f"hold {names}", sorted(groups), "add one of the two, or both")
        if settings.faults.malformed and settings.written.format_name != formats.DEFAULT_FORMAT:
            share = settings.faults.malformed
            raise faults.MALFORMED.error(
                f"be 0 where {formats.FORMAT.name} is not json", share, "leave one of the two out"
            )
        return settings


def profile_properties(text: str) -> dict[str, str]:
    """A profile's text as the keys that hold it.

    Raises:
        ProfileError: it does not fit into them.

    """
    keys = [prop.key for prop in (PROFILE, *MORE_OF_PROFILE)]
    values, rest = [], text
    while len(rest) > MAX_VALUE_LENGTH:
        # Not beside a space: who reads a property takes those at its ends away.
        cut = next(end for end in range(MAX_VALUE_LENGTH, 0, -1) if " " not in rest[end - 1 : end + 1])
        values.append(rest[:cut])
        rest = rest[cut:]
    values.append(rest)
    if len(values) > len(keys):
        most = len(keys) * MAX_VALUE_LENGTH
        fix = "write longer steps: what repeats itself is written once"
        raise ProfileError(f"fit into {most} characters", f"a text of {len(text)}", fix)
    return dict(zip(keys, values, strict=False))


def _profile(groups: PropertyGroups) -> Profile:
    text = "".join(prop.text(groups) or "" for prop in (PROFILE, *MORE_OF_PROFILE))
    if not text:
        rate = RECORDS_PER_SECOND.whole_number(groups, low=1, high=MAX_RECORDS_PER_SECOND)
        return profiles.constant(rate=rate * profiles.THOUSANDTHS)
    given = groups[RECORDS_PER_SECOND.group].get(RECORDS_PER_SECOND.key, "").strip()
    if given:
        raise PROFILE.error(f"stand without {RECORDS_PER_SECOND.key}", given, "leave out one of the two")
    try:
        return profile_text.parse(text)
    except ProfileError as error:
        raise PROFILE.error(error.rule, error.value, error.fix) from None


def _record_type(groups: PropertyGroups) -> RecordType:
    name = RECORD_TYPE.required(groups, fix="write the name of a record type")
    if name not in RECORD_TYPES:
        raise RECORD_TYPE.error("be a known record type", name, nearest(name, RECORD_TYPES))
    return RECORD_TYPES[name]


def _seed(groups: PropertyGroups) -> Seed | None:
    begin = START_TIME.required(groups, fix="write a time")
    try:
        time = datetime.fromisoformat(begin)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or time.year < 1970:
        raise START_TIME.error(
            "be a time of ISO 8601 since 1970 with its zone", begin, "write for example 2024-01-01T00:00:00Z"
        )
    if SEED.text(groups) is None:
        return None
    return Seed(number=SEED.whole_number(groups, low=0, high=MAX_SEED), start_millis=round(time.timestamp() * 1000))


def _kinesis_sink(groups: PropertyGroups) -> KinesisSink | None:
    if KINESIS_STREAM_ARN.group not in groups:
        return None
    arn = KINESIS_STREAM_ARN.required(groups, fix="write the ARN of the stream to write to")
    stream = StreamArn.parse(KINESIS_STREAM_ARN, arn)
    return KinesisSink(
        stream=stream,
        region=KINESIS_REGION.text(groups) or stream.region,
        options=other_keys(groups, KINESIS_STREAM_ARN, KINESIS_REGION),
    )


def _kafka_sink(groups: PropertyGroups) -> KafkaSink | None:
    if KAFKA_TOPIC.group not in groups:
        return None
    return KafkaSink(
        bootstrap_servers=KAFKA_BOOTSTRAP_SERVERS.required(groups, fix="write the brokers as host:port,host:port"),
        topic=KAFKA_TOPIC.required(groups, fix="write the topic to write to"),
        producer=other_keys(groups, KAFKA_BOOTSTRAP_SERVERS, KAFKA_TOPIC),
    )
