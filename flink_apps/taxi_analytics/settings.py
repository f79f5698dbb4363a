"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flink_apps.common import places
from flink_apps.common.places import BucketPrefix, KinesisStream, OpenSearchProperties, OpenSearchSink
from flink_apps.common.properties import Property, PropertyGroups, SettingsError, StreamArn, refuse_unknown_keys

GROUP = "FlinkApplicationProperties"


def _key(key: str, meaning: str, default: str | None = None) -> Property:
    return Property(group=GROUP, key=key, meaning=meaning, default=default)


INPUT_STREAM_ARN = _key("InputStreamArn", "ARN of the Kinesis stream with the trips; required")
INPUT_STREAM_POSITION = _key(
    "InputStreamInitialPosition", "where to begin without a checkpoint: TRIM_HORIZON (oldest) or LATEST", "TRIM_HORIZON"
)
ENDPOINT = _key("OpenSearchEndpoint", "address of the OpenSearch domain, as https://host; required")
REGION = _key("Region", "region of the stream and the domain; by default the application's")
SEARCH = OpenSearchProperties.in_group(GROUP, endpoint=ENDPOINT, region=REGION)
EARLY_RESULTS = _key(
    "EarlyResultsMinutes",
    "minutes of event time after which the documents of an open hour are written again, a part of 60; 60: once, at its"
    " end",
    "15",
)
OUT_OF_ORDER = _key("OutOfOrderSeconds", "how far trips may be out of order: so long an hour stays open", "120")
IDLE = _key("IdleSeconds", "after how long without a trip a shard is not waited for", "5")
CLOCK_SKEW = _key("ClockSkewSeconds", "how far ahead of its arrival the dropoff of a trip may be", "60")
DEAD_LETTER_BUCKET = _key("DeadLetterBucket", "dead letters: name of an S3 bucket")
DEAD_LETTER_PREFIX = _key("DeadLetterPrefix", "prefix of the dead letters in the bucket", "dead-letters")
DEAD_LETTER_STREAM = _key("DeadLetterKinesisStream", "dead letters: name of a Kinesis stream instead of a bucket")

PROPERTIES = (
    INPUT_STREAM_ARN,
    INPUT_STREAM_POSITION,
    *SEARCH.all(),
    EARLY_RESULTS,
    OUT_OF_ORDER,
    IDLE,
    CLOCK_SKEW,
    DEAD_LETTER_BUCKET,
    DEAD_LETTER_PREFIX,
    DEAD_LETTER_STREAM,
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run is asked to do."""

    input_stream: StreamArn
    initial_position: str
    search: OpenSearchSink
    early_results_minutes: int
    out_of_order_millis: int
    idle_millis: int
    clock_skew_millis: int
    dead_letters: BucketPrefix | KinesisStream

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups, or raise :class:`SettingsError`."""
        refuse_unknown_keys(groups, PROPERTIES)
        arn = INPUT_STREAM_ARN.required(groups, fix="write arn:<partition>:kinesis:<region>:<account>:stream/<name>")
        stream = StreamArn.parse(INPUT_STREAM_ARN, arn)
        ENDPOINT.required(groups, fix="write https://host")
        search = SEARCH.sink(groups)
        assert search is not None  # noqa: S101 - the endpoint is there
        _same_region(stream, search)
        return cls(
            input_stream=stream,
            initial_position=INPUT_STREAM_POSITION.initial_position(groups),
            search=search,
            early_results_minutes=_part_of_an_hour(groups),
            out_of_order_millis=OUT_OF_ORDER.whole_number(groups, low=0, high=3_600) * 1000,
            idle_millis=IDLE.whole_number(groups, low=1, high=3_600) * 1000,
            clock_skew_millis=CLOCK_SKEW.whole_number(groups, low=0, high=86_400) * 1000,
            dead_letters=_dead_letters(groups, search.region),
        )


def _same_region(stream: StreamArn, search: OpenSearchSink) -> None:
    if stream.region != search.region:
        raise INPUT_STREAM_ARN.error(f"be of {REGION.key}, {search.region}", stream.text, "make the two agree")
    domain = re.search(r"\.([a-z]+(?:-[a-z]+)+-[0-9]+)\.(?:es|aos)\.", search.endpoint)
    if domain and domain[1] != search.region:
        raise ENDPOINT.error(f"be of {REGION.key}, {search.region}", search.endpoint, "make the two agree")


def _part_of_an_hour(groups: PropertyGroups) -> int:
    minutes = EARLY_RESULTS.whole_number(groups, low=1, high=60)
    if 60 % minutes:
        parts = ", ".join(str(part) for part in range(1, 61) if 60 % part == 0)
        raise EARLY_RESULTS.error("be a part of an hour", str(minutes), f"write one of {parts}")
    return minutes


def _dead_letters(groups: PropertyGroups, region: str) -> BucketPrefix | KinesisStream:
    bucket = places.bucket(groups, DEAD_LETTER_BUCKET)
    stream = places.stream_name(groups, DEAD_LETTER_STREAM)
    if bool(bucket) == bool(stream):
        raise SettingsError(
            GROUP,
            f"name one place for the dead letters: {DEAD_LETTER_BUCKET.key}, or {DEAD_LETTER_STREAM.key}",
            sorted(groups.get(GROUP, {})),
            "remove one of the two" if bucket else "add one of the two",
        )
    if stream:
        return KinesisStream(name=stream, region=region)
    return BucketPrefix(bucket=bucket or "", prefix=places.prefix(groups, DEAD_LETTER_PREFIX))
