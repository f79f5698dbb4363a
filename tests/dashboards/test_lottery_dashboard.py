from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Environment, Stack

from dashboards import lottery
from flink_apps.lottery.logic import REASONS
from flink_apps.lottery.metrics import REJECTED_BY_REASON, WINNER_COUNT
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.bundle import JobBundle
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import Network
from tests.constructs.checks import AGNOSTIC, CONCRETE, new_stack
from tests.constructs.fake_bundle import new_bundle
from tests.dashboards.bodies import Line, add_dashboard, by_label, graphs, headings, identifiers, lines

WINNERS = "Winners (in 5 minutes)"
REJECTED = "Rejected events by reason (in 5 minutes)"
EVENT_TIME = "Event time behind the clock (seconds) and late clicks (in 5 minutes)"
GAME = [WINNERS, REJECTED, EVENT_TIME]
JOB = [
    "Uptime (hours) and downtime (seconds)",
    "Full restarts and failed checkpoints (in 5 minutes)",
    "Last checkpoint: duration (seconds) and size (MB)",
    "CPU and memory of the fullest TaskManager (%)",
    "Records in and out, summed over the operators (records/s)",
]
KAFKA = [
    "Kafka: written to each broker (records/s)",
    "Kafka: written to each broker (bytes/s)",
    "Behind the end of the topic, at most (records)",
]

#: The streams of the dashboard, and their titles.
STREAMS = {
    "lottery_events": "Lottery events",
    "user_events": "User events",
    "winners": "Winners",
    "rejected_events": "Rejected events",
}


def written(title: str) -> str:
    return f"{title}: written (records/s) and throttled (records/min)"


def input_graphs(title: str) -> list[str]:
    return [
        written(title),
        f"{title}: written (MB/s)",
        f"{title}: behind the head of the stream (seconds) and refused reads (calls/min)",
    ]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> JobBundle:
    return new_bundle(tmp_path_factory.mktemp("job"))


def stack_with(bundle: JobBundle, *parts: str, env: Environment | None = AGNOSTIC, alarms: bool = False) -> Stack:
    """A stack with the dashboard of a job, and of the named parts beside it: streams, or a ``cluster``."""
    stack = new_stack(env)
    groups = {"LotteryProperties": {"connector": "kinesis"}}
    application = FlinkApplication(
        stack, "Flink", code=ApplicationCode.from_bundle(bundle), property_groups=groups, start=False
    )
    made: dict[str, Any] = {part: DataStream(stack, part) for part in parts if part in STREAMS}
    if "cluster" in parts:
        network = Network(stack, "Network")
        made["cluster"] = KafkaCluster(stack, "Kafka", vpc=network.vpc, subnets=network.subnets)
    if alarms:
        made["alarms"] = ApplicationAlarms(stack, "Alarms", application=application)
    add_dashboard(stack, lottery, application=application, **made)
    return stack


@pytest.fixture(scope="module")
def job_alone(bundle: JobBundle) -> Stack:
    """It is looked at, not changed."""
    return stack_with(bundle)


@pytest.fixture(scope="module")
def with_streams(bundle: JobBundle) -> Stack:
    """A stack with all four streams; it is looked at, not changed."""
    return stack_with(bundle, *STREAMS, env=CONCRETE, alarms=True)


@pytest.fixture(scope="module")
def with_cluster(bundle: JobBundle) -> Stack:
    """It is looked at, not changed."""
    return stack_with(bundle, "cluster", alarms=True)


def shown(stack: Stack, title: str) -> dict[str, Line]:
    return by_label(graphs(stack)[title])


def test_a_job_alone_has_graphs_of_the_game_and_of_its_own(job_alone: Stack) -> None:
    assert list(graphs(job_alone)) == [*GAME, *JOB]
    assert headings(job_alone) == ["# Lottery", "## Game", "## Application"]


def test_streams_are_shown_from_the_inputs_to_the_outputs(with_streams: Stack) -> None:
    assert list(graphs(with_streams)) == [
        *input_graphs("Lottery events"),
        *input_graphs("User events"),
        *GAME,
        *JOB,
        written("Winners"),
        written("Rejected events"),
    ]
    assert headings(with_streams) == ["# Lottery", "## Events in", "## Game", "## Application", "## Results out"]


@pytest.mark.parametrize(("part", "title"), STREAMS.items())
def test_the_graphs_of_a_stream_are_about_that_stream(with_streams: Stack, part: str, title: str) -> None:
    metrics = [line for line in lines(graphs(with_streams)[written(title)]) if line.namespace]
    assert {line.dimensions["StreamName"].startswith(f"<{part.replace('_', '')}") for line in metrics} == {True}


def test_a_cluster_has_one_set_of_graphs_for_all_topics(with_cluster: Stack) -> None:
    assert list(graphs(with_cluster)) == [*KAFKA, *GAME, *JOB]


def test_winners_are_those_of_all_subtasks_in_five_minutes(job_alone: Stack) -> None:
    assert {label: line.name for label, line in shown(job_alone, WINNERS).items()} == {
        "winners": f"IF(DIFF(count_{WINNER_COUNT}) > 0, DIFF(count_{WINNER_COUNT}), 0)"
    }


def test_every_reason_of_the_rules_has_a_line(job_alone: Stack) -> None:
    found = shown(job_alone, REJECTED)
    assert list(found) == list(REASONS)
    for reason, line in found.items():
        assert identifiers(line.name) == {f"count_{REJECTED_BY_REASON[reason]}"}


def test_late_clicks_are_beside_the_event_time_that_left_them_behind(job_alone: Stack) -> None:
    found = shown(job_alone, EVENT_TIME)
    assert identifiers(found["late clicks"].name) == {f"count_{REJECTED_BY_REASON['late']}"}
    assert found["late clicks"].options["yAxis"] == "right"


def test_event_time_is_the_latest_watermark_of_the_rules_and_nothing_before_the_first(job_alone: Stack) -> None:
    graph = graphs(job_alone)[EVENT_TIME]
    [watermark] = [line for line in lines(graph) if line.name == "currentInputWatermark"]
    assert (watermark.options["stat"], watermark.options["period"]) == ("Maximum", 60)
    assert set(watermark.dimensions) == {"Application"}
    expression = by_label(graph)["behind the clock"].name
    assert expression == "IF(watermark > 0, EPOCH(watermark) + PERIOD(watermark) - watermark / 1000)"
