"""What a rehearsed stack shows: its events in a terminal and without one, and its answers as CloudFormation."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from rich.console import Console
from werkzeug.serving import make_server
from werkzeug.wrappers import Request

from local.deploy import api, progress
from local.deploy.engine import Engine
from local.deploy.stack import Event, Stack
from tests.local.fake_types import World, replaced

KIND = "AWS::KinesisAnalyticsV2::Application"


def event(number: int, status: str = "CREATE_COMPLETE", reason: str = "") -> Event:
    at = f"2025-03-01T12:00:{number:02}.000+00:00"
    return Event(at=at, logical_id=f"R{number}", type=KIND, status=status, reason=reason)


def shown(monkeypatch: pytest.MonkeyPatch, events: list[Event], *, terminal: bool) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=160, height=20, no_color=True, legacy_windows=False)
    monkeypatch.setattr(progress, "console", console)
    with progress.progress() as listener:
        for one in events:
            listener(one)
    return file.getvalue()


def test_events_are_a_line_each_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event(1, "CREATE_FAILED", "it [must] be :secret: there"), event(2)]
    assert shown(monkeypatch, events, terminal=False).splitlines() == [
        f"12:00:01 | CREATE_FAILED | {KIND} | R1 | it [must] be :secret: there",
        f"12:00:02 | CREATE_COMPLETE | {KIND} | R2",
    ]


def test_events_are_a_table_in_a_terminal_and_a_failure_stays_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event(1, "CREATE_FAILED", "it must be there"), *map(event, range(2, 40))]
    text = shown(monkeypatch, events, terminal=True)
    assert "status" in text
    assert "\x1b[" in text  # it is drawn again in its place
    assert text.splitlines()[-1].endswith(f"CREATE_FAILED | {KIND} | R1 | it must be there")


@pytest.fixture
def cloudformation(tmp_path: Path) -> Iterator[Any]:
    """A client of the stacks of a folder, of which there is one, and one that is deleted."""
    for name in ("Lottery", "Gone"):
        engine = Engine(Stack(tmp_path / name, name), World().handler, replaced_by=replaced)
        document = {
            "Resources": {"A": {"Type": "AWS::A::Thing", "Properties": {"text": "<a&b>"}}},
            "Outputs": {"Text": {"Value": {"Fn::GetAtt": ["A", "Text"]}}},
        }
        engine.deploy(document)
        if name == "Gone":
            engine.destroy()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        return api.respond(Request(environ), tmp_path)(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    yield boto3.client(
        "cloudformation",
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",  # noqa: S106 - no secret is checked
    )
    server.shutdown()
    server.server_close()


def test_a_stack_can_be_described_by_any_client(cloudformation: Any) -> None:
    (stack,) = cloudformation.describe_stacks(StackName="Lottery")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"] == [{"OutputKey": "Text", "OutputValue": "<a&b>"}]
    assert cloudformation.describe_stacks(StackName=stack["StackId"])["Stacks"] == [stack]
    detail = cloudformation.describe_stack_resource(StackName=stack["StackId"], LogicalResourceId="A")
    physical_id = detail["StackResourceDetail"]["PhysicalResourceId"]
    assert physical_id.startswith("Lottery-A-")
    (resource,) = cloudformation.describe_stack_resources(StackName="Lottery")["StackResources"]
    assert resource["PhysicalResourceId"] == physical_id
    events = cloudformation.describe_stack_events(StackName="Lottery")["StackEvents"]
    assert [(one["LogicalResourceId"], one["ResourceStatus"]) for one in reversed(events)] == [
        ("Lottery", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_COMPLETE"),
        ("Lottery", "CREATE_COMPLETE"),
    ]


@pytest.mark.parametrize(
    ("call", "parameters", "message"),
    [
        ("describe_stacks", {"StackName": "Gone"}, "Stack with id Gone does not exist"),
        (
            "describe_stack_resource",
            {"StackName": "Lottery", "LogicalResourceId": "B"},
            "Resource B does not exist for stack Lottery",
        ),
    ],
)
def test_what_is_not_there_is_refused_as_cloudformation_does(
    cloudformation: Any, call: str, parameters: dict[str, str], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        getattr(cloudformation, call)(**parameters)
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_a_call_that_is_not_there_is_refused(cloudformation: Any) -> None:
    with pytest.raises(ClientError, match="ListStacks is not there for a stack that is rehearsed"):
        cloudformation.list_stacks()
