"""The taxi analytics' property group: what is read, and the one line about what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.opensearch import OpenSearchDomain
from flink_apps.common.ends.s3 import BucketPrefix
from flink_apps.common.properties import SettingsError
from flink_apps.taxi_analytics.settings import GROUP, OPTIONS, Settings

ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/trips"
ENDPOINT = "https://search-taxis-x1.eu-west-1.es.amazonaws.com"
NEEDED = {
    "InputStreamArn": ARN,
    "OpenSearchEndpoint": ENDPOINT,
    "Region": "eu-west-1",
    "DeadLetterBucket": "letters",
}
#: Stands for a key that is not there.
ABSENT = None


def groups_with(**changes: str | None) -> dict[str, dict[str, str]]:
    return {GROUP: {key: value for key, value in {**NEEDED, **changes}.items() if value is not None}}


def parse(**changes: str | None) -> Settings:
    return Settings.from_property_groups(groups_with(**changes))


def refusal(**changes: str | None) -> str:
    with pytest.raises(SettingsError) as refused:
        parse(**changes)
    return str(refused.value)


def test_four_keys_are_enough() -> None:
    assert parse() == Settings(
        source=KinesisStream(name="trips", region="eu-west-1", arn=ARN, initial_position="TRIM_HORIZON"),
        search=OpenSearchDomain(
            endpoint=ENDPOINT,
            region="eu-west-1",
            bulk_size_mb=5,
            bulk_actions=5000,
            bulk_interval_millis=1000,
        ),
        early_results_minutes=15,
        out_of_order_millis=120_000,
        idle_millis=5_000,
        clock_skew_millis=60_000,
        dead_letters=BucketPrefix(bucket="letters", prefix="dead-letters"),
    )


def test_times_are_read_in_their_units() -> None:
    settings = parse(EarlyResultsMinutes="20", OutOfOrderSeconds="0", IdleSeconds="1", ClockSkewSeconds="86400")
    assert settings.early_results_minutes == 20
    assert (settings.out_of_order_millis, settings.idle_millis, settings.clock_skew_millis) == (0, 1_000, 86_400_000)


def test_a_stream_is_read_from_its_newest_record_where_told_so() -> None:
    assert parse(InputStreamInitialPosition="LATEST").source.initial_position == "LATEST"


def test_dead_letters_go_into_a_stream_of_the_same_region_where_one_is_named() -> None:
    settings = parse(DeadLetterBucket=ABSENT, DeadLetterKinesisStream="bad-trips")
    assert settings.dead_letters == KinesisStream(name="bad-trips", region="eu-west-1")


def test_a_prefix_of_dead_letters_is_taken_without_the_slashes_around_it() -> None:
    assert parse(DeadLetterPrefix="/bad/trips/").dead_letters == BucketPrefix(bucket="letters", prefix="bad/trips")


def test_an_endpoint_is_taken_without_the_slash_at_its_end() -> None:
    assert parse(OpenSearchEndpoint=f"{ENDPOINT}/").search.endpoint == ENDPOINT


def test_a_user_with_a_password_takes_the_place_of_signatures() -> None:
    search = parse(OpenSearchUsername="taxi", OpenSearchPassword="secret").search
    assert (search.username, search.password) == ("taxi", "secret")


def test_the_region_is_the_applications_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert parse(Region=ABSENT).search.region == "eu-west-1"


def test_without_any_region_the_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable, raising=False)
    assert refusal(Region=ABSENT).startswith(f"{GROUP}/Region must be set where the variable AWS_REGION is not")


@pytest.mark.parametrize("minutes", [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60])
def test_every_part_of_an_hour_can_be_the_step_of_early_results(minutes: int) -> None:
    assert parse(EarlyResultsMinutes=str(minutes)).early_results_minutes == minutes


PARTITIONS = {
    "aws-cn": ("cn-north-1", "amazonaws.com.cn"),
    "aws-us-gov": ("us-gov-west-1", "amazonaws.com"),
    "aws-iso": ("us-iso-east-1", "c2s.ic.gov"),
    "aws-iso-b": ("us-isob-east-1", "sc2s.sgov.gov"),
    "aws-eusc": ("eusc-de-east-1", "amazonaws.eu"),
}


@pytest.mark.parametrize("partition", PARTITIONS)
def test_streams_and_domains_of_other_partitions_are_taken(partition: str) -> None:
    region, suffix = PARTITIONS[partition]
    settings = parse(
        InputStreamArn=f"arn:{partition}:kinesis:{region}:123456789012:stream/trips",
        OpenSearchEndpoint=f"https://vpc-taxis-x1.{region}.es.{suffix}",
        Region=region,
    )
    assert (settings.source.region, settings.search.region) == (region, region)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9200", "https://search.example.org", "https://es.example.org"])
def test_an_address_that_tells_no_region_is_of_any(endpoint: str) -> None:
    assert parse(OpenSearchEndpoint=endpoint).search.endpoint == endpoint


STREAM_ARN_FIX = "write arn:<partition>:kinesis:<region>:<account>:stream/<name>"
PART_OF_AN_HOUR = "EarlyResultsMinutes must be a part of an hour: an integer by which 60 can be divided"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no stream": (
        {"InputStreamArn": ABSENT},
        f"InputStreamArn must be set (got None); {STREAM_ARN_FIX}",
    ),
    "a stream by its name": (
        {"InputStreamArn": "trips"},
        f"InputStreamArn must be the ARN of a Kinesis stream (got 'trips'); {STREAM_ARN_FIX}",
    ),
    "the ARN of something else": (
        {"InputStreamArn": "arn:aws:sqs:eu-west-1:123456789012:trips"},
        "InputStreamArn must be the ARN of a Kinesis stream (got 'arn:aws:sqs:eu-west-1:123456789012:trips');"
        f" {STREAM_ARN_FIX}",
    ),
    "an account that is none": (
        {"InputStreamArn": ARN.replace("123456789012", "1234")},
        "InputStreamArn must be the ARN of a Kinesis stream (got 'arn:aws:kinesis:eu-west-1:1234:stream/trips');"
        f" {STREAM_ARN_FIX}",
    ),
    "no endpoint": (
        {"OpenSearchEndpoint": ABSENT},
        "OpenSearchEndpoint must be set (got None); write https://host",
    ),
    "an endpoint without a scheme": (
        {"OpenSearchEndpoint": "search.example.org"},
        "OpenSearchEndpoint must be an address with its scheme, and no path (got 'search.example.org');"
        " write https://host",
    ),
    "an endpoint with a path": (
        {"OpenSearchEndpoint": "https://search.example.org/_bulk"},
        "OpenSearchEndpoint must be an address with its scheme, and no path (got 'https://search.example.org/_bulk');"
        " write https://host",
    ),
    "a stream of another region": (
        {"InputStreamArn": ARN.replace("eu-west-1", "us-east-1")},
        "InputStreamArn must be of Region, eu-west-1 (got 'arn:aws:kinesis:us-east-1:123456789012:stream/trips');"
        " make the two agree",
    ),
    "a domain of another region": (
        {"OpenSearchEndpoint": "https://search-taxis-x1.us-gov-west-1.es.amazonaws.com"},
        "OpenSearchEndpoint must be of Region, eu-west-1 (got"
        " 'https://search-taxis-x1.us-gov-west-1.es.amazonaws.com'); make the two agree",
    ),
    "a dual-stack domain of another region": (
        {"OpenSearchEndpoint": "https://search-taxis-x1.eu-west-2.aos.on.aws"},
        "OpenSearchEndpoint must be of Region, eu-west-1 (got 'https://search-taxis-x1.eu-west-2.aos.on.aws');"
        " make the two agree",
    ),
    "a region in words": (
        {"Region": "Ireland"},
        "Region must be the name of a region (got 'Ireland'); write for example eu-west-1",
    ),
    "an unknown key": (
        {"OutOfOrderSecond": "5"},
        "OutOfOrderSecond must be a known key (got 'OutOfOrderSecond'); did you mean OutOfOrderSeconds?",
    ),
    "early results at no part of an hour": (
        {"EarlyResultsMinutes": "7"},
        f"{PART_OF_AN_HOUR} (got '7'); write one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60",
    ),
    "early results after the hour": (
        {"EarlyResultsMinutes": "120"},
        f"{PART_OF_AN_HOUR} (got '120'); write one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60",
    ),
    "early results all the time": (
        {"EarlyResultsMinutes": "0"},
        f"{PART_OF_AN_HOUR} (got '0'); write one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60",
    ),
    "out of order by half a second": (
        {"OutOfOrderSeconds": "0.5"},
        "OutOfOrderSeconds must be an integer from 0 to 3600 (got '0.5'); write for example 10",
    ),
    "idle at once": (
        {"IdleSeconds": "0"},
        "IdleSeconds must be an integer from 1 to 3600 (got '0'); write for example 10",
    ),
    "clocks more than a day apart": (
        {"ClockSkewSeconds": "86401"},
        "ClockSkewSeconds must be an integer from 0 to 86400 (got '86401'); write for example 10",
    ),
    "a wrong position": (
        {"InputStreamInitialPosition": "OLDEST"},
        "InputStreamInitialPosition must be TRIM_HORIZON or LATEST (got 'OLDEST');"
        " TRIM_HORIZON leaves out nothing that the stream still holds",
    ),
    "bulks of nothing": (
        {"OpenSearchBulkFlushMaxActions": "0"},
        "OpenSearchBulkFlushMaxActions must be an integer from 1 to 100000 (got '0'); write for example 10",
    ),
    "a user without a password": (
        {"OpenSearchUsername": "taxi"},
        "OpenSearchPassword must be set where OpenSearchUsername is (got None); write both, or neither",
    ),
    "a password without a user": (
        {"OpenSearchPassword": "secret"},
        "OpenSearchUsername must be set where OpenSearchPassword is (got None); write both, or neither",
    ),
    "a bucket's address": (
        {"DeadLetterBucket": "s3://letters"},
        "DeadLetterBucket must be the name of a bucket: 3 to 63 small letters, digits, '.' or '-', and no address"
        " (got 's3://letters'); write the name alone, without s3:// and without a prefix",
    ),
    "a prefix with a space": (
        {"DeadLetterPrefix": "bad trips"},
        "DeadLetterPrefix must be a prefix without spaces (got 'bad trips'); write for example trips/yellow",
    ),
    "a stream of dead letters by its ARN": (
        {"DeadLetterBucket": ABSENT, "DeadLetterKinesisStream": ARN},
        "DeadLetterKinesisStream must be the name of a Kinesis stream: 1 to 128 letters, digits, '_', '.' or '-'"
        f" (got '{ARN}'); write the name, not the ARN",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_in_one_line(case: str) -> None:
    changes, message = REFUSED[case]
    assert refusal(**changes) == f"{GROUP}/{message}"


ONE_PLACE = f"{GROUP} must name one place for the dead letters: DeadLetterBucket, DeadLetterKinesisStream (got "


def test_dead_letters_without_a_place_are_refused() -> None:
    assert refusal(DeadLetterBucket=ABSENT) == f"{ONE_PLACE}[]); add one"


def test_dead_letters_with_two_places_are_refused_with_both() -> None:
    named = ["DeadLetterBucket", "DeadLetterKinesisStream"]
    assert refusal(DeadLetterKinesisStream="bad") == f"{ONE_PLACE}{named!r}); keep one of {', '.join(named)}"


def test_a_password_is_not_told_in_a_refusal() -> None:
    assert "secret" not in refusal(OpenSearchPassword="secret", EarlyResultsMinutes="7")


def test_every_key_says_what_it_means_and_no_two_have_a_name() -> None:
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)
    assert all(option.meaning and option.group in (GROUP, "AwsEndpoints") for option in OPTIONS)
