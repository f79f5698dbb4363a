"""The lottery's dashboard: inputs, rules and draws, outputs."""

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
    """Add sections about the inputs, the game and the outputs; absent parts have no graphs.

    Args:
        dashboard: Gets the sections, from top to bottom.
        application: The job.
        lottery_events: The stream with the starts and stops of lotteries. Default: none.
        user_events: The stream with the players' purchases and clicks. Default: none.
        winners: The stream of the winners. Default: none.
        rejected_events: The stream of the rejected events. Default: none.
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
    """Windows drawn, of all lotteries."""
    return Graph(
        title="Winners (in 5 minutes)",
        left=[metric_math.total_increase(application, WINNER_COUNT, label="winners")],
    )


def _rejected(application: FlinkApplication) -> Graph:
    """Rejected events, with a line per reason."""
    return Graph(
        title="Rejected events by reason (in 5 minutes)",
        left=[
            metric_math.total_increase(application, counter, label=reason)
            for reason, counter in REJECTED_BY_REASON.items()
        ],
    )


def _event_time(application: FlinkApplication) -> Graph:
    """The lag of event time behind the clock, and the late clicks.

    Only operators with two inputs report their input watermark
    (https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html, currentInputWatermark). The operator
    with the rules has the largest. The other operator gives starts and stops their times, and has an input without
    watermarks. A watermark below 0 means that there is none yet; it is not plotted. The last value of a minute is up to
    15 seconds old at the end of the minute. EPOCH is the start of a data point's minute
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
