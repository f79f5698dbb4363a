"""The control plane as a client has it: boto3 and plain HTTP against the running server."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from local.process import free_port
from local.services.managed_flink.control_plane import ControlPlane
from local.services.managed_flink.memory_engine import TRANSITION
from local.services.managed_flink.model import service_model
from local.services.managed_flink.server import Server
from tests.managed_flink import CODE, NAME, START, Stage

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

ROLE = "arn:aws:iam::111122223333:role/flink"
TARGET = "KinesisAnalytics_20180523"


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def server(stage: Stage) -> Iterator[Server]:
    with Server(stage.plane, free_port()) as server:
        yield server


def client_of(server: Server, **options: Any) -> KinesisAnalyticsV2Client:
    return boto3.client(
        "kinesisanalyticsv2",
        endpoint_url=server.address,
        region_name="eu-west-1",
        aws_access_key_id="AKIADEPLOYER",
        aws_secret_access_key="any",  # noqa: S106 - no secret is checked
        config=Config(retries={"total_max_attempts": 1}, **options),
    )


def post(server: Server, operation: str, body: bytes | str, **headers: str) -> requests.Response:
    headers = {"X-Amz-Target": f"{TARGET}.{operation}", **headers}
    return requests.post(server.address, data=body, headers=headers, timeout=10)


def test_boto3_creates_starts_updates_stops_and_deletes_an_application(stage: Stage, server: Server) -> None:
    client = client_of(server)
    created = client.create_application(
        ApplicationName=NAME,
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole=ROLE,
        ApplicationConfiguration={"ApplicationCodeConfiguration": CODE},  # type: ignore[typeddict-item]
        Tags=[{"Key": "team", "Value": "streams"}],
    )["ApplicationDetail"]
    assert created["CreateTimestamp"] == START
    assert client.list_tags_for_resource(ResourceARN=created["ApplicationARN"])["Tags"] == [
        {"Key": "team", "Value": "streams"}
    ]
    client.start_application(ApplicationName=NAME)
    assert client.describe_application(ApplicationName=NAME)["ApplicationDetail"]["ApplicationStatus"] == "STARTING"
    stage.passes()
    (summary,) = client.list_applications()["ApplicationSummaries"]
    assert summary["ApplicationStatus"] == "RUNNING"
    client.update_application(ApplicationName=NAME, ConditionalToken=stage.application.conditional_token)
    stage.passes()
    client.stop_application(ApplicationName=NAME)
    stage.passes()
    paginator = client.get_paginator("list_application_snapshots")
    names = [
        one["SnapshotName"] for page in paginator.paginate(ApplicationName=NAME) for one in page["SnapshotSummaries"]
    ]
    assert len(names) == 2
    client.delete_application(ApplicationName=NAME, CreateTimestamp=created["CreateTimestamp"])
    stage.passes()
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="the application 'lottery' does not exist"):
        client.describe_application(ApplicationName=NAME)


def test_times_are_those_that_clients_send_whole_seconds(stage: Stage, server: Server) -> None:
    stage.clock.advance(timedelta(milliseconds=789))
    created = stage.running().application.created
    assert created.microsecond
    client = client_of(server)
    client.create_application_snapshot(ApplicationName=NAME, SnapshotName="good")
    stage.passes()
    (snapshot,) = client.list_application_snapshots(ApplicationName=NAME)["SnapshotSummaries"]
    client.delete_application_snapshot(
        ApplicationName=NAME, SnapshotName="good", SnapshotCreationTimestamp=snapshot["SnapshotCreationTimestamp"]
    )
    assert stage.snapshots == {}
    client.delete_application(ApplicationName=NAME, CreateTimestamp=created)
    assert stage.status == "DELETING"


def test_a_refusal_is_the_clients_exception_with_one_line(stage: Stage, server: Server) -> None:
    stage.create()
    client = client_of(server)
    with pytest.raises(client.exceptions.ResourceInUseException) as refused:
        client.stop_application(ApplicationName=NAME)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert refused.value.response["Error"] == {
        "Code": "ResourceInUseException",
        "Message": "StopApplication takes an application that is RUNNING (lottery is READY)",
    }


@pytest.mark.parametrize("operation", ["AddApplicationInput", "DiscoverInputSchema", "ExportSnapshot"])
def test_calls_of_other_products_are_refused_as_unsupported(server: Server, operation: str) -> None:
    response = post(server, operation, "{}")
    assert (response.status_code, response.json()["__type"]) == (400, "UnsupportedOperationException")


def test_who_signs_is_noted(stage: Stage, server: Server) -> None:
    client_of(server).list_applications()
    client_of(server, signature_version=UNSIGNED).list_applications()
    assert [call.access_key_id for call in stage.plane.calls] == ["AKIADEPLOYER", ""]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, 'Missing required parameter in input: "ApplicationName"'),
        ({"ApplicationName": 7}, "Invalid type for parameter ApplicationName, value: 7"),
        ({"ApplicationName": ""}, "Invalid length for parameter ApplicationName, value: 0, valid min length: 1"),
        ({"ApplicationName": "a b"}, "ApplicationName must match [a-zA-Z0-9_.-]+ (got 'a b')"),
        ({"ApplicationName": "x" * 129}, "the length of ApplicationName must be at most 128 (got 129)"),
        (
            {"ApplicationName": "a", "Frce": True},
            'Unknown parameter in input: "Frce", must be one of: ApplicationName, Force',
        ),
        ({"ApplicationName": "a", "Force": "yes"}, "Invalid type for parameter Force"),
        ({"ApplicationName": ["x" * 100_000]}, "Invalid type for parameter ApplicationName, value: ['xxx"),
        ({"y" * 100_000: 1, "ApplicationName": "a"}, 'Unknown parameter in input: "yyy'),
        ({f"z{number}": 1 for number in range(99)} | {"ApplicationName": "a"}, "; and 94 more"),
    ],
)
def test_parameters_that_break_the_model_are_refused_with_name_rule_and_value(
    server: Server, parameters: dict[str, Any], message: str
) -> None:
    response = post(server, "StopApplication", json.dumps(parameters))
    assert (response.status_code, response.json()["__type"]) == (400, "InvalidArgumentException")
    assert message in response.json()["message"]
    assert len(response.json()["message"]) < 1000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Missing required parameter"),
        (b"{", "the body must be JSON"),
        (b"[]", "the body must be a JSON object (got [])"),
        (b"\xff\xfe", "the body must be JSON"),
        (b"[" * 100_000, "the body must be JSON"),
        (b'{"ApplicationName": NaN}', "NaN is no number"),
        (b'{"ApplicationName": "a", "CreateTimestamp": 1e300}', "times and bytes that can be read"),
        (b'{"ApplicationName": "a", "CreateTimestamp": "noon"}', "CreateTimestamp"),
        (b'{"ApplicationName": "a", "CreateTimestamp": null}', "Missing required parameter"),
    ],
)
def test_a_body_that_cannot_be_read_is_one_line_and_no_crash(server: Server, body: bytes, message: str) -> None:
    response = post(server, "DeleteApplication", body)
    assert response.status_code == 400
    assert response.json()["__type"] in ("InvalidRequestException", "InvalidArgumentException")
    assert message in response.json()["message"]


@pytest.mark.parametrize("target", ["", "DescribeApplication", f"{TARGET}.Describe", "Kinesis_20131202.ListStreams"])
def test_a_target_of_no_call_is_refused_with_an_example(server: Server, target: str) -> None:
    response = requests.post(server.address, data="{}", headers={"X-Amz-Target": target}, timeout=10)
    assert (response.status_code, response.json()["__type"]) == (400, "UnknownOperationException")
    assert response.json()["message"].startswith(f"X-Amz-Target must be such as {TARGET}.DescribeApplication")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 405), ("POST", "/x", 404), ("PUT", "/", 405)])
def test_what_is_no_request_of_a_client_is_refused(server: Server, method: str, path: str, status: int) -> None:
    assert requests.request(method, f"{server.address}{path}", timeout=10).status_code == status


def test_a_body_that_is_too_large_is_refused_before_it_is_read(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2])), timeout=10) as connection:
        head = (
            f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET}.StopApplication\r\nContent-Length: 99999999\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_failure_of_the_control_plane_itself_is_an_internal_one(
    stage: Stage, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.create()
    monkeypatch.setattr(stage.plane.applications[NAME], "description", 7)
    with pytest.raises(ClientError, match="InternalFailure"):
        client_of(server).describe_application(ApplicationName=NAME)


def test_the_address_of_the_ui_redirects_a_browser_to_it_once_the_token_is_right(stage: Stage, server: Server) -> None:
    stage.running()
    address = client_of(server).create_application_presigned_url(ApplicationName=NAME, UrlType="FLINK_DASHBOARD_URL")[
        "AuthorizedUrl"
    ]
    response = requests.get(address, timeout=10, allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (302, "http://lottery.invalid/")
    assert requests.get(f"{address}x", timeout=10, allow_redirects=False).status_code == 403


def test_a_taken_port_is_another_one(server: Server) -> None:
    port = int(server.address.rpartition(":")[2])
    with Server(Stage().plane, port) as other:
        assert other.address != server.address
        assert client_of(other).list_applications()["ApplicationSummaries"] == []


def test_what_has_ended_is_noted_although_nobody_asks(stage: Stage, server: Server) -> None:
    stage.create()
    stage.call("StartApplication")
    stage.clock.advance(TRANSITION)
    application = stage.plane.applications[NAME]
    for _ in range(100):
        if application.status == "RUNNING":
            break
        server._ended.wait(0.05)
    assert application.status == "RUNNING"


def test_all_calls_of_the_model_are_there_but_those_of_sql_applications_and_copies_of_snapshots() -> None:
    absent = {name for name in service_model().operation_names if not hasattr(ControlPlane, xform_name(name))}
    snapshots = {"DescribeSnapshotOperation", "ExportSnapshot", "ImportSnapshot", "ListSnapshotOperations"}
    sql = re.compile(r"(Add|Delete)Application(Input|InputProcessingConfiguration|Output|ReferenceDataSource)")
    assert {name for name in absent if not sql.fullmatch(name)} == {"DiscoverInputSchema", *snapshots}
