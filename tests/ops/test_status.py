"""What the commands show: how applications are, and what their logs say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ops.cli import app
from tests.managed_flink import CODE, NAME
from tests.ops.conftest import GROUP, LOG, STREAM, Desk


def put_metric(desk: Desk, name: str, values: Sequence[float], **dimensions: str) -> None:
    """Report a value for each of the last minutes."""
    series = [{"Name": key, "Value": value} for key, value in {"Application": NAME, **dimensions}.items()]
    now = datetime.now(UTC)
    desk.client("cloudwatch").put_metric_data(
        Namespace="AWS/KinesisAnalytics",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": series,
                "Timestamp": now - timedelta(minutes=len(values) - number),
                "Value": value,
            }
            for number, value in enumerate(values)
        ],
    )


def create_with_log(desk: Desk) -> None:
    desk.stage.call(
        "CreateApplication",
        ApplicationName=NAME,
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole="arn:aws:iam::111122223333:role/flink",
        ApplicationConfiguration={"ApplicationCodeConfiguration": CODE},
        CloudWatchLoggingOptions=LOG,
    )


def put_log(desk: Desk, *events: Mapping[str, object], at: datetime | None = None) -> None:
    client = desk.client("logs")
    if not client.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
        client.create_log_group(logGroupName=GROUP)
        client.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    time = int((at or datetime.now(UTC)).timestamp() * 1000)
    texts = [{"timestamp": time, "message": json.dumps(event)} for event in events]
    client.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=texts)


def test_the_status_has_the_metrics_of_a_running_application(desk: Desk) -> None:
    desk.stage.running()
    put_metric(desk, "fullRestarts", [2, 2, 5])
    put_metric(desk, "lastCheckpointDuration", [800])
    put_metric(desk, "millisBehindLatest", [9_000, 4_000], Id="one", Flow="Input")
    put_metric(desk, "millisBehindLatest", [1_000, 7_000], Id="two", Flow="Input")
    [shown] = desk.ops("status", NAME, "--json").json
    checkpoint = datetime.fromisoformat(shown.pop("last_checkpoint"))
    assert datetime.now(UTC) - checkpoint < timedelta(minutes=3)
    assert shown == {
        "application": NAME,
        "status": "RUNNING",
        "version": 1,
        "runtime": "FLINK-1_20",
        "kpus": 2,
        "since": shown["since"],
        "lag": "7,000 ms",
        "restarts": 3,
    }


def test_an_application_that_does_not_run_is_billed_for_no_kpu_and_has_no_metrics(desk: Desk) -> None:
    desk.stage.create()
    [shown] = desk.ops("status", "--json").json
    assert (shown["status"], shown["kpus"], shown["lag"], shown["restarts"]) == ("READY", 0, None, None)
    assert "READY" in desk.ops("status").out


def test_all_applications_of_a_stack_are_shown(desk: Desk) -> None:
    for name in ("one", "two", "three"):
        desk.stage.create(name)
    desk.has_stack("game", Flink="one", Replay="three")
    desk.has_stack("network")
    assert [one["application"] for one in desk.ops("status", "--stack", "game", "--json").json] == ["one", "three"]
    assert "--stack must be a stack of the account (got 'gam')" in desk.refused("status", "--stack", "gam")
    assert "--stack must have an application (got 'network', which has none)" in desk.refused(
        "status", "--stack", "network"
    )


def test_an_account_without_applications_says_so(desk: Desk) -> None:
    assert desk.ops("status").out == "there is no application in this account and Region\n"


def test_the_log_since_the_last_start_is_shown_by_level_side_and_subtask(desk: Desk) -> None:
    create_with_log(desk)
    desk.stage.call("StartApplication")
    desk.stage.passes()
    start = desk.stage.application.operations[-1].started
    put_log(desk, {"messageType": "INFO", "logger": "a.B", "message": "of the start before"}, at=start - timedelta(1))
    jvm = {"logger": "org.apache.flink.Task", "threadName": "Source: clicks (1/2)#0"}
    python = {"logger": "/code/functions.py:12", "threadName": "main"}
    put_log(
        desk,
        {"messageType": "INFO", "message": "begins", **jvm},
        {"messageType": "ERROR", "message": "broke", "throwableInformation": ["Caused by: E: why"], **jvm},
        {"messageType": "WARN", "message": "odd value", **python},
        at=start + timedelta(seconds=1),
    )

    def messages(*options: str) -> list[str]:
        lines = desk.ops("logs", NAME, "--json", *options).out.splitlines()
        return [json.loads(line)["message"] for line in lines]

    assert messages() == ["begins", "broke", "odd value"]
    assert messages("--level", "warn") == ["broke", "odd value"]
    assert messages("--side", "python") == ["odd value"]
    assert messages("--subtask", "(1/2)") == ["begins", "broke"]
    shown = desk.ops("logs", NAME).out.splitlines()
    assert [line.partition(" ")[2] for line in shown if line[0].isdigit()] == [
        "INFO  Task: begins",
        "ERROR Task: broke",
        "WARN  functions.py:12: odd value",
    ]
    assert [line for line in shown if not line[0].isdigit()] == ["Caused by: E: why"]


def test_a_log_is_followed_and_no_event_is_shown_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    create_with_log(desk)
    now = datetime.now(UTC)
    put_log(desk, {"message": "first"}, at=now)
    later = iter([{"message": "second"}, {}])

    def sleep(_: float) -> None:
        event = next(later, None)
        if event is None:
            raise KeyboardInterrupt
        if event:
            put_log(desk, event, at=now)

    monkeypatch.setattr("ops.logs.time.sleep", sleep)
    answer = desk.ops("logs", NAME, "--follow", "--json", "--since", "1h")
    assert [json.loads(line)["message"] for line in answer.out.splitlines()] == ["first", "second"]
    assert answer.status == 130


def test_a_time_that_is_none_is_refused(desk: Desk) -> None:
    create_with_log(desk)
    assert "--since must be a time back from now (got 'soon')" in desk.refused("logs", NAME, "--since", "soon")


@pytest.mark.parametrize(
    "command", [command.callback.__name__ for command in app.registered_commands if command.callback]
)
def test_the_help_of_a_command_has_an_example(desk: Desk, command: str) -> None:
    assert f"python -m ops {command}" in " ".join(desk.ops(command, "--help").out.split())
