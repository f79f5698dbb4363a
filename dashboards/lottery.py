"""The lottery's dashboard: events in, what the rules and the draw make of them, results out."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch

from dashboards import widgets
from dashboards.scenario import ScenarioDashboard
from dashboards.widgets import Graph
from flink_apps.lottery.logic import LateClickError
from flink_apps.lottery.metrics import REJECTED_BY_REASON, WINNER_COUNT
from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster

#: The heading of the dashboard.
TITLE = "Lottery"


def add_sections(
    dashboard: ScenarioDashboard,
    *,
    application: FlinkApplication,
    lottery_events: DataStream | None = None,
    user_events: DataStream | None = None,
    winners: DataStream | None = None,
    rejected_events: DataStream | None = None,
    cluster: KafkaCluster | None = None,
) -> None:
    """Add the inputs, the game and the outputs; there is a graph for what there is.

    Args:
        dashboard: What they are added to, from top to bottom.
        application: The job.
        lottery_events: The stream with the starts and stops of lotteries. Default: none.
        user_events: The stream with the players' purchases and clicks. Default: none.
        winners: The stream of the winners. Default: none.
        rejected_events: The stream of the events that were refused. Default: none.
        cluster: The Kafka cluster with the topics of all of these. Default: none.

    """
    inputs = {"Lottery events": lottery_events, "User events": user_events}
    outputs = {"Winners": winners, "Rejected events": rejected_events}
    dashboard.add_section("Events in", _events_in(application, inputs, cluster))
    dashboard.add_section("Game", [_winners(application), _rejected(application), _event_time(application)])
    dashboard.add_application(application)
    dashboard.add_section(
        "Results out",
        [widgets.stream_writes(stream, title=title) for title, stream in outputs.items() if stream is not None],
    )


def _events_in(
    application: FlinkApplication, streams: dict[str, DataStream | None], cluster: KafkaCluster | None
) -> list[Graph]:
    graphs: list[Graph] = []
    for title, stream in streams.items():
        if stream is not None:
            graphs += [
                widgets.stream_writes(stream, title=title),
                widgets.stream_bytes(stream, title=title),
                widgets.stream_lag(application, stream, title=f"{title}: behind the head of the stream"),
            ]
    if cluster is not None:
        graphs += [widgets.kafka_messages(cluster), widgets.kafka_bytes(cluster), widgets.topic_lag(application)]
    return graphs


def _winners(application: FlinkApplication) -> Graph:
    """Windows that were drawn, of all lotteries."""
    return Graph(
        title="Winners (in 5 minutes)",
        left=[metric_math.total_increase(application, WINNER_COUNT, label="winners")],
    )


def _rejected(application: FlinkApplication) -> Graph:
    """Events that the rules refused, a line for each reason."""
    return Graph(
        title="Rejected events by reason (in 5 minutes)",
        left=[
            metric_math.total_increase(application, counter, label=reason)
            for reason, counter in REJECTED_BY_REASON.items()
        ],
    )


def _event_time(application: FlinkApplication) -> Graph:
    """How far event time is behind the clock, and the clicks that it left behind.

    Only operators with two inputs report the watermark that they received
    (https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html, currentInputWatermark). That of the
    rules is the largest: the other one, which gives starts and stops their time, has an input without watermarks. A
    watermark below 0 is none yet, and is left out. The last of a minute is up to a quarter of a minute old at its end.
    EPOCH is the time at which a point's minute began
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html).
    """
    watermark = application.metric("currentInputWatermark", statistic=cloudwatch.Stats.MAXIMUM)
    late = LateClickError.reason
    return Graph(
        title="Event time behind the clock (seconds) and late clicks (in 5 minutes)",
        left=[
            cloudwatch.MathExpression(
                expression="IF(watermark > 0, EPOCH(watermark) + PERIOD(watermark) - watermark / 1000)",
                using_metrics={"watermark": watermark},
                period=widgets.MINUTE,
                label="behind the clock",
            )
        ],
        right=[metric_math.total_increase(application, REJECTED_BY_REASON[late], label="late clicks")],
    )
