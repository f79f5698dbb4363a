from __future__ import annotations

import re
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Environment, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from flink_constructs.stream_archive import StreamArchive
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions


def _bucket(**arguments: Any) -> dict[str, Any]:
    stack = new_stack()
    StreamArchive(stack, "Archive", **arguments)
    template = Template.from_stack(stack)
    assert findings(stack) == []
    assert lint(template) == []
    return only(template, "AWS::S3::Bucket")


def _lifecycle(**arguments: Any) -> dict[str, Any]:
    [rule] = _bucket(**arguments)["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    return {key: value for key, value in rule.items() if key not in {"Id", "Status"}}


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_by_default_an_archive_is_private_encrypted_versioned_and_stays(env: Environment | None) -> None:
    stack = new_stack(env)
    StreamArchive(stack, "Archive")
    template = Template.from_stack(stack)
    bucket = only(template, "AWS::S3::Bucket")
    properties = bucket["Properties"]
    assert properties["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    }
    assert properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "BucketName" not in properties
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    template.resource_count_is("AWS::Lambda::Function", 0)
    assert findings(stack) == []
    assert lint(template) == []


def test_requests_without_tls_or_with_an_old_one_are_denied() -> None:
    stack = new_stack()
    StreamArchive(stack, "Archive")
    policy = only(Template.from_stack(stack), "AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]
    denied = [(one["Effect"], one["Action"], one["Condition"]) for one in policy["Statement"]]
    assert denied == [
        ("Deny", "s3:*", {"Bool": {"aws:SecureTransport": "false"}}),
        ("Deny", "s3:*", {"NumericLessThan": {"s3:TlsVersion": 1.2}}),
    ]


def test_by_default_what_a_job_leaves_behind_ends_and_the_records_stay() -> None:
    assert _lifecycle() == {
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
        "ExpiredObjectDeleteMarker": True,
    }


def test_records_may_end_as_well_and_move_to_cheaper_storage() -> None:
    assert _lifecycle(
        expiration=Duration.days(365),
        noncurrent_expiration=Duration.days(1),
        incomplete_upload_expiration=Duration.hours(48),
        intelligent_tiering=True,
    ) == {
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        "ExpirationInDays": 365,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "Transitions": [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}],
    }


def test_an_archive_that_goes_with_its_stack_is_emptied_first() -> None:
    stack = new_stack()
    StreamArchive(stack, "Archive", bucket_name="trips.example-1", removal_policy=RemovalPolicy.DESTROY)
    template = Template.from_stack(stack)
    bucket = only(template, "AWS::S3::Bucket")
    assert bucket["Properties"]["BucketName"] == "trips.example-1"
    assert bucket["DeletionPolicy"] == "Delete"
    emptied = only(template, "Custom::S3AutoDeleteObjects")["Properties"]["BucketName"]
    assert emptied == {"Ref": bucket["LogicalId"]}
    assert findings(stack) == []
    assert lint(template) == []


def test_an_archive_encrypted_with_the_customers_key_uses_it_sparingly() -> None:
    stack = new_stack()
    StreamArchive(stack, "Archive", encryption_key=kms.Key(stack, "Key", enable_key_rotation=True))
    template = Template.from_stack(stack)
    [rule] = only(template, "AWS::S3::Bucket")["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    key = _arn(only(template, "AWS::KMS::Key")["LogicalId"])
    assert rule == {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
    }
    assert findings(stack) == []
    assert lint(template) == []


def test_requests_are_logged_where_asked_for() -> None:
    stack = new_stack()
    log_bucket = s3.Bucket(stack, "AccessLogs", enforce_ssl=True)
    StreamArchive(stack, "Archive", access_log_bucket=log_bucket)
    buckets = Template.from_stack(stack).find_resources("AWS::S3::Bucket").values()
    [logging] = [
        one["Properties"]["LoggingConfiguration"] for one in buckets if "LoggingConfiguration" in one["Properties"]
    ]
    assert logging == {
        "DestinationBucketName": stack.resolve(log_bucket.bucket_name),
        "LogFilePrefix": "Test/Archive/",
    }


def _arn(logical_id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


class _Granted:
    """A job with one grant on an archive, and what it may do."""

    def __init__(self, *, write: bool, key: bool = False, prefix: str = "") -> None:
        stack = new_stack()
        role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
        archive = StreamArchive(
            stack, "Archive", encryption_key=kms.Key(stack, "Key", enable_key_rotation=True) if key else None
        )
        grant = archive.grant_write if write else archive.grant_read
        grant(role, prefix=prefix).assert_success()
        template = Template.from_stack(stack)
        assert findings(stack) == []
        assert lint(template) == []
        self.bucket = _arn(only(template, "AWS::S3::Bucket")["LogicalId"])
        self.key = _arn(only(template, "AWS::KMS::Key")["LogicalId"]) if key else None
        self.permissions = permissions(template, of="Job")

    def objects(self, path: str) -> dict[str, Any]:
        return {"Fn::Join": ["", [self.bucket, path]]}


WRITING = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]


@pytest.mark.parametrize(
    ("prefix", "path"), [("", "/*"), ("trips", "/trips/*"), ("etl/type=trips", "/etl/type=trips/*")]
)
def test_a_writer_may_write_below_its_prefix_and_nothing_else(prefix: str, path: str) -> None:
    granted = _Granted(write=True, prefix=prefix)
    assert granted.permissions == [(WRITING, [granted.objects(path)]), (["s3:ListBucket"], [granted.bucket])]


def test_a_writer_may_encrypt_with_the_customers_key_and_complete_its_uploads() -> None:
    granted = _Granted(write=True, key=True)
    assert granted.permissions[-1] == (["kms:Decrypt", "kms:GenerateDataKey"], [granted.key])


def test_a_reader_may_list_the_bucket_and_read_below_its_prefix_and_nothing_else() -> None:
    granted = _Granted(write=False, prefix="trips")
    assert granted.permissions == [
        (["s3:GetObject"], [granted.objects("/trips"), granted.objects("/trips/*")]),
        (["s3:ListBucket"], [granted.bucket]),
    ]


def test_a_reader_of_the_whole_bucket_may_decrypt_with_the_customers_key() -> None:
    granted = _Granted(write=False, key=True)
    assert granted.permissions == [
        (["s3:GetObject"], [granted.objects("/*")]),
        (["s3:ListBucket"], [granted.bucket]),
        (["kms:Decrypt"], [granted.key]),
    ]


@pytest.mark.parametrize("prefix", ["*", "/trips", "trips/", "a//b", "${aws:username}"])
@pytest.mark.parametrize("method", ["grant_read", "grant_write"])
def test_a_prefix_that_would_widen_or_miss_the_permission_is_refused(method: str, prefix: str) -> None:
    stack = new_stack()
    archive = StreamArchive(stack, "Archive")
    role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    message = (
        "prefix must be folders of letters, digits, '_', '=', '.' or '-' with single slashes between them "
        f"(got {prefix!r}); write trips/json, say"
    )
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        getattr(archive, method)(role, prefix=prefix)


def test_a_prefix_cannot_wait_for_the_deployment() -> None:
    stack = new_stack()
    archive = StreamArchive(stack, "Archive")
    role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    with pytest.raises(InvalidArgumentError, match=r"^prefix must be known at synthesis"):
        archive.grant_write(role, prefix=CfnParameter(stack, "Prefix").value_as_string)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"bucket_name": "Trips"},
            "bucket_name must have 3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit at both "
            "ends (got 'Trips'); rename it",
        ),
        ({"bucket_name": "trips..json"}, "bucket_name must have 3 to 63 lower-case letters, digits, dots and hyphens"),
        ({"bucket_name": "trips-"}, "bucket_name must have 3 to 63 lower-case letters, digits, dots and hyphens"),
        ({"expiration": Duration.hours(36)}, "expiration must be whole days (got '1 day 12 hours'); round it up"),
        (
            {"noncurrent_expiration": Duration.hours(23)},
            "noncurrent_expiration must be from 1 day to 36500 days (got '23 hours'); give whole days",
        ),
        (
            {"incomplete_upload_expiration": Duration.days(36_501)},
            "incomplete_upload_expiration must be from 1 day to 36500 days (got '36501 days'); give whole days",
        ),
    ],
)
def test_arguments_out_of_range_are_refused_before_anything_is_made(arguments: dict[str, Any], message: str) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}"):
        StreamArchive(stack, "Archive", **arguments)
    assert stack.node.try_find_child("Archive") is None


def test_a_bucket_name_may_be_a_parameter_of_the_stack() -> None:
    stack = new_stack()
    StreamArchive(stack, "Archive", bucket_name=CfnParameter(stack, "Name").value_as_string)
    assert only(Template.from_stack(stack), "AWS::S3::Bucket")["Properties"]["BucketName"] == {"Ref": "Name"}


@pytest.mark.parametrize(
    ("method", "metric_name"),
    [
        ("metric_put_requests", "PutRequests"),
        ("metric_bytes_uploaded", "BytesUploaded"),
        ("metric_errors_4xx", "4xxErrors"),
        ("metric_errors_5xx", "5xxErrors"),
    ],
)
def test_metrics_are_those_of_the_whole_bucket(method: str, metric_name: str) -> None:
    stack = new_stack()
    archive = StreamArchive(stack, "Archive")
    [configuration] = only(Template.from_stack(stack), "AWS::S3::Bucket")["Properties"]["MetricsConfigurations"]
    metric = getattr(archive, method)()
    assert (metric.namespace, metric.metric_name, metric.statistic) == ("AWS/S3", metric_name, "Sum")
    assert metric.dimensions == {"BucketName": archive.bucket_name, "FilterId": configuration["Id"]}
    assert metric.period.to_seconds() == 300
    assert getattr(archive, method)(period=Duration.minutes(1), statistic="Average").period.to_seconds() == 60


# A bucket that exists.


def test_an_existing_bucket_gives_the_same_permissions_as_one_of_this_stack() -> None:
    stack = new_stack()
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:123456789012:key/12345678")
    bucket = s3.Bucket.from_bucket_attributes(
        stack, "Bucket", bucket_arn="arn:aws:s3:::trips", bucket_name="trips", encryption_key=key
    )
    archive = StreamArchive.from_bucket(stack, "Archive", bucket)
    role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    archive.grant_write(role, prefix="json")
    archive.grant_read(role, prefix="json")
    assert findings(stack) == []
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::S3::Bucket", 0)
    granted = permissions(template, of="Job")
    objects = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    assert (objects, ["arn:aws:s3:::trips/json/*"]) in granted
    assert (["s3:ListBucket"], ["arn:aws:s3:::trips"]) in granted
    assert any(actions == ["kms:Decrypt", "kms:GenerateDataKey"] for actions, _ in granted)


def test_metrics_of_an_existing_bucket_are_those_of_its_filter() -> None:
    stack = new_stack()
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "trips")
    archive = StreamArchive.from_bucket(stack, "Archive", bucket, metrics_filter="Everything")
    dimensions = {"BucketName": "trips", "FilterId": "Everything"}
    assert archive.metric_put_requests().dimensions == dimensions
    usual = StreamArchive.from_bucket(stack, "Usual", bucket)
    assert usual.metric_errors_4xx().dimensions == {"BucketName": "trips", "FilterId": "EntireBucket"}
