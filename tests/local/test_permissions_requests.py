"""What IAM is asked about a request, as boto3 and others send it."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from local.permissions.requests import HttpRequest, Signature, UnknownRequestError, Use, needs_body, uses

REGION, ACCOUNT = "us-east-1", "000000000000"
ROLE, APPLICATION = (
    f"arn:aws:iam::{ACCOUNT}:role/job",
    f"arn:aws:kinesisanalytics:{REGION}:{ACCOUNT}:application/lottery",
)
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
CONSUMER = f"{STREAM}/consumer/job:1700000000"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/flink"
CODE = {"CodeContentType": "ZIPFILE", "CodeContent": {"S3ContentLocation": {"BucketARN": "arn:b", "FileKey": "k"}}}
BUCKET, KEY = "arn:aws:s3:::archive", "trips/zone=ä b/part-0"
OBJECT = f"{BUCKET}/{KEY}"
UPLOAD = {"Bucket": "archive", "Key": KEY, "UploadId": "1"}

CASES: list[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    ("kinesis", "put_records", {"StreamName": "clicks", "Records": []}, [("kinesis:PutRecords", STREAM)]),
    ("kinesis", "list_shards", {"StreamARN": STREAM}, [("kinesis:ListShards", STREAM)]),
    ("kinesis", "get_records", {"ShardIterator": "i", "StreamARN": STREAM}, [("kinesis:GetRecords", STREAM)]),
    ("kinesis", "list_streams", {}, [("kinesis:ListStreams", "*")]),
    (
        *("kinesis", "register_stream_consumer"),
        {"StreamARN": STREAM, "ConsumerName": "job"},
        [("kinesis:RegisterStreamConsumer", STREAM)],
    ),
    (
        *("kinesis", "subscribe_to_shard"),
        {"ConsumerARN": CONSUMER, "ShardId": "1", "StartingPosition": {"Type": "LATEST"}},
        [("kinesis:SubscribeToShard", CONSUMER)],
    ),
    ("s3", "put_object", {"Bucket": "archive", "Key": KEY, "Body": b"a"}, [("s3:PutObject", OBJECT)]),
    ("s3", "get_object", {"Bucket": "archive", "Key": KEY}, [("s3:GetObject", OBJECT)]),
    ("s3", "get_object", {"Bucket": "archive", "Key": KEY, "VersionId": "1"}, [("s3:GetObjectVersion", OBJECT)]),
    ("s3", "head_object", {"Bucket": "archive", "Key": KEY}, [("s3:GetObject", OBJECT)]),
    ("s3", "head_bucket", {"Bucket": "archive"}, [("s3:ListBucket", BUCKET)]),
    ("s3", "list_objects", {"Bucket": "archive", "Prefix": "a/b"}, [("s3:ListBucket", BUCKET)]),
    ("s3", "list_objects_v2", {"Bucket": "archive", "Prefix": "a/b"}, [("s3:ListBucket", BUCKET)]),
    ("s3", "list_buckets", {}, [("s3:ListAllMyBuckets", "*")]),
    ("s3", "create_multipart_upload", {"Bucket": "archive", "Key": KEY}, [("s3:PutObject", OBJECT)]),
    ("s3", "upload_part", {**UPLOAD, "PartNumber": 1, "Body": b"a"}, [("s3:PutObject", OBJECT)]),
    ("s3", "complete_multipart_upload", UPLOAD, [("s3:PutObject", OBJECT)]),
    ("s3", "abort_multipart_upload", UPLOAD, [("s3:AbortMultipartUpload", OBJECT)]),
    ("s3", "list_parts", UPLOAD, [("s3:ListMultipartUploadParts", OBJECT)]),
    ("s3", "list_multipart_uploads", {"Bucket": "archive"}, [("s3:ListBucketMultipartUploads", BUCKET)]),
    ("s3", "get_bucket_location", {"Bucket": "archive"}, [("s3:GetBucketLocation", BUCKET)]),
    ("s3", "delete_object", {"Bucket": "archive", "Key": KEY}, [("s3:DeleteObject", OBJECT)]),
    (
        *("s3", "delete_objects"),
        {"Bucket": "archive", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b/ä"}]}},
        [("s3:DeleteObject", f"{BUCKET}/a"), ("s3:DeleteObject", f"{BUCKET}/b/ä")],
    ),
    (
        *("s3", "copy_object"),
        {"Bucket": "archive", "Key": "to", "CopySource": {"Bucket": "other", "Key": "a b"}},
        [("s3:GetObject", "arn:aws:s3:::other/a b"), ("s3:PutObject", f"{BUCKET}/to")],
    ),
    (
        *("kinesisanalyticsv2", "start_application"),
        {"ApplicationName": "lottery"},
        [("kinesisanalytics:StartApplication", APPLICATION)],
    ),
    (
        *("kinesisanalyticsv2", "create_application"),
        {"ApplicationName": "lottery", "RuntimeEnvironment": "FLINK-1_20", "ServiceExecutionRole": ROLE},
        [("iam:PassRole", ROLE), ("kinesisanalytics:CreateApplication", APPLICATION)],
    ),
    (
        *("kinesisanalyticsv2", "update_application"),
        {"ApplicationName": "lottery", "CurrentApplicationVersionId": 1},
        [("kinesisanalytics:UpdateApplication", APPLICATION)],
    ),
    (
        *("logs", "put_log_events"),
        {"logGroupName": "/flink", "logStreamName": "app", "logEvents": []},
        [("logs:PutLogEvents", f"{LOGS}:log-stream:app")],
    ),
    ("logs", "describe_log_streams", {"logGroupName": "/flink"}, [("logs:DescribeLogStreams", f"{LOGS}:log-stream:")]),
    (
        *("cloudformation", "describe_stacks"),
        {"StackName": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/lottery/1"},
        [("cloudformation:DescribeStacks", f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/lottery/1")],
    ),
    ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "s"}, [("sts:AssumeRole", ROLE)]),
    ("sts", "get_caller_identity", {}, [("sts:GetCallerIdentity", "*")]),
    (
        *("secretsmanager", "get_secret_value"),
        {"SecretId": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:registry-123456"},
        [("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:registry-123456")],
    ),
    (
        "kms",
        "decrypt",
        {"KeyId": "1", "CiphertextBlob": b""},
        [("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1")],
    ),
    (
        *("kafka", "get_bootstrap_brokers"),
        {"ClusterArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/1"},
        [("kafka:GetBootstrapBrokers", f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/1")],
    ),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": []}, [("cloudwatch:PutMetricData", "*")]),
    (
        *("lambda", "invoke"),
        {"FunctionName": "f"},
        [("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f")],
    ),
]


class SentError(Exception):
    """Instead of an answer."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__(request.url)
        self.request = request


def sent(service: str, operation: str, parameters: dict[str, Any]) -> HttpRequest:
    """The request that boto3 would send."""
    config = Config(parameter_validation=False, s3={"addressing_style": "path"})
    client = boto3.client(
        service,  # type: ignore[call-overload]
        region_name=REGION,
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="FlinkRole",
        aws_secret_access_key="local",  # noqa: S106 - anybody's
        config=config,
    )

    def keep(request: AWSPreparedRequest, **_more: Any) -> None:
        raise SentError(request)

    client.meta.events.register("before-send", keep)
    with pytest.raises(SentError) as kept:
        getattr(client, operation)(**parameters)
    request = kept.value.request
    body = request.body if isinstance(request.body, bytes) else (request.body or b"")
    return HttpRequest(
        method=str(request.method),
        target=str(request.url).removeprefix("http://127.0.0.1:1"),
        headers={
            name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
        },
        body=body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b"",
    )


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "asked"), CASES, ids=[f"{case[0]} {case[1]}" for case in CASES]
)
def test_a_request_is_known_by_its_action_and_its_resource(
    service: str, operation: str, parameters: dict[str, Any], asked: list[tuple[str, str]]
) -> None:
    request = sent(service, operation, parameters)
    signature = Signature.of(request)
    assert signature is not None
    assert (signature.access_key_id, signature.region) == ("FlinkRole", REGION)
    assert uses(signature, request) == [Use(*one) for one in asked]


def test_only_a_deletion_of_several_objects_has_to_be_read_of_all_requests_to_s3() -> None:
    reading = {
        operation: sent("s3", operation, parameters) for service, operation, parameters, _ in CASES if service == "s3"
    }
    signature = Signature("", REGION, "s3")
    assert [name for name, request in reading.items() if needs_body(signature, request)] == ["delete_objects"]
    assert needs_body(Signature("", REGION, "kinesis"), reading["put_object"])


def test_a_body_of_cbor_is_read_as_the_javas_sdk_sends_it() -> None:
    arn = STREAM.encode()
    body = b"\xa2iStreamARN\x78" + bytes([len(arn)]) + arn + b"gRecords\x81\xa1dData\x42\x00\xff"
    headers = {"X-Amz-Target": "Kinesis_20131202.PutRecords", "Content-Type": "application/x-amz-cbor-1.1"}
    request = HttpRequest(method="POST", target="/", headers=headers, body=body)
    assert uses(Signature("", REGION, "kinesis"), request) == [Use("kinesis:PutRecords", STREAM)]


@pytest.mark.parametrize(
    ("method", "path", "action", "resource"),
    [
        ("POST", "/_bulk?refresh=false", "es:ESHttpPost", "/_bulk"),
        ("PUT", "/_index_template/trips", "es:ESHttpPut", "/_index_template/trips"),
        ("HEAD", "/trips%2A", "es:ESHttpHead", "/trips*"),
    ],
)
def test_a_request_to_a_domain_is_known_by_its_method_and_its_path(
    method: str, path: str, action: str, resource: str
) -> None:
    domain = f"arn:aws:es:{REGION}:{ACCOUNT}:domain/search"
    request = HttpRequest(method=method, target=path, headers={})
    assert uses(Signature("", REGION, "es"), request, target=domain) == [Use(action, domain + resource)]


@pytest.mark.parametrize("path", ["/api/v1/write", "/workspaces/ws-1/api/v1/remote_write"])
def test_a_remote_write_is_known_by_its_path_here_and_at_the_managed_service(path: str) -> None:
    workspace = f"arn:aws:aps:{REGION}:{ACCOUNT}:workspace/ws-1"
    request = HttpRequest(method="POST", target=path, headers={}, body=b"snappy")
    assert uses(Signature("", REGION, "aps"), request, target=workspace) == [Use("aps:RemoteWrite", workspace)]


@pytest.mark.parametrize(
    ("service", "request_", "told"),
    [
        (
            "bedrock",
            HttpRequest(method="POST", target="/model", headers={}),
            "must be of a service in permissions/services",
        ),
        (
            "kinesis",
            HttpRequest(method="POST", target="/", headers={"X-Amz-Target": "Kinesis_20131202.Drink"}),
            "X-Amz-Target must be an operation of kinesis (got 'Drink')",
        ),
        ("kafka", HttpRequest(method="GET", target="/v9", headers={}), "GET /v9 must be an operation of kafka"),
        ("aps", HttpRequest(method="GET", target="/", headers={}), "GET / must be a request of aps"),
        (
            "logs",
            HttpRequest(method="POST", target="/", headers={"X-Amz-Target": "L.PutLogEvents"}, body=b"{"),
            "a body must be",
        ),
    ],
)
def test_what_nobody_can_name_is_told_in_one_line(service: str, request_: HttpRequest, told: str) -> None:
    with pytest.raises(UnknownRequestError) as error:
        uses(Signature("", REGION, service), request_)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_signature_is_read_from_the_header_or_the_query_and_may_be_missing() -> None:
    request = AWSRequest("GET", "http://127.0.0.1/trips", headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials("FlinkRole", "local"), "es", "eu-west-1").add_auth(request)
    signed = HttpRequest(method="GET", target="/trips", headers=dict(request.headers.items()))
    assert Signature.of(signed) == Signature("FlinkRole", "eu-west-1", "es")
    presigned = HttpRequest(
        method="GET", target="/b/k?X-Amz-Credential=FlinkRole%2F20250301%2Feu-west-1%2Fs3%2Faws4_request", headers={}
    )
    assert Signature.of(presigned) == Signature("FlinkRole", "eu-west-1", "s3")
    assert Signature.of(HttpRequest(method="GET", target="/", headers={"Authorization": "Basic YTpi"})) is None


def test_parameters_are_read_from_json_without_decoding_the_records() -> None:
    body = json.dumps({"StreamName": "clicks", "Records": [{"Data": "no base 64", "PartitionKey": "1"}]}).encode()
    headers = {"X-Amz-Target": "Kinesis_20131202.PutRecords", "Content-Type": "application/x-amz-json-1.1"}
    request = HttpRequest(method="POST", target="/", headers=headers, body=body)
    assert uses(Signature("", REGION, "kinesis"), request) == [Use("kinesis:PutRecords", STREAM)]
