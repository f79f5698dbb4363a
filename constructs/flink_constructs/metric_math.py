"""Counts and rates of a whole job, made of what each of its subtasks reports to CloudWatch.

The service takes four snapshots of every subtask a minute, so "over a minute, SUM / 4" is what all subtasks together
have: the count of a counter since the job was started, the rate of a meter
(https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html, numRecordsIn).

A snapshot that comes a little early or late falls into another minute, and would change that sum by a quarter. So the
same is said here with a mean, which does not mind, and the number of those that report, rounded to a whole one:
``SUM / 4 = AVERAGE * (SAMPLES / 4)``. It is right for any period, also for one that somebody chooses in the console.
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from flink_constructs import validation
from flink_constructs.application_base import FlinkApplicationBase

__all__ = ["increase", "total", "total_increase"]

SNAPSHOT_SECONDS = 15


def total(
    application: FlinkApplicationBase, name: str, *, period: Duration | None = None, label: str | None = None
) -> cloudwatch.MathExpression:
    """What all subtasks together have of a metric that each of them reports.

    Args:
        application: Whose metric it is.
        name: The metric's name, letters and digits: one of Flink's, or one that the job registers.
        period: Whole minutes that a data point stands for; the more, the less a late snapshot matters. Default: 1.
        label: Name in a graph. Default: the metric's.

    Raises:
        InvalidArgumentError: for a name that cannot be one, or a period of less than a minute.

    """
    period = period or Duration.minutes(1)
    validation.matching(
        "name", name, pattern=r"[a-zA-Z0-9]+", rule="have letters and digits only", fix="rename the metric"
    )
    validation.duration(
        "period", period, low=Duration.minutes(1), high=Duration.days(1), fix="use a minute, five, or an hour"
    )
    reporters = f"FLOOR(samples_{name} * {SNAPSHOT_SECONDS} / PERIOD(samples_{name}) + 0.5)"
    return cloudwatch.MathExpression(
        expression=f"mean_{name} * {reporters}",
        using_metrics={
            f"mean_{name}": application.metric(name, statistic=cloudwatch.Stats.AVERAGE, period=period),
            f"samples_{name}": application.metric(name, statistic=cloudwatch.Stats.SAMPLE_COUNT, period=period),
        },
        period=period,
        label=label or name,
    )


def increase(
    count: cloudwatch.Metric, *, period: Duration | None = None, label: str | None = None
) -> cloudwatch.MathExpression:
    """By how much a count that one process keeps grew from one period to the next; 0 where it started anew.

    Args:
        count: The count since the job was started, such as ``application.metric_full_restarts()``.
        period: Whole minutes that a data point stands for. Default: 5.
        label: Name in a graph. Default: the metric's.

    """
    period = period or Duration.minutes(5)
    return _increase(count.metric_name, count.with_(period=period), period=period, label=label)


def total_increase(
    application: FlinkApplicationBase, name: str, *, period: Duration | None = None, label: str | None = None
) -> cloudwatch.MathExpression:
    """By how much a counter of all subtasks together grew from one period to the next; 0 where it started anew.

    What is counted in the first period after a start has nothing to compare with, and is left out.

    Args:
        application: Whose metric it is.
        name: The counter's name, letters and digits.
        period: Whole minutes that a data point stands for. Default: 5, over which one snapshot too many or too few
            does no harm with up to 9 subtasks.
        label: Name in a graph. Default: the metric's.

    Raises:
        InvalidArgumentError: for a name that cannot be one, or a period of less than a minute.

    """
    period = period or Duration.minutes(5)
    return _increase(name, total(application, name, period=period), period=period, label=label)


def _increase(
    name: str, count: cloudwatch.IMetric, *, period: Duration, label: str | None
) -> cloudwatch.MathExpression:
    # A restart sets counters to 0: a difference below 0 says nothing of what has been counted since.
    return cloudwatch.MathExpression(
        expression=f"IF(DIFF(count_{name}) > 0, DIFF(count_{name}), 0)",
        using_metrics={f"count_{name}": count},
        period=period,
        label=label or name,
    )
