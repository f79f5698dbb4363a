"""`StreamArchive`: an S3 bucket that a Flink job's file sink writes a stream to."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from flink_constructs import acknowledgment, validation
from flink_constructs.validation import InvalidArgumentError

__all__ = ["StreamArchive", "StreamArchiveBase"]

#: The filter id of the request metrics of all objects of the bucket.
METRICS_FILTER = "EntireBucket"

# What flink-s3-fs-hadoop 1.20 calls, by org.apache.flink.fs.s3hadoop.HadoopS3AccessHelper and the S3A file system of
# Hadoop under it. PutObject: parts, their uploads' begin and end, and the tail of a part at a checkpoint; GetObject:
# that tail, and the size of an object that may be there already, at a recovery; DeleteObject: the tail once it is
# of no use; AbortMultipartUpload: a stream that fails before its end. Uploads and their parts are never listed, as a
# checkpoint has their ids.
SINK_ACTIONS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")
SOURCE_ACTIONS = ("s3:GetObject",)
# Without it S3 answers 403 where an object is missing, and 404 with it: S3A takes the first for an error, for which a
# job restarts, and the second for an answer. S3 asks for it there without a prefix, so that a condition on s3:prefix
# would take it away again (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html).
BUCKET_ACTIONS = ("s3:ListBucket",)


class StreamArchiveBase(Construct):
    """A bucket for files of records, of this stack or an existing one: whom it lets read and write, and its metrics."""

    bucket: s3.IBucket
    bucket_name: str
    bucket_arn: str
    encryption_key: kms.IKey | None
    metrics_filter: str = METRICS_FILTER
    """Id of the filter of the bucket's request metrics."""

    def grant_write(self, grantee: iam.IGrantable, *, prefix: str = "") -> iam.Grant:
        """Allow what Flink's file sink does below ``prefix``, and to encrypt with the bucket's key.

        Args:
            grantee: Who writes.
            prefix: Folder of the files, such as ``trips/json``, without a slash at its ends. Default: the whole bucket.

        Raises:
            InvalidArgumentError: for a prefix that is none.

        """
        _check_prefix(prefix)
        grant = self._grant(grantee, SINK_ACTIONS, [self._objects(prefix)])
        if self.encryption_key:
            # Decrypt: S3 reads the parts of an upload to complete it.
            grant = grant.combine(self.encryption_key.grant(grantee, "kms:Decrypt", "kms:GenerateDataKey"))
        return grant

    def grant_read(self, grantee: iam.IGrantable, *, prefix: str = "") -> iam.Grant:
        """Allow to list the bucket, to read what is below ``prefix``, and to decrypt it with the bucket's key.

        Args:
            grantee: Who reads.
            prefix: Folder of the files, such as ``trips/json``, without a slash at its ends. Default: the whole bucket.

        Raises:
            InvalidArgumentError: for a prefix that is none.

        """
        _check_prefix(prefix)
        # S3A first asks whether a folder is an object.
        folder = [self.bucket.arn_for_objects(prefix)] if prefix else []
        grant = self._grant(grantee, SOURCE_ACTIONS, [*folder, self._objects(prefix)])
        if self.encryption_key:
            grant = grant.combine(self.encryption_key.grant(grantee, "kms:Decrypt"))
        return grant

    def metric_put_requests(self, *, statistic: str = "Sum", period: Duration | None = None) -> cloudwatch.Metric:
        """``PUT`` requests, of parts and of whole objects; by default their number in 5 minutes."""
        return self._metric("PutRequests", statistic, period)

    def metric_bytes_uploaded(self, *, statistic: str = "Sum", period: Duration | None = None) -> cloudwatch.Metric:
        """Bytes uploaded; by default their number in 5 minutes."""
        return self._metric("BytesUploaded", statistic, period)

    def metric_errors_4xx(self, *, statistic: str = "Sum", period: Duration | None = None) -> cloudwatch.Metric:
        """Requests refused, among them the sink's questions for what is not there; by default in 5 minutes."""
        return self._metric("4xxErrors", statistic, period)

    def metric_errors_5xx(self, *, statistic: str = "Sum", period: Duration | None = None) -> cloudwatch.Metric:
        """Requests that S3 failed to answer or throttled (the client repeats them); by default in 5 minutes."""
        return self._metric("5xxErrors", statistic, period)

    def _objects(self, prefix: str) -> str:
        return self.bucket.arn_for_objects(f"{prefix}/*" if prefix else "*")

    def _grant(self, grantee: iam.IGrantable, actions: tuple[str, ...], objects: list[str]) -> iam.Grant:
        grant = iam.Grant.add_to_principal(grantee=grantee, actions=list(actions), resource_arns=objects)
        acknowledgment.wildcard_resource(
            grantee, objects[-1], "The job names its files itself, so they share a folder and no more."
        )
        return grant.combine(
            iam.Grant.add_to_principal(grantee=grantee, actions=list(BUCKET_ACTIONS), resource_arns=[self.bucket_arn])
        )

    def _metric(self, name: str, statistic: str, period: Duration | None) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/S3",
            metric_name=name,
            dimensions_map={"BucketName": self.bucket_name, "FilterId": self.metrics_filter},
            statistic=statistic,
            period=period or Duration.minutes(5),
        )


class StreamArchive(StreamArchiveBase):
    """A bucket for files of records: private, encrypted, TLS 1.2 only, versioned, kept on delete.

    The sink of Flink uploads a file in parts and completes it at a checkpoint; a job that fails for good leaves such
    uploads behind, which are paid for and shown nowhere. They end by themselves here.
    """

    bucket: s3.Bucket

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket_name: str | None = None,
        encryption_key: kms.IKey | None = None,
        expiration: Duration | None = None,
        noncurrent_expiration: Duration | None = None,
        incomplete_upload_expiration: Duration | None = None,
        intelligent_tiering: bool = False,
        access_log_bucket: s3.IBucket | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    ) -> None:
        """Create the bucket.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            bucket_name: 3 to 63 lower-case letters, digits, dots and hyphens, unique in all of AWS. Default: a name
                that CloudFormation makes.
            encryption_key: Key for the objects; a bucket key keeps its use, and price, low. Default: keys that S3
                manages, which need no permissions and cost nothing.
            expiration: Whole days after which an object is deleted. Default: never.
            noncurrent_expiration: Whole days after which what was overwritten or deleted is gone for good. Default: 7
                days; the sink leaves a version of up to 5 MB at each checkpoint for each file that it has open.
            incomplete_upload_expiration: Whole days after which an upload that nobody completes is given up. A
                checkpoint or snapshot older than that cannot be restored. Default: 7 days.
            intelligent_tiering: Let S3 move objects that nobody reads to cheaper storage, for a fee per object.
                Default: off, as the fee outweighs it for files below 128 KB.
            access_log_bucket: Where S3 logs each request, in a folder of the construct's path. Default: nowhere.
            removal_policy: What becomes of the bucket when it leaves the stack. ``DESTROY`` empties it first, by a
                function of the CDK. Default: it stays.

        Raises:
            InvalidArgumentError: for a value out of range.

        """
        noncurrent_expiration = noncurrent_expiration or Duration.days(7)
        incomplete_upload_expiration = incomplete_upload_expiration or Duration.days(7)
        _check(
            bucket_name=bucket_name,
            expiration=expiration,
            noncurrent_expiration=noncurrent_expiration,
            incomplete_upload_expiration=incomplete_upload_expiration,
        )
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=bucket_name,
            encryption=s3.BucketEncryption.KMS if encryption_key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=encryption_key,
            bucket_key_enabled=True if encryption_key else None,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="archive",
                    abort_incomplete_multipart_upload_after=incomplete_upload_expiration,
                    expiration=expiration,
                    # What is left of a deleted object once its versions are gone; an expiration does it as well.
                    expired_object_delete_marker=None if expiration else True,
                    noncurrent_version_expiration=noncurrent_expiration,
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INTELLIGENT_TIERING, transition_after=Duration.days(0)
                        )
                    ]
                    if intelligent_tiering
                    else None,
                )
            ],
            metrics=[s3.BucketMetrics(id=METRICS_FILTER)],
            server_access_logs_bucket=access_log_bucket,
            server_access_logs_prefix=f"{self.node.path}/" if access_log_bucket else None,
            removal_policy=removal_policy,
            auto_delete_objects=removal_policy is RemovalPolicy.DESTROY,
        )
        self.bucket_name = self.bucket.bucket_name
        self.bucket_arn = self.bucket.bucket_arn
        self.encryption_key = encryption_key
        if access_log_bucket is None:
            reason = "Nobody but the job has access; who wants each request logged passes a bucket for it."
            acknowledgment.findings(self.bucket, {"AwsSolutions-S1": reason})

    @staticmethod
    def from_bucket(
        scope: Construct, construct_id: str, bucket: s3.IBucket, *, metrics_filter: str = METRICS_FILTER
    ) -> StreamArchiveBase:
        """A bucket that is made elsewhere, in this app or out of it.

        It should give up incomplete uploads by a lifecycle rule: a job that fails for good leaves some behind.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            bucket: The bucket, such as ``s3.Bucket.from_bucket_attributes(…)``; grants cover its encryption key, where
                it has one.
            metrics_filter: Id of the filter of its request metrics, without which ``metric_*`` have no data. Default:
                ``EntireBucket``.

        """
        return _ExistingArchive(scope, construct_id, bucket, metrics_filter=metrics_filter)


class _ExistingArchive(StreamArchiveBase):
    """A bucket that is made elsewhere."""

    def __init__(self, scope: Construct, construct_id: str, bucket: s3.IBucket, *, metrics_filter: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = bucket
        self.bucket_name = bucket.bucket_name
        self.bucket_arn = bucket.bucket_arn
        self.encryption_key = bucket.encryption_key
        self.metrics_filter = metrics_filter


def _check(*, bucket_name: str | None, **expirations: Duration | None) -> None:
    if bucket_name is not None:
        validation.matching(
            "bucket_name",
            bucket_name,
            pattern=r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
            rule="have 3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit at both ends",
            fix="rename it",
        )
    for name, value in expirations.items():
        if value is None:
            continue
        validation.duration(name, value, low=Duration.days(1), high=Duration.days(36_500), fix="give whole days")
        if not value.is_unresolved() and value.to_milliseconds() % 86_400_000:
            raise InvalidArgumentError(name, "be whole days", value.to_human_string(), "round it up")


def _check_prefix(prefix: str) -> None:
    # A token could widen the permission to anything.
    validation.known_at_synthesis("prefix", prefix, fix="write it out")
    validation.matching(
        "prefix",
        prefix,
        pattern=r"([a-zA-Z0-9_=.-]+(/[a-zA-Z0-9_=.-]+)*)?",
        rule="be folders of letters, digits, '_', '=', '.' or '-' with single slashes between them",
        fix="write trips/json, say",
    )
