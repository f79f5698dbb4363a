from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.bundle import JobBundle
from flink_constructs.data_stream import DataStream
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only
from tests.constructs.fake_bundle import new_bundle

ALARM = "AWS::CloudWatch::Alarm"
NAMESPACE = "AWS/KinesisAnalytics"
ALWAYS = ["Downtime", "FullRestarts", "FailedCheckpoints", "Cpu", "Memory", "HeapMemory"]

Make = Callable[..., ApplicationAlarms]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> JobBundle:
    return new_bundle(tmp_path_factory.mktemp("job"))


@pytest.fixture
def make(bundle: JobBundle) -> Make:
    """Makes the alarms of an application that the stack does not start, in a stack of their own."""

    def alarms(stack: Stack | None = None, *, start: bool = False, **arguments: Any) -> ApplicationAlarms:
        stack = stack or new_stack()
        groups = {"DataGen": {"records.per.second": "10"}}
        application = FlinkApplication(
            stack, "Flink", code=ApplicationCode.from_bundle(bundle), property_groups=groups, start=start
        )
        return ApplicationAlarms(stack, "Alarms", application=application, **arguments)

    return alarms


def properties_of(alarms: ApplicationAlarms) -> dict[str, dict[str, Any]]:
    """The properties of each alarm by the alarm's id, in the order in which they were made."""
    stack = Stack.of(alarms)
    resources = Template.from_stack(stack).find_resources(ALARM)
    ids = {alarm.node.id: stack.resolve(alarm.node.default_child.logical_id) for alarm in alarms.alarms}  # type: ignore[union-attr] # each has one
    assert sorted(ids.values()) == sorted(resources)
    return {name: resources[logical_id]["Properties"] for name, logical_id in ids.items()}


def dimensions(metric: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}


def application_reference(alarms: ApplicationAlarms) -> dict[str, str]:
    template = Template.from_stack(Stack.of(alarms))
    return {"Ref": only(template, "AWS::KinesisAnalyticsV2::Application")["LogicalId"]}


def test_seven_alarms_watch_an_application_that_should_always_run(make: Make) -> None:
    assert list(properties_of(make())) == ["Downtime", "Stopped", *ALWAYS[1:]]


def test_an_application_that_may_be_stopped_has_six(make: Make) -> None:
    assert list(properties_of(make(always_running=False))) == ALWAYS


@pytest.mark.parametrize(
    ("name", "metric", "statistic", "threshold", "minutes"),
    [
        ("Downtime", "downtime", "Maximum", 0, 1),
        ("Stopped", "uptime", "Minimum", 0, 15),
        ("Cpu", "containerCPUUtilization", "Maximum", 80, 15),
        ("Memory", "containerMemoryUtilization", "Maximum", 90, 15),
        ("HeapMemory", "heapMemoryUtilization", "Maximum", 90, 15),
    ],
)
def test_an_alarm_on_a_metric_of_the_application(
    make: Make, name: str, metric: str, statistic: str, threshold: int, minutes: int
) -> None:
    alarms = make()
    found = properties_of(alarms)[name]
    assert (found["Namespace"], found["MetricName"], found["Statistic"]) == (NAMESPACE, metric, statistic)
    assert dimensions(found) == {"Application": application_reference(alarms)}
    assert (found["Threshold"], found["Period"], found["EvaluationPeriods"]) == (threshold, 60, minutes)
    assert "DatapointsToAlarm" not in found


@pytest.mark.parametrize(
    ("name", "metric"), [("FullRestarts", "fullRestarts"), ("FailedCheckpoints", "numberOfFailedCheckpoints")]
)
def test_a_count_since_the_start_is_watched_for_its_increase(make: Make, name: str, metric: str) -> None:
    alarms = make()
    found = properties_of(alarms)[name]
    assert (found["Threshold"], found["EvaluationPeriods"]) == (0, 1)
    increase, count = found["Metrics"]
    assert increase["Expression"] == f"IF(DIFF(count_{metric}) > 0, DIFF(count_{metric}), 0)"
    assert (increase["ReturnData"], count["ReturnData"], count["Id"]) == (True, False, f"count_{metric}")
    assert (count["MetricStat"]["Stat"], count["MetricStat"]["Period"]) == ("Maximum", 300)
    assert count["MetricStat"]["Metric"] == {
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Dimensions": [{"Name": "Application", "Value": application_reference(alarms)}],
    }


def test_only_a_stopped_application_is_told_by_missing_data(make: Make) -> None:
    alarms = make(source_stream=DataStream(stack := new_stack(), "Stream"), stack=stack, max_records_lag=1)
    alarms.dead_letters("deadLetterCount")
    found = properties_of(alarms)
    assert {name: alarm["TreatMissingData"] for name, alarm in found.items() if name != "Stopped"} == dict.fromkeys(
        (*ALWAYS, "StreamLag", "TopicLag", "DeadLetters"), "notBreaching"
    )
    assert found["Stopped"]["TreatMissingData"] == "breaching"
    # Data that is there raises it only when it says that the job has ended.
    assert (found["Stopped"]["ComparisonOperator"], found["Stopped"]["Threshold"]) == ("LessThanThreshold", 0)


def test_a_job_that_reports_no_lag_can_be_taken_to_be_behind(make: Make) -> None:
    alarms = make(stack=(stack := new_stack()))
    alarms.stream_lag(DataStream(stack, "Stream"), silence_is_lag=True)
    assert properties_of(alarms)["StreamLag"]["TreatMissingData"] == "breaching"


def test_every_alarm_says_what_it_means_and_what_to_do(make: Make) -> None:
    alarms = make(source_stream=DataStream(stack := new_stack(), "Stream"), stack=stack, max_records_lag=1)
    alarms.dead_letters("deadLetterCount")
    for name, alarm in properties_of(alarms).items():
        assert re.search(r"\. (Look|Once|Raise|At|Read)\b", alarm["AlarmDescription"]), name
        assert len(alarm["AlarmDescription"]) <= 1024


def test_the_alarm_on_a_stopped_application_waits_for_its_start(make: Make) -> None:
    template = Template.from_stack(Stack.of(make(start=True)))
    lifecycle = only(template, "Custom::FlinkApplicationLifecycle")["LogicalId"]
    alarms = template.find_resources(ALARM)
    waiting = [name for name, alarm in alarms.items() if lifecycle in alarm.get("DependsOn", [])]
    assert [alarms[name]["Properties"]["MetricName"] for name in waiting] == ["uptime"]
    assert lint(template) == []


def test_the_lag_of_a_stream_is_the_connectors_own_for_that_stream(make: Make) -> None:
    stack = new_stack()
    stream = DataStream(stack, "Stream")
    alarms = make(stack, source_stream=stream)
    found = properties_of(alarms)["StreamLag"]
    assert (found["Namespace"], found["MetricName"], found["Statistic"]) == (NAMESPACE, "millisBehindLatest", "Maximum")
    assert dimensions(found) == {
        "Application": application_reference(alarms),
        "Stream": stack.resolve(stream.stream_name),
    }
    assert (found["Threshold"], found["Period"], found["EvaluationPeriods"]) == (60_000, 60, 5)


def test_the_lag_in_a_topic_is_queried_whatever_its_dimensions_are(make: Make) -> None:
    alarms = make(max_records_lag=50_000)
    found = properties_of(alarms)["TopicLag"]
    query = f'SELECT MAX(records_lag_max) FROM "{NAMESPACE}" WHERE Application = \''  # noqa: S608 - metrics, no database
    [lag] = found["Metrics"]
    assert lag["Expression"] == {"Fn::Join": ["", [query, application_reference(alarms), "'"]]}
    assert lag["Period"] == 60
    assert (found["Threshold"], found["EvaluationPeriods"]) == (50_000, 5)


def test_dead_letters_are_told_by_their_increase_over_all_subtasks(make: Make) -> None:
    alarms = make()
    alarms.dead_letters("deadLetterCount", max_in_5_minutes=10)
    found = properties_of(alarms)["DeadLetters"]
    assert (found["Threshold"], found["EvaluationPeriods"]) == (10, 1)
    increase, total, *counts = found["Metrics"]
    assert increase["Expression"] == "IF(DIFF(count_deadLetterCount) > 0, DIFF(count_deadLetterCount), 0)"
    assert total["Expression"] == (
        "mean_deadLetterCount * FLOOR(samples_deadLetterCount * 15 / PERIOD(samples_deadLetterCount) + 0.5)"
    )
    assert [count["MetricStat"]["Stat"] for count in counts] == ["Average", "SampleCount"]
    for count in counts:
        assert count["MetricStat"]["Period"] == 300
        assert count["MetricStat"]["Metric"] == {
            "Namespace": NAMESPACE,
            "MetricName": "deadLetterCount",
            "Dimensions": [{"Name": "Application", "Value": application_reference(alarms)}],
        }


def test_thresholds_are_what_the_caller_says(make: Make) -> None:
    stack = new_stack()
    found = properties_of(
        make(
            stack,
            source_stream=DataStream(stack, "Stream"),
            max_stream_lag=Duration.minutes(5),
            max_records_lag=0,
            max_downtime=Duration.seconds(90),
            max_full_restarts=2,
            max_failed_checkpoints=3,
            max_cpu_percent=70,
            max_memory_percent=85,
            max_heap_memory_percent=75,
        )
    )
    assert {name: alarm["Threshold"] for name, alarm in found.items()} == {
        "Downtime": 90_000,
        "Stopped": 0,
        "FullRestarts": 2,
        "FailedCheckpoints": 3,
        "Cpu": 70,
        "Memory": 85,
        "HeapMemory": 75,
        "StreamLag": 300_000,
        "TopicLag": 0,
    }
    assert found["Cpu"]["AlarmDescription"].startswith("More than 70 % for 15 minutes.")


def test_a_scenario_adds_alarms_of_its_own(make: Make) -> None:
    alarms = make()
    added = alarms.alarm(
        "Behind",
        metric=cloudwatch.Metric(namespace="Mine", metric_name="lag"),
        threshold=2.5,
        description="Too slow. Hurry.",
        datapoints=3,
        missing_data=cloudwatch.TreatMissingData.IGNORE,
    )
    assert alarms.alarms[-1] is added
    found = properties_of(alarms)["Behind"]
    assert (found["Namespace"], found["MetricName"], found["AlarmDescription"]) == ("Mine", "lag", "Too slow. Hurry.")
    assert (found["Threshold"], found["EvaluationPeriods"], found["TreatMissingData"]) == (2.5, 3, "ignore")
    assert found["ComparisonOperator"] == "GreaterThanThreshold"


def test_a_topic_is_told_when_an_alarm_begins_and_when_it_ends(make: Make) -> None:
    stack = new_stack()
    topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key", enable_key_rotation=True))
    alarms = make(stack, topic=topic)
    alarms.dead_letters("deadLetterCount")
    told = [stack.resolve(topic.topic_arn)]
    for name, alarm in properties_of(alarms).items():
        assert (alarm["AlarmActions"], alarm["OKActions"]) == (told, told), name


def test_without_a_topic_nobody_is_told(make: Make) -> None:
    for alarm in properties_of(make()).values():
        assert "AlarmActions" not in alarm
        assert "OKActions" not in alarm


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_cpu_percent": 0}, "max_cpu_percent must be an integer from 1 to 100 (got 0); 80 to 90 is usual"),
        (
            {"max_memory_percent": 101},
            "max_memory_percent must be an integer from 1 to 100 (got 101); 80 to 90 is usual",
        ),
        (
            {"max_heap_memory_percent": 0.9},
            "max_heap_memory_percent must be an integer from 1 to 100 (got 0.9); 80 to 90 is usual",
        ),
        (
            {"max_full_restarts": -1},
            "max_full_restarts must be an integer from 0 to 1000000000 (got -1); 0 raises the alarm at the first",
        ),
        (
            {"max_failed_checkpoints": -1},
            "max_failed_checkpoints must be an integer from 0 to 1000000000 (got -1); 0 raises the alarm at the first",
        ),
        (
            {"max_records_lag": -1},
            "max_records_lag must be an integer from 0 to 1000000000 (got -1); 0 raises the alarm at the first",
        ),
    ],
)
def test_a_threshold_out_of_range_is_refused_before_anything_is_made(
    make: Make, arguments: dict[str, Any], message: str
) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        make(stack, **arguments)
    assert stack.node.try_find_child("Alarms") is None


def test_a_number_of_dead_letters_below_0_is_refused(make: Make) -> None:
    message = "max_in_5_minutes must be an integer from 0 to 1000000000 (got -1); 0 raises the alarm at the first"
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        make().dead_letters("deadLetterCount", max_in_5_minutes=-1)


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_nobody_objects_to_the_alarms(make: Make, env: Any) -> None:
    stack = new_stack(env)
    topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key", enable_key_rotation=True), enforce_ssl=True)
    alarms = make(stack, topic=topic, source_stream=DataStream(stack, "Stream"), max_records_lag=1_000)
    alarms.dead_letters("deadLetterCount")
    assert findings(stack) == []
    assert lint(Template.from_stack(stack)) == []
