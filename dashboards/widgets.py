"""Graphs of CloudWatch dashboards, one function each, with their metrics, units and limits.

A :class:`Graph` has no size and no position yet; the dashboard decides on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication
from flink_constructs.application_base import METRIC_NAMESPACE
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster

#: The height of a graph, in units of CloudWatch's grid.
HEIGHT = 6

MINUTE = Duration.minutes(1)
MINUTE_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Lines over time; the title names the units, the left axis first."""

    title: str
    left: Sequence[cloudwatch.IMetric]
    right: Sequence[cloudwatch.IMetric] = ()
    limit: float | None = None
    """The value of a horizontal line on the left axis."""
    limit_label: str | None = None
    """The label of that line."""
    maximum: float | None = None
    """The end of the left axis; by default the highest value."""

    def widget(self, *, width: int) -> cloudwatch.GraphWidget:
        """The graph as a widget of a dashboard, ``width`` of its 24 columns wide."""
        limits = (
            [cloudwatch.HorizontalAnnotation(value=self.limit, label=self.limit_label)]
            if self.limit is not None
            else []
        )
        # No period here: each line has its own. The CDK omits only five minutes, CloudWatch's default.
        return cloudwatch.GraphWidget(
            title=self.title,
            left=list(self.left),
            right=list(self.right),
            left_annotations=limits,
            left_y_axis=cloudwatch.YAxisProps(min=0, max=self.maximum, show_units=False),
            right_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
            width=width,
            height=HEIGHT,
        )


def uptime(application: FlinkApplication) -> Graph:
    """Uptime and downtime."""
    return Graph(
        title="Uptime (hours) and downtime (seconds)",
        left=[_scaled("uptime", application.metric_uptime_millis(), divisor=3_600_000)],
        right=[_scaled("downtime", application.metric_downtime_millis(), divisor=1_000)],
    )


def failures(application: FlinkApplication) -> Graph:
    """Restarts and failed checkpoints."""
    return Graph(
        title="Full restarts and failed checkpoints (in 5 minutes)",
        left=[
            metric_math.increase(application.metric_full_restarts(), label="full restarts"),
            metric_math.increase(application.metric_failed_checkpoints(), label="failed checkpoints"),
        ],
    )


def checkpoints(application: FlinkApplication) -> Graph:
    """Duration and size of the last checkpoint."""
    return Graph(
        title="Last checkpoint: duration (seconds) and size (MB)",
        left=[_scaled("duration", application.metric_checkpoint_duration_millis(), divisor=1_000)],
        right=[_scaled("size", application.metric_checkpoint_size_bytes(), divisor=1_000_000)],
    )


def utilization(application: FlinkApplication, *, limit: float = 90) -> Graph:
    """CPU and memory of the busiest TaskManager, with a line at ``limit`` per cent."""
    return Graph(
        title="CPU and memory of the fullest TaskManager (%)",
        left=[
            metric.with_(statistic=cloudwatch.Stats.MAXIMUM, label=label)
            for label, metric in (
                ("CPU", application.metric_cpu_percent()),
                ("memory", application.metric_memory_percent()),
                ("heap memory", application.metric_heap_memory_percent()),
            )
        ],
        limit=limit,
        maximum=100,
    )


def throughput(application: FlinkApplication) -> Graph:
    """Records into and out of the job's operators; a record counts at every operator that it passes."""
    return Graph(
        title="Records in and out, summed over the operators (records/s)",
        left=[
            metric_math.total(application, "numRecordsInPerSecond", label="in"),
            metric_math.total(application, "numRecordsOutPerSecond", label="out"),
        ],
    )


def task_time(application: FlinkApplication) -> Graph:
    """Busy, idle and backpressured time of the tasks. The busiest task is the bottleneck; those before it wait.

    The service reports these metrics per task, so from the metrics level TASK on.
    """
    return Graph(
        title="Time of the busiest, the most backpressured and the most idle task (ms/s)",
        left=[
            cloudwatch.MathExpression(
                expression=f'MAX(SEARCH(\'{{{METRIC_NAMESPACE},Application,Task}} MetricName="{name}" '
                f"Application=\"{application.application_name}\"', 'Average', {MINUTE_SECONDS}))",
                label=label,
                period=MINUTE,
            )
            for label, name in (
                ("busy", "busyTimeMsPerSecond"),
                ("backpressured", "backPressuredTimeMsPerSecond"),
                ("idle", "idleTimeMsPerSecond"),
            )
        ],
        maximum=1_000,
    )


def stream_writes(stream: DataStream, *, title: str) -> Graph:
    """Records into a stream, and records that it throttles because a shard is full."""
    return Graph(
        title=f"{title}: written (records/s) and throttled (records/min)",
        left=[_expression("written", stream.metric_incoming_records(period=MINUTE), "{value} / PERIOD({value})")],
        right=[
            metric.with_(label=label)
            for label, metric in (
                ("throttled in PutRecords", stream.metric_put_records_throttled_records(period=MINUTE)),
                ("write throughput exceeded", stream.metric_write_provisioned_throughput_exceeded(period=MINUTE)),
            )
        ],
    )


def stream_bytes(stream: DataStream, *, title: str) -> Graph:
    """Bytes into a stream; a shard accepts 1 MiB/s."""
    return Graph(
        title=f"{title}: written (MB/s)",
        left=[
            _expression("written", stream.metric_incoming_bytes(period=MINUTE), "{value} / PERIOD({value}) / 1000000")
        ],
    )


def stream_lag(
    application: FlinkApplication,
    stream: DataStream,
    *,
    title: str = "Behind the head of the stream",
    limit: float = 60,
) -> Graph:
    """The lag of the job behind a stream, as reported by the job and by the stream, and throttled reads."""
    return Graph(
        title=f"{title} (seconds) and refused reads (calls/min)",
        left=[
            _scaled("millisBehindLatest", application.metric_millis_behind_latest(stream.stream_name), divisor=1_000),
            _scaled(
                "iterator age of the slowest reader",
                stream.metric_get_records_iterator_age_milliseconds(period=MINUTE),
                divisor=1_000,
            ),
        ],
        right=[stream.metric_read_provisioned_throughput_exceeded(period=MINUTE).with_(label="refused reads")],
        limit=limit,
    )


def topic_lag(application: FlinkApplication) -> Graph:
    """The lag of the job behind its topic, in the partition with the largest lag."""
    return Graph(title="Behind the end of the topic, at most (records)", left=[application.metric_max_records_lag()])


def kafka_bytes(cluster: KafkaCluster) -> Graph:
    """Bytes from clients per broker, for any number of brokers."""
    return Graph(title="Kafka: written to each broker (bytes/s)", left=[_per_broker(cluster, "BytesInPerSec")])


def kafka_messages(cluster: KafkaCluster) -> Graph:
    """Records from clients per broker, for any number of brokers."""
    return Graph(title="Kafka: written to each broker (records/s)", left=[_per_broker(cluster, "MessagesInPerSec")])


def archive_writes(put_requests: cloudwatch.Metric, bytes_uploaded: cloudwatch.Metric) -> Graph:
    """Write requests to a bucket and bytes uploaded, from the bucket's request metrics."""
    requests, uploaded = (
        metric.with_(statistic=cloudwatch.Stats.SUM, period=MINUTE) for metric in (put_requests, bytes_uploaded)
    )
    return Graph(
        title="S3: PUT requests (per second) and uploads (MB/s)",
        left=[_expression("PUT requests", requests, "{value} / PERIOD({value})")],
        right=[_expression("uploads", uploaded, "{value} / PERIOD({value}) / 1000000")],
    )


def dead_letters(application: FlinkApplication, counter: str) -> Graph:
    """Records that the job refused, from its counter."""
    return Graph(
        title="Dead letters (records in 5 minutes)",
        left=[metric_math.total_increase(application, counter, label="dead letters")],
    )


def replayed(application: FlinkApplication, *, rate: str, lag_millis: str) -> Graph:
    """Rate and lag of a replay, from its metrics with these names."""
    lag = application.metric(lag_millis, statistic=cloudwatch.Stats.MAXIMUM)
    return Graph(
        title="Replayed (events/s) and behind schedule (seconds)",
        left=[metric_math.total(application, rate, label="replayed")],
        right=[_scaled("behind schedule", lag, divisor=1_000)],
    )


def replay_amiss(
    application: FlinkApplication, *, unread_files: str, gaps: str, out_of_order: str, untimed: str
) -> Graph:
    """What was not as a replay expects it, since its start, from its counters with these names.

    Not by how much they grew: most grow before there is a first data point to compare with.
    """
    counters = {
        "files not read to their end": unread_files,
        "gaps skipped": gaps,
        "trips out of order": out_of_order,
        "trips without a time": untimed,
    }
    return Graph(
        title="Unread files, gaps, trips out of order or without a time (since the replay's start)",
        left=[
            application.metric(name, statistic=cloudwatch.Stats.MAXIMUM, label=label)
            for label, name in counters.items()
        ],
    )


def _scaled(label: str, metric: cloudwatch.Metric, *, divisor: int) -> cloudwatch.MathExpression:
    return _expression(label, metric, f"{{value}} / {divisor}")


def _expression(label: str, metric: cloudwatch.Metric, formula: str) -> cloudwatch.MathExpression:
    # The id must be unique among the graph's lines.
    value = "value_" + "".join(character for character in metric.metric_name if character.isalnum())
    return cloudwatch.MathExpression(
        expression=formula.format(value=value), using_metrics={value: metric}, period=MINUTE, label=label
    )


def _per_broker(cluster: KafkaCluster, name: str) -> cloudwatch.MathExpression:
    return cloudwatch.MathExpression(
        expression=f'SEARCH(\'{{AWS/Kafka,"Broker ID","Cluster Name"}} MetricName="{name}" '
        f'"Cluster Name"="{cluster.cluster_name}"\', \'Average\', {MINUTE_SECONDS})',
        label="broker ${PROP('Dim.Broker ID')}",
        period=MINUTE,
    )
