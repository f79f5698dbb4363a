"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from flink_apps.common.aws import KINESIS_ENDPOINT, REGION
from flink_apps.common.ends import kafka, kinesis
from flink_apps.common.ends.kafka import KafkaOptions, KafkaTopic
from flink_apps.common.ends.kinesis import KinesisOptions, KinesisStream
from flink_apps.common.options import Group, Type, boolean, choice, integer, other_keys, refuse_unknown_keys, text
from flink_apps.common.properties import PropertyGroups, SettingsError
from flink_apps.data_generator import faults, formats, profiles
from flink_apps.data_generator.faults import Faults
from flink_apps.data_generator.formats import RecordFormat
from flink_apps.data_generator.profiles import MAX_RECORDS_PER_SECOND, Profile, ProfileError
from flink_apps.data_generator.profiles import text as profile_text
from flink_apps.data_generator.records import DEFAULT_RECORD_TYPE, RECORD_TYPES, RecordType

GROUP = "DataGen"
#: Groups whose presence switches a sink on.
KINESIS_GROUP, KAFKA_GROUP = "KinesisSink", "KafkaSink"
#: Groups whose other keys are passed on, and to whom.
PASSED_ON = {KINESIS_GROUP: "the Kinesis sink connector", KAFKA_GROUP: "the Kafka producer"}

_option = Group(GROUP)


def _start_time(value: str) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None or time.year < 1970:
        raise ValueError
    return time


START_TIME_TYPE: Type[datetime] = Type(
    values="a time of ISO 8601 since 1970 with its zone",
    example="2024-01-01T00:00:00Z",
    parse=_start_time,
    write=lambda time: time.isoformat().replace("+00:00", "Z"),
)

RECORDS_PER_SECOND = _option(
    "records.per.second", integer(1, MAX_RECORDS_PER_SECOND), "total rate over all subtasks, in records per second", 10
)
PROFILE = _option(
    "profile",
    text(example=profile_text.EXAMPLE),
    f"load profile: the total rate over time, instead of `records.per.second`; for example {profile_text.EXAMPLE}",
)
#: The longest property value that the service accepts, in characters; a long CSV exceeds it
#: (https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_PropertyGroup.html).
MAX_VALUE_LENGTH = 2048
MORE_OF_PROFILE = tuple(
    _option(
        f"{PROFILE.key}.{number}",
        PROFILE.type,
        f"continues a `{PROFILE.key}` that is longer than {MAX_VALUE_LENGTH} characters; so do its successors, up to "
        f"`{PROFILE.key}.20`",
    )
    for number in range(2, 21)
)
CATCH_UP = _option(
    "catch.up",
    boolean(),
    "true: after a restart or an outage of the sinks, emit every missed record at full speed",
    False,
)
RECORD_TYPE = _option("record.type", choice(*RECORD_TYPES), "type of the generated records", DEFAULT_RECORD_TYPE.name)
#: numpy seeds consist of 32-bit integers. The seed takes one and the position on the time line the next: no two clash.
MAX_SEED = 2**32 - 1
SEED = _option(
    "seed",
    integer(0, MAX_SEED),
    "seed of the random numbers: runs with the same seed generate the same records; by default each run differs",
)
START_TIME = _option(
    "start.time",
    START_TIME_TYPE,
    "event time of the first record; used only with a seed, otherwise records have the present time",
    _start_time(START_TIME_TYPE.example),
)
SINK_STREAM = KinesisOptions(
    stream=Group(KINESIS_GROUP)("stream.arn", kinesis.ARN, "the stream to write to; required"),
    region=Group(KINESIS_GROUP)("aws.region", REGION, "the stream's region; by default the one in its ARN"),
)
SINK_TOPIC = KafkaOptions(
    servers=Group(KAFKA_GROUP)("bootstrap.servers", kafka.BROKERS, "the brokers, as host:port,host:port; required"),
    topic=Group(KAFKA_GROUP)("topic", kafka.TOPIC, "the topic to write to; required"),
)

_OWN = (
    RECORDS_PER_SECOND,
    PROFILE,
    MORE_OF_PROFILE[0],
    CATCH_UP,
    RECORD_TYPE,
    *formats.OPTIONS,
    SEED,
    START_TIME,
    *faults.OPTIONS,
)
#: Every option of the job, in the order of the README's table.
OPTIONS = (*_OWN, *SINK_STREAM.all(), *SINK_TOPIC.all(), KINESIS_ENDPOINT)


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
    record_format: RecordFormat = field(default_factory=RecordFormat)
    key_field: str = DEFAULT_RECORD_TYPE.partition_key
    seed: Seed | None = None
    faults: Faults = field(default_factory=Faults)
    kinesis: KinesisStream | None = None
    kafka: KafkaTopic | None = None

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups.

        Raises:
            SettingsError: A property is invalid.

        """
        refuse_unknown_keys(groups, (*_OWN, *MORE_OF_PROFILE))
        record_type = RECORD_TYPES[RECORD_TYPE.read(groups)]
        settings = cls(
            profile=_profile(groups),
            catch_up=CATCH_UP.read(groups),
            record_type=record_type,
            record_format=RecordFormat.from_property_groups(groups),
            key_field=formats.key_field(groups, record_type),
            seed=_seed(groups),
            faults=Faults.from_property_groups(groups),
            kinesis=_kinesis(groups),
            kafka=_kafka(groups),
        )
        if settings.kinesis is None and settings.kafka is None:
            names = f"{KINESIS_GROUP} or {KAFKA_GROUP}"
            raise SettingsError("the property groups", f"hold {names}", sorted(groups), "add one of the two, or both")
        if settings.faults.malformed and settings.record_format.name != formats.DEFAULT_FORMAT:
            rule, share = f"be 0 where {formats.FORMAT.name} is not {formats.DEFAULT_FORMAT}", settings.faults.malformed
            raise faults.MALFORMED.error(rule, share, "leave one of the two out")
        return settings


def profile_properties(profile: str) -> dict[str, str]:
    """A profile's text as the keys that hold it.

    Raises:
        ProfileError: it does not fit into them.

    """
    keys = [option.key for option in (PROFILE, *MORE_OF_PROFILE)]
    values, rest = [], profile
    while len(rest) > MAX_VALUE_LENGTH:
        # Not beside a space: who reads a property takes those at its ends away.
        cut = next(end for end in range(MAX_VALUE_LENGTH, 0, -1) if " " not in rest[end - 1 : end + 1])
        values.append(rest[:cut])
        rest = rest[cut:]
    values.append(rest)
    if len(values) > len(keys):
        most = len(keys) * MAX_VALUE_LENGTH
        fix = "write longer steps: what repeats itself is written once"
        raise ProfileError(f"fit into {most} characters", f"a text of {len(profile)}", fix)
    return dict(zip(keys, values, strict=False))


def _profile(groups: PropertyGroups) -> Profile:
    given = "".join(option.find(groups) or "" for option in (PROFILE, *MORE_OF_PROFILE))
    if not given:
        return profiles.constant(rate=RECORDS_PER_SECOND.read(groups) * profiles.THOUSANDTHS)
    if RECORDS_PER_SECOND.is_set(groups):
        rate = RECORDS_PER_SECOND.read(groups)
        raise PROFILE.error(
            f"stand without {RECORDS_PER_SECOND.key}, which is {rate}", given, "leave out one of the two"
        )
    try:
        return profile_text.parse(given)
    except ProfileError as error:
        raise PROFILE.error(error.rule, error.value, error.fix) from None


def _seed(groups: PropertyGroups) -> Seed | None:
    number, begin = SEED.find(groups), START_TIME.read(groups)
    return None if number is None else Seed(number=number, start_millis=round(begin.timestamp() * 1000))


def _kinesis(groups: PropertyGroups) -> KinesisStream | None:
    if KINESIS_GROUP not in groups:
        return None
    return SINK_STREAM.read(groups, options=other_keys(groups, *SINK_STREAM.all()))


def _kafka(groups: PropertyGroups) -> KafkaTopic | None:
    if KAFKA_GROUP not in groups:
        return None
    return SINK_TOPIC.read(groups, client=other_keys(groups, *SINK_TOPIC.all()))
