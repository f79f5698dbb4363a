"""An application of the local control plane as boto3 has it: its bundle from S3, its job on a real cluster."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from flink_constructs.bundle import RUN_OPTIONS, RUN_OPTIONS_GROUP
from local.cloud import Cloud
from local.process import free_port
from local.services.kinesis import KinesisService
from local.template import Template
from stacks.project import job_bundle
from tests.local.started import started

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_logs.client import CloudWatchLogsClient

pytestmark = pytest.mark.integration

NAME, STREAM = "prices", "prices"
GROUP, LOG = "/flink/prices", "application"
ARN = "arn:aws:{}:us-east-1:000000000000:{}"
PARALLELISM = {"ConfigurationType": "CUSTOM", "Parallelism": 1, "ParallelismPerKPU": 1, "AutoScalingEnabled": False}


@pytest.fixture(scope="module")
def kinesis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KinesisService]:
    stream = {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": STREAM, "ShardCount": 1}}
    template = Template({"Resources": {"Prices": stream}})
    with started(KinesisService(template, tmp_path_factory.mktemp("kinesis"))) as service:
        yield service


@pytest.fixture(scope="module")
def cloud(kinesis: KinesisService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("cloud")
    with Cloud(folder, port=free_port(), endpoints=kinesis.aws_endpoints) as cloud:
        cloud.s3.client.create_bucket(Bucket="code")
        cloud.s3.client.put_object(Bucket="code", Key="job.zip", Body=job_bundle("data-generator").build().read_bytes())
        cloud.s3.client.put_object(Bucket="code", Key="no.zip", Body=b"plain text")
        logs = client_of(cloud.s3.address, "logs")
        logs.create_log_group(logGroupName=GROUP)
        logs.create_log_stream(logGroupName=GROUP, logStreamName=LOG)
        yield cloud


def client_of(address: str, service: str) -> Any:
    credentials = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client(service, endpoint_url=address, region_name="us-east-1", **credentials)  # type: ignore[call-overload]


@pytest.fixture
def client(cloud: Cloud) -> KinesisAnalyticsV2Client:
    made: KinesisAnalyticsV2Client = client_of(cloud.server.address, "kinesisanalyticsv2")
    return made


def configuration(key: str = "job.zip", rate: str = "50") -> Any:
    location = {"BucketARN": "arn:aws:s3:::code", "FileKey": key}
    groups = {
        "DataGen": {"records.per.second": rate},
        "KinesisSink": {"stream.arn": ARN.format("kinesis", f"stream/{STREAM}"), "aws.region": "us-east-1"},
        RUN_OPTIONS_GROUP: RUN_OPTIONS,
    }
    return {
        "ApplicationCodeConfiguration": {
            "CodeContentType": "ZIPFILE",
            "CodeContent": {"S3ContentLocation": location},
        },
        "FlinkApplicationConfiguration": {"ParallelismConfiguration": PARALLELISM},
        "EnvironmentProperties": {
            "PropertyGroups": [{"PropertyGroupId": name, "PropertyMap": keys} for name, keys in groups.items()]
        },
    }


def create(client: KinesisAnalyticsV2Client, **options: Any) -> Any:
    return client.create_application(
        ApplicationName=NAME,
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole="arn:aws:iam::000000000000:role/flink",
        ApplicationConfiguration=configuration(**options),
        CloudWatchLoggingOptions=[{"LogStreamARN": ARN.format("logs", f"log-group:{GROUP}:log-stream:{LOG}")}],
    )["ApplicationDetail"]


def status(client: KinesisAnalyticsV2Client) -> str:
    return client.describe_application(ApplicationName=NAME)["ApplicationDetail"]["ApplicationStatus"]


def wait_for(reached: Callable[[], bool], *, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.1)


def leaves(client: KinesisAnalyticsV2Client, *passing: str) -> str:
    """The status that follows those that pass."""
    wait_for(lambda: status(client) not in passing)
    return status(client)


def messages(logs: CloudWatchLogsClient) -> list[dict[str, Any]]:
    events = logs.get_log_events(logGroupName=GROUP, logStreamName=LOG, startFromHead=True, limit=10_000)["events"]
    return [json.loads(event["message"]) for event in events]


def failure_of(client: KinesisAnalyticsV2Client, operation: str) -> str:
    details = client.describe_application_operation(ApplicationName=NAME, OperationId=operation)
    return details["ApplicationOperationInfoDetails"]["OperationFailureDetails"]["ErrorInfo"]["ErrorString"]


@pytest.mark.parametrize(
    ("key", "code", "message"),
    [
        ("gone.zip", "InvalidArgumentException", "must be an object that can be read (got s3://code/gone.zip: "),
        ("no.zip", "CodeValidationException", "the application's code must be a zip (got s3://code/no.zip)"),
    ],
)
def test_code_that_is_not_there_or_no_zip_is_refused_at_once(
    client: KinesisAnalyticsV2Client, key: str, code: str, message: str
) -> None:
    with pytest.raises(ClientError) as refused:
        create(client, key=key)
    assert refused.value.response["Error"]["Code"] == code
    assert message in refused.value.response["Error"]["Message"]


def test_an_application_runs_is_stopped_with_its_state_goes_on_with_it_and_is_deleted(
    cloud: Cloud, client: KinesisAnalyticsV2Client, kinesis: KinesisService
) -> None:
    created = create(client)["CreateTimestamp"]
    client.start_application(ApplicationName=NAME)
    assert status(client) == "STARTING"
    assert leaves(client, "STARTING") == "RUNNING"
    client.create_application_snapshot(ApplicationName=NAME, SnapshotName="by-hand")
    address = client.create_application_presigned_url(ApplicationName=NAME, UrlType="FLINK_DASHBOARD_URL")
    assert "Apache Flink Web Dashboard" in requests.get(address["AuthorizedUrl"], timeout=10).text
    wait_for(lambda: kinesis.count(STREAM) > 0)
    detail = client.describe_application(ApplicationName=NAME, IncludeAdditionalDetails=True)["ApplicationDetail"]
    flink = detail["ApplicationConfigurationDescription"]["FlinkApplicationConfigurationDescription"]
    assert json.loads(flink["JobPlanDescription"])["nodes"]
    assert 0 < (cloud.engine.cpu_utilization(NAME) or 0) <= 100
    wait_for(lambda: snapshots(client) != {"by-hand": "CREATING"})
    assert snapshots(client) == {"by-hand": "READY"}, messages(client_of(cloud.s3.address, "logs"))[-1]
    client.stop_application(ApplicationName=NAME)
    assert leaves(client, "STOPPING") == "READY"
    assert cloud.engine.processes == []
    assert sorted(snapshots(client).values()) == ["READY", "READY"]
    logs = messages(client_of(cloud.s3.address, "logs"))
    assert any("switched from state CREATED to RUNNING" in one["message"] for one in logs)
    assert {one["applicationVersionId"] for one in logs} == {"1"}

    before = kinesis.count(STREAM)
    restore: Any = {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"}
    client.start_application(ApplicationName=NAME, RunConfiguration={"ApplicationRestoreConfiguration": restore})
    assert leaves(client, "STARTING") == "RUNNING"
    (run,) = (run for run in cloud.engine._runs.values() if run.runs)
    restored = run.cluster.rest.get(f"/jobs/{run.running_job.job_id}/checkpoints")["latest"]["restored"]
    assert restored["is_savepoint"]
    wait_for(lambda: kinesis.count(STREAM) > before)
    client.delete_application(ApplicationName=NAME, CreateTimestamp=created)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        wait_for(lambda: status(client) != "DELETING")
    assert cloud.engine.processes == []
    wait_for(lambda: not list((cloud.folder / "savepoints").iterdir()))


def snapshots(client: KinesisAnalyticsV2Client) -> dict[str, str]:
    listed = client.list_application_snapshots(ApplicationName=NAME)["SnapshotSummaries"]
    return {one["SnapshotName"]: one["SnapshotStatus"] for one in listed}


def test_a_job_that_does_not_start_says_why_and_leaves_nothing_running(
    cloud: Cloud, client: KinesisAnalyticsV2Client
) -> None:
    created = create(client, rate="ten")["CreateTimestamp"]
    operation = client.start_application(ApplicationName=NAME)["OperationId"]
    assert leaves(client, "STARTING") == "READY"
    assert "records.per.second" in failure_of(client, operation)
    assert cloud.engine.processes == []
    errors = [one for one in messages(client_of(cloud.s3.address, "logs")) if one["messageType"] == "ERROR"]
    assert "records.per.second" in errors[-1]["message"]
    client.delete_application(ApplicationName=NAME, CreateTimestamp=created)
