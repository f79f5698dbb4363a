from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Environment, Stack
from aws_cdk import aws_cloudwatch as cloudwatch

from dashboards import taxi_analytics
from dashboards.search import SearchMetrics
from flink_apps.taxi_analytics.metrics import DEAD_LETTER_COUNT, LATE_TRIPS, OUTSIDE_NEW_YORK
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.bundle import JobBundle
from flink_constructs.data_stream import DataStream
from flink_constructs.search_domain import SearchDomain
from flink_constructs.stream_archive import StreamArchive
from flink_constructs.stream_delivery import StreamDelivery
from tests.constructs.checks import AGNOSTIC, CONCRETE, new_stack
from tests.constructs.fake_bundle import new_bundle
from tests.dashboards.bodies import Line, add_dashboard, body, by_label, graphs, headings, identifiers, lines

STREAM = [
    "Stream: written (records/s) and throttled (records/min)",
    "Stream: written (MB/s)",
    "Behind the head of the stream (seconds) and refused reads (calls/min)",
]
ARCHIVE = "Archive: oldest record not yet in S3 (seconds)"
DEAD = "Dead letters (records in 5 minutes)"
LEFT_OUT = "Late trips, and trips outside New York (in 5 minutes)"
APPLICATION = [
    "Uptime (hours) and downtime (seconds)",
    "Full restarts and failed checkpoints (in 5 minutes)",
    "Last checkpoint: duration (seconds) and size (MB)",
    "CPU and memory of the fullest TaskManager (%)",
    "Records in and out, summed over the operators (records/s)",
]
JOB = [*APPLICATION, DEAD, LEFT_OUT]
SEARCH = [
    "Search: documents indexed (per minute)",
    "Search: latency (ms)",
    "Search: errors (requests in 5 minutes)",
    "Search: state (1 is trouble)",
    "Search: CPU and JVM memory (%)",
    "Search: free disk of the fullest node (MiB)",
]
REPLAY = [
    *APPLICATION,
    "Replayed (events/s) and behind schedule (seconds)",
    "Unread files, gaps, trips out of order or without a time (since the replay's start)",
]

#: The dimensions of every namespace that a graph may name.
DIMENSIONS = {
    "AWS/KinesisAnalytics": [{"Application"}, {"Application", "Stream"}],
    "AWS/Kinesis": [{"StreamName"}],
    "AWS/Firehose": [{"DeliveryStreamName"}],
    "AWS/ES": [{"ClientId", "DomainName"}],
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> JobBundle:
    return new_bundle(tmp_path_factory.mktemp("job"))


def application_of(stack: Stack, bundle: JobBundle, name: str) -> FlinkApplication:
    groups = {"FlinkApplicationProperties": {"Region": "eu-west-1"}}
    return FlinkApplication(stack, name, code=ApplicationCode.from_bundle(bundle), property_groups=groups, start=False)


def archive_behind(stack: Stack, stream: DataStream) -> cloudwatch.Metric:
    delivery = StreamDelivery(stack, "Delivery", stream=stream, archive=StreamArchive(stack, "Archive"), prefix="raw")
    return delivery.metric_seconds_behind()


def stack_with(bundle: JobBundle, *parts: str, env: Environment | None = AGNOSTIC) -> Stack:
    """A stack with the dashboard of a job and its stream, and of the named parts beside them."""
    stack = new_stack(env)
    application, stream = application_of(stack, bundle, "Flink"), DataStream(stack, "Trips")
    made: dict[str, Any] = {}
    if "alarms" in parts:
        made["alarms"] = ApplicationAlarms(stack, "Alarms", application=application, source_stream=stream)
        made["alarms"].dead_letters(DEAD_LETTER_COUNT)
    if "archive" in parts:
        made["archive_behind"] = archive_behind(stack, stream)
    if "search" in parts:
        made["search"] = SearchMetrics.of(SearchDomain(stack, "Search"))
    if "replay" in parts:
        made["replay"] = application_of(stack, bundle, "Replay")
    add_dashboard(stack, taxi_analytics, application=application, stream=stream, **made)
    return stack


@pytest.fixture(scope="module")
def job_alone(bundle: JobBundle) -> Stack:
    """It is looked at, not changed."""
    return stack_with(bundle)


@pytest.fixture(scope="module")
def without_replay(bundle: JobBundle) -> Stack:
    """A stack with all that has titles of its own; it is looked at, not changed."""
    return stack_with(bundle, "alarms", "archive", "search", env=CONCRETE)


@pytest.fixture(scope="module")
def everything(bundle: JobBundle) -> Stack:
    """A stack with the dashboard of all that there can be; it is looked at, not changed."""
    return stack_with(bundle, "alarms", "archive", "search", "replay", env=CONCRETE)


def titles(stack: Stack) -> list[str]:
    return [widget["properties"]["title"] for widget in body(stack)["widgets"] if widget["type"] == "metric"]


def shown(stack: Stack, title: str) -> dict[str, Line]:
    return by_label(graphs(stack)[title])


def test_a_job_alone_has_graphs_of_its_stream_and_of_its_own(job_alone: Stack) -> None:
    assert titles(job_alone) == [*STREAM, *JOB]
    assert headings(job_alone) == ["# Taxi analytics", "## Stream", "## Application"]


def test_trips_are_shown_from_the_stream_to_the_domain_and_the_replay_last(everything: Stack) -> None:
    assert titles(everything) == [*STREAM, ARCHIVE, *JOB, *SEARCH, *REPLAY]
    assert headings(everything) == ["# Taxi analytics", "## Stream", "## Application", "## OpenSearch", "## Replay"]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("archive", [*STREAM, ARCHIVE, *JOB]),
        ("search", [*STREAM, *JOB, *SEARCH]),
        ("replay", [*STREAM, *JOB, *REPLAY]),
    ],
)
def test_a_part_adds_its_graphs(bundle: JobBundle, part: str, expected: list[str]) -> None:
    assert titles(stack_with(bundle, part)) == expected


def test_the_graphs_of_the_stream_are_about_the_jobs_own(job_alone: Stack) -> None:
    found = [line for line in lines(graphs(job_alone)[STREAM[0]]) if line.namespace]
    assert {line.dimensions["StreamName"].startswith("<Trips") for line in found} == {True}


def test_the_archive_shows_the_oldest_record_at_its_worst(without_replay: Stack) -> None:
    [line] = lines(graphs(without_replay)[ARCHIVE])
    assert (line.name, line.options["stat"]) == ("DeliveryToS3.DataFreshness", "Maximum")


def test_trips_that_do_not_count_are_those_of_all_subtasks_in_five_minutes(job_alone: Stack) -> None:
    found = shown(job_alone, LEFT_OUT)
    assert [line.name for line in found.values()] == [
        f"IF(DIFF(count_{metric}) > 0, DIFF(count_{metric}), 0)" for metric in (LATE_TRIPS, OUTSIDE_NEW_YORK)
    ]


def test_dead_letters_are_the_jobs_counter(job_alone: Stack) -> None:
    [line] = shown(job_alone, DEAD).values()
    assert identifiers(line.name) == {f"count_{DEAD_LETTER_COUNT}"}


def test_each_application_has_graphs_of_its_own(everything: Stack) -> None:
    applications = [
        {
            line.dimensions["Application"].removeprefix("<")[:5]
            for line in lines(widget["properties"])
            if line.dimensions
        }
        for widget in body(everything)["widgets"]
        if widget["type"] == "metric" and widget["properties"]["title"] in (*JOB, *REPLAY)
    ]
    assert applications == [{"Flink"}] * len(JOB) + [{"Repla"}] * len(REPLAY)


def test_every_metric_has_the_dimensions_of_its_namespace(without_replay: Stack) -> None:
    metrics = [line for graph in graphs(without_replay).values() for line in lines(graph) if line.namespace]
    for metric in metrics:
        assert metric.namespace is not None
        assert set(metric.dimensions) in DIMENSIONS[metric.namespace], metric
    assert {metric.namespace for metric in metrics} == set(DIMENSIONS)
