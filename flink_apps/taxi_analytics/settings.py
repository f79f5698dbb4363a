"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flink_apps.common.aws import KINESIS_ENDPOINT, REGION, REGION_PATTERN, read_region
from flink_apps.common.dead_letters import DeadLetterEnd, DeadLetterOptions
from flink_apps.common.ends import kinesis
from flink_apps.common.ends.kinesis import KinesisOptions, KinesisStream
from flink_apps.common.ends.opensearch import ENDPOINT, OpenSearchDomain, OpenSearchOptions
from flink_apps.common.options import Group, Type, integer, refuse_unknown_keys
from flink_apps.common.properties import PropertyGroups

GROUP = "FlinkApplicationProperties"
_MINUTES_OF_AN_HOUR = 60

_option = Group(GROUP)


def _part_of_an_hour(value: str) -> int:
    minutes = integer(1, _MINUTES_OF_AN_HOUR).parse(value)
    if _MINUTES_OF_AN_HOUR % minutes:
        raise ValueError
    return minutes


_PARTS = [str(part) for part in range(1, _MINUTES_OF_AN_HOUR + 1) if _MINUTES_OF_AN_HOUR % part == 0]
PART_OF_AN_HOUR: Type[int] = Type(
    values="a part of an hour: an integer by which 60 can be divided",
    example="15",
    parse=_part_of_an_hour,
    fix=lambda _: f"write one of {', '.join(_PARTS)}",
)

REGION_OF_ALL = _option("Region", REGION, "region of the stream and the domain; by default the application's")
SOURCE_STREAM = KinesisOptions(
    stream=_option("InputStreamArn", kinesis.ARN, "ARN of the Kinesis stream with the trips; required"),
    region=REGION_OF_ALL,
    initial_position=_option(
        "InputStreamInitialPosition", kinesis.INITIAL_POSITION, kinesis.INITIAL_POSITION_MEANING, kinesis.OLDEST
    ),
)
SINK_DOMAIN = OpenSearchOptions.in_group(
    GROUP,
    endpoint=_option("OpenSearchEndpoint", ENDPOINT, "address of the OpenSearch domain, as https://host; required"),
    region=REGION_OF_ALL,
)
EARLY_RESULTS = _option(
    "EarlyResultsMinutes",
    PART_OF_AN_HOUR,
    "how often an open hour's documents are written, in minutes of event time; 60: only once, at the end of the hour",
    15,
)
OUT_OF_ORDER = _option(
    "OutOfOrderSeconds",
    integer(0, 3_600),
    "bounded out-of-orderness of the trips: how long an hour stays open after its end",
    120,
)
IDLE = _option(
    "IdleSeconds",
    integer(1, 3_600),
    "idleness timeout: event time stops waiting for a shard that has had no trips for this long",
    5,
)
CLOCK_SKEW = _option(
    "ClockSkewSeconds", integer(0, 86_400), "how far a trip's dropoff may be ahead of the trip's arrival", 60
)
DEAD_LETTERS = DeadLetterOptions.in_group(GROUP, region=REGION_OF_ALL)

_OWN = (
    *SOURCE_STREAM.all(),
    *SINK_DOMAIN.all(),
    EARLY_RESULTS,
    OUT_OF_ORDER,
    IDLE,
    CLOCK_SKEW,
    *DEAD_LETTERS.all(),
)
#: Every option of the job, in the order of the README's table.
OPTIONS = tuple(dict.fromkeys((*_OWN, KINESIS_ENDPOINT)))
#: Groups whose other keys are passed on, and to whom.
PASSED_ON: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The checked settings of one run."""

    source: KinesisStream
    search: OpenSearchDomain
    early_results_minutes: int
    out_of_order_millis: int
    idle_millis: int
    clock_skew_millis: int
    dead_letters: DeadLetterEnd

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups.

        Raises:
            SettingsError: A property is invalid.

        """
        refuse_unknown_keys(groups, _OWN)
        source, search = SOURCE_STREAM.read(groups), SINK_DOMAIN.read(groups)
        _check_region(groups, search)
        return cls(
            source=source,
            search=search,
            early_results_minutes=EARLY_RESULTS.read(groups),
            out_of_order_millis=OUT_OF_ORDER.read(groups) * 1000,
            idle_millis=IDLE.read(groups) * 1000,
            clock_skew_millis=CLOCK_SKEW.read(groups) * 1000,
            dead_letters=DEAD_LETTERS.read(groups),
        )


def _check_region(groups: PropertyGroups, search: OpenSearchDomain) -> None:
    """Refuse a stream or a domain of another region than the one that the settings name."""
    region, arn = read_region(REGION_OF_ALL, groups), SOURCE_STREAM.stream.read(groups)
    if isinstance(arn, kinesis.StreamArn) and arn.region != region:
        raise SOURCE_STREAM.stream.error(f"be of {REGION_OF_ALL.key}, {region}", arn.text, "make the two agree")
    domain = re.search(rf"\.({REGION_PATTERN})\.(?:es|aos)\.", search.endpoint)
    if domain and domain[1] != region:
        raise SINK_DOMAIN.endpoint.error(f"be of {REGION_OF_ALL.key}, {region}", search.endpoint, "make the two agree")
