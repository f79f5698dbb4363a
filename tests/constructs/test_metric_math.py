from __future__ import annotations

import math
import re
from typing import Any

import pytest
from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import new_stack
from tests.constructs.fake_bundle import new_bundle


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> FlinkApplication:
    bundle = new_bundle(tmp_path_factory.mktemp("job"))
    return FlinkApplication(
        new_stack(), "Flink", code=ApplicationCode.from_bundle(bundle), property_groups={"A": {"b": "c"}}, start=False
    )


def value(expression: cloudwatch.MathExpression, *, snapshots: list[float]) -> float:
    """What CloudWatch computes of the snapshots that arrive in one period."""
    values: dict[str, Any] = {}
    for name, metric in expression.using_metrics.items():
        assert isinstance(metric, cloudwatch.Metric)
        assert metric.period.to_seconds() == expression.period.to_seconds()
        values[name] = {"Average": sum(snapshots) / len(snapshots), "SampleCount": len(snapshots)}[metric.statistic]
    functions = {"FLOOR": math.floor, "PERIOD": lambda _: expression.period.to_seconds()}
    return float(eval(expression.expression, {}, {**functions, **values}))  # noqa: S307 - the project's own formula


MINUTE, FIVE_MINUTES = Duration.minutes(1), Duration.minutes(5)


@pytest.mark.parametrize("subtasks", [1, 3, 16])
@pytest.mark.parametrize("period", [MINUTE, FIVE_MINUTES])
def test_the_total_is_the_sum_of_all_subtasks(application: FlinkApplication, period: Duration, subtasks: int) -> None:
    counts = [100.0 * (number + 1) for number in range(subtasks)]
    snapshots = counts * 4 * int(period.to_minutes())
    total = metric_math.total(application, "deadLetterCount", period=period)
    assert value(total, snapshots=snapshots) == pytest.approx(sum(counts))


@pytest.mark.parametrize("subtasks", range(1, 10))
@pytest.mark.parametrize("late", [-1, 1])
def test_a_snapshot_in_the_wrong_five_minutes_leaves_the_total_of_nine_subtasks_alone(
    application: FlinkApplication, subtasks: int, late: int
) -> None:
    total = metric_math.total(application, "deadLetterCount", period=FIVE_MINUTES)
    assert value(total, snapshots=[7.0] * subtasks * (20 + late)) == pytest.approx(7 * subtasks)


def test_a_total_reads_the_applications_metric(application: FlinkApplication) -> None:
    total = metric_math.total(application, "deadLetterCount")
    metrics = [metric for metric in total.using_metrics.values() if isinstance(metric, cloudwatch.Metric)]
    assert [metric.statistic for metric in metrics] == ["Average", "SampleCount"]
    assert {metric.metric_name for metric in metrics} == {"deadLetterCount"}
    assert {metric.namespace for metric in metrics} == {"AWS/KinesisAnalytics"}
    assert [metric.dimensions for metric in metrics] == [{"Application": application.application_name}] * 2
    assert (total.label, total.period.to_minutes()) == ("deadLetterCount", 1)


def test_an_increase_is_the_difference_to_the_period_before_and_never_negative(application: FlinkApplication) -> None:
    increase = metric_math.increase(application.metric_full_restarts())
    assert increase.expression == "IF(DIFF(count_fullRestarts) > 0, DIFF(count_fullRestarts), 0)"
    [count] = increase.using_metrics.values()
    assert isinstance(count, cloudwatch.Metric)
    assert (count.metric_name, count.statistic) == ("fullRestarts", "Maximum")
    assert (count.period.to_minutes(), increase.period.to_minutes()) == (5, 5)


def test_the_increase_of_a_total_is_that_of_all_subtasks(application: FlinkApplication) -> None:
    increase = metric_math.total_increase(application, "deadLetterCount", period=Duration.minutes(10), label="refused")
    total = metric_math.total(application, "deadLetterCount", period=Duration.minutes(10))
    assert increase.expression == "IF(DIFF(count_deadLetterCount) > 0, DIFF(count_deadLetterCount), 0)"
    [count] = increase.using_metrics.values()
    assert isinstance(count, cloudwatch.MathExpression)
    assert (count.expression, count.period.to_minutes()) == (total.expression, 10)
    assert (increase.label, increase.period.to_minutes()) == ("refused", 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"name": "dead-letters"},
            "name must have letters and digits only (got 'dead-letters'); rename the metric",
        ),
        (
            {"name": "deadLetters", "period": Duration.seconds(30)},
            "period must be from 1 minute to 1 day (got '30 seconds'); use a minute, five, or an hour",
        ),
    ],
)
def test_what_cloudwatch_could_not_compute_is_refused(
    application: FlinkApplication, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        metric_math.total(application, **arguments)
