"""The orders: what they do, what they wait for, and what is refused before anything changes."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.managed_flink import NAME
from tests.ops.conftest import Desk


def test_an_application_is_started_stopped_with_a_snapshot_and_started_from_it(desk: Desk) -> None:
    desk.stage.create()
    assert desk.ops("start", NAME).out.splitlines()[0] == "lottery: STARTING"
    assert desk.stage.status == "RUNNING"
    assert desk.ops("stop", NAME).status == 0
    assert desk.stage.status == "READY"
    [snapshot] = desk.stage.application.snapshots
    assert desk.ops("start", NAME, "--restore", snapshot.name).status == 0
    assert desk.stage.engine.jobs[-1].restore == snapshot.key


def test_a_snapshot_is_taken_and_listed(desk: Desk) -> None:
    desk.stage.running()
    assert desk.ops("snapshot", NAME, "--name", "before").out.splitlines()[-1] == "snapshot: before"
    assert desk.stage.snapshots == {"before": "READY"}
    [listed] = desk.ops("snapshots", NAME, "--json").json
    assert (listed["name"], listed["status"], listed["version"]) == ("before", "READY", 1)
    assert "before" in desk.ops("snapshots", NAME).out


def test_an_application_goes_back_to_a_snapshot(desk: Desk) -> None:
    desk.stage.running()
    desk.ops("snapshot", NAME, "--name", "good")
    assert desk.ops("restore", NAME, "good").status == 0
    assert desk.stage.status == "RUNNING"
    assert desk.stage.engine.jobs[-1].restore == desk.stage.application.snapshots[0].key
    assert len(desk.stage.snapshots) == 2, "the job was stopped with one"
    desk.ops("restore", NAME, "good", "--force")
    assert len(desk.stage.snapshots) == 2


def test_the_parallelism_is_changed_and_taken_back(desk: Desk) -> None:
    desk.stage.running()
    assert desk.ops("scale", NAME, "--parallelism", "4", "--per-kpu", "2").status == 0
    [shown] = desk.ops("status", NAME, "--json").json
    assert (shown["version"], shown["kpus"]) == (2, 3)
    assert desk.ops("rollback", NAME).out.splitlines()[-1] == "version: 3"
    [shown] = desk.ops("status", NAME, "--json").json
    assert (shown["status"], shown["kpus"]) == ("RUNNING", 2)


def test_the_address_of_the_dashboard_is_printed(desk: Desk) -> None:
    desk.stage.running()
    assert desk.ops("ui", NAME, "--no-browser").out.startswith("http")


def test_a_job_that_does_not_start_ends_the_command_with_the_services_reason(desk: Desk) -> None:
    desk.stage.create()
    desk.stage.engine.start_errors.append("java.lang.IllegalStateException: no such stream")
    answer = desk.ops("start", NAME)
    assert answer.status == 1
    assert "lottery is READY: StartApplication failed: " in answer.error
    assert "no such stream" in answer.error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("start", "lotery"), "APPLICATION must be one of the account (got 'lotery'); did you mean lottery?"),
        (("stop", NAME), "lottery must be RUNNING (got READY); 'start' it first"),
        (("snapshot", NAME), "lottery must be RUNNING (got READY); 'start' it first"),
        (("rollback", NAME), "lottery must be RUNNING or UPDATING (got READY); 'start' it first"),
        (("ui", NAME), "lottery must be RUNNING (got READY); 'start' it first"),
        (("start", NAME, "--restore", "no"), "must be a finished one of lottery (got 'no'); its newest ones are none"),
        (("restore", NAME, "no"), "must be a finished one of lottery (got 'no'); its newest ones are none"),
        (("scale", NAME, "--parallelism", "1"), "--parallelism must be another one than now (got 1, 1 per KPU)"),
        (("status", NAME, "--stack", "x"), "APPLICATION and --stack exclude each other: name one or the other"),
        (("status", "--stack", "x"), "--stack must be a stack of the account (got 'x')"),
        (("logs", NAME), "lottery must have a log stream (got none); add a CloudWatch logging option"),
        (("logs", NAME, "--level", "LOUD"), "--level must be one of DEBUG, INFO, WARN, ERROR (got 'LOUD')"),
    ],
)
def test_what_the_state_does_not_allow_is_refused_in_one_line(
    desk: Desk, arguments: tuple[str, ...], words: str
) -> None:
    desk.stage.create()
    assert words in desk.refused(*arguments)


def test_a_second_start_and_a_snapshot_of_a_name_that_is_taken_are_refused(desk: Desk) -> None:
    desk.stage.running()
    assert "lottery must be READY (got RUNNING); 'stop' it first" in desk.refused("start", NAME)
    desk.ops("snapshot", NAME, "--name", "one")
    assert "--name must be new (got 'one')" in desk.refused("snapshot", NAME, "--name", "one")


def test_an_application_that_is_busy_is_left_alone(desk: Desk) -> None:
    desk.stage.create()
    desk.stage.call("StartApplication")
    assert "lottery must be RUNNING (got STARTING); wait until" in desk.refused("stop", NAME)
    assert desk.ops("stop", NAME, "--force").status == 0
    assert desk.stage.status == "READY"


def test_without_credentials_a_region_or_a_server_one_line_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = ("status", "--endpoint-url", "http://127.0.0.1:1")
    answer = desk.ops(*elsewhere)
    assert answer.status == 1
    assert "Could not connect" in answer.error
    assert answer.error.endswith("is --endpoint-url, or AWS_ENDPOINT_URL, right?")
    assert "nobody" in desk.refused("status", "--profile", "nobody")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert desk.refused("status").startswith("error: AWS credentials must be there (got none)")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    assert desk.refused("status").startswith("error: --region must name an AWS Region (got none)")


def test_a_missing_permission_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.stage.create()
    message = (
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: kinesisanalytics:ListApplications "
        "because no identity-based policy allows the action"
    )

    def denied(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "ListApplications")

    monkeypatch.setattr(boto3.Session, "client", denied)
    answer = desk.ops("status")
    assert answer.status == 1
    assert answer.error == (
        "error: arn:aws:iam::111122223333:user/ann must be allowed kinesisanalytics:ListApplications; "
        "ask for a policy that allows it"
    )
