"""`StreamDelivery`: an Amazon Data Firehose stream that archives a Kinesis stream's records, as they came, in S3."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from constructs import Construct

from flink_constructs import acknowledgment, validation
from flink_constructs.data_stream import DataStreamBase
from flink_constructs.stream_archive import StreamArchiveBase

__all__ = ["StreamDelivery"]

# https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
READ_ACTIONS = ("kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")
OBJECT_ACTIONS = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
BUCKET_ACTIONS = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
#: Folders by the hour of the arrival, UTC, which Athena and Glue read as partitions.
BY_HOUR = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
#: Beside the records' own folder: what could not be delivered.
ERRORS = "errors"


class StreamDelivery(Construct):
    """A second reader of a stream: each record, a line of its own, in gzip files by the hour of its arrival.

    It reads from the start of its delivery on, not what the stream held before, and shares the reads of the stream
    with the polling ones (2 MB/s a shard). Its role may read that one stream and write below that one prefix.
    """

    delivery_stream: firehose.CfnDeliveryStream
    delivery_stream_name: str
    role: iam.Role
    log_group: logs.LogGroup

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stream: DataStreamBase,
        archive: StreamArchiveBase,
        prefix: str,
        buffer_interval: Duration | None = None,
        buffer_size: Size | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    ) -> None:
        """Create the delivery.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            stream: What is read.
            archive: The bucket.
            prefix: Folder of the files, without a slash at its ends; what cannot be delivered is below ``errors/`` in
                it.
            buffer_interval: How long records wait for a file, 0 to 900 s. Default: 5 minutes.
            buffer_size: How much of them is a file, before its compression, 1 to 128 MiB. Default: 64 MiB.
            log_retention: How long the log of failed deliveries is kept. Default: a month.
            removal_policy: What becomes of that log when it leaves the stack. Default: it stays.

        Raises:
            InvalidArgumentError: for a value out of range.

        """
        buffer_interval, buffer_size = buffer_interval or Duration.minutes(5), buffer_size or Size.mebibytes(64)
        validation.duration(
            "buffer_interval",
            buffer_interval,
            low=Duration.seconds(0),
            high=Duration.seconds(900),
            fix="give up to 15 minutes",
        )
        validation.integer("buffer_size", int(buffer_size.to_mebibytes()), low=1, high=128, fix="give mebibytes")
        validation.matching(
            "prefix",
            prefix,
            pattern=r"[a-zA-Z0-9_=.-]+(/[a-zA-Z0-9_=.-]+)*",
            rule="be folders of letters, digits, '_', '=', '.' or '-' with single slashes between them",
            fix="write raw, say",
        )
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=removal_policy)
        log_stream = logs.LogStream(self, "LogStream", log_group=self.log_group, removal_policy=removal_policy)
        self.role = iam.Role(
            self,
            "Role",
            description="Reads one stream and writes it to one prefix of a bucket",
            assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"),
        )
        granted = self._grant_all(stream, archive, prefix)

        l1 = firehose.CfnDeliveryStream
        self.delivery_stream = l1(
            self,
            "DeliveryStream",
            delivery_stream_type="KinesisStreamAsSource",
            kinesis_stream_source_configuration=l1.KinesisStreamSourceConfigurationProperty(
                kinesis_stream_arn=stream.stream_arn, role_arn=self.role.role_arn
            ),
            extended_s3_destination_configuration=l1.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=archive.bucket_arn,
                role_arn=self.role.role_arn,
                prefix=f"{prefix}/{BY_HOUR}",
                error_output_prefix=f"{prefix}/{ERRORS}/!{{firehose:error-output-type}}/{BY_HOUR}",
                file_extension=".json.gz",
                compression_format="GZIP",
                buffering_hints=l1.BufferingHintsProperty(
                    interval_in_seconds=buffer_interval.to_seconds(), size_in_m_bs=buffer_size.to_mebibytes()
                ),
                # Records come without a line's end: files of them would be one long line.
                processing_configuration=l1.ProcessingConfigurationProperty(
                    enabled=True,
                    processors=[
                        l1.ProcessorProperty(
                            type="AppendDelimiterToRecord",
                            parameters=[
                                l1.ProcessorParameterProperty(parameter_name="Delimiter", parameter_value="\\n")
                            ],
                        )
                    ],
                ),
                cloud_watch_logging_options=l1.CloudWatchLoggingOptionsProperty(
                    enabled=True,
                    log_group_name=self.log_group.log_group_name,
                    log_stream_name=log_stream.log_stream_name,
                ),
            ),
        )
        # The service tries to read while it creates the delivery.
        self.delivery_stream.node.add_dependency(granted)
        self.delivery_stream_name = self.delivery_stream.ref
        reason = "It takes its records from a stream, which is encrypted; the service encrypts them no second time."
        acknowledgment.findings(self.delivery_stream, {"AwsSolutions-KDF1": reason})

    def metric_seconds_behind(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Age of the oldest record that is not yet in S3, in seconds; the most in 5 minutes."""
        return cloudwatch.Metric(
            namespace="AWS/Firehose",
            metric_name="DeliveryToS3.DataFreshness",
            dimensions_map={"DeliveryStreamName": self.delivery_stream_name},
            statistic=cloudwatch.Stats.MAXIMUM,
            period=period or Duration.minutes(5),
        )

    def _grant_all(self, stream: DataStreamBase, archive: StreamArchiveBase, prefix: str) -> iam.Grant:
        objects = archive.bucket.arn_for_objects(f"{prefix}/*")
        grant = self._grant(READ_ACTIONS, stream.stream_arn)
        grant = grant.combine(self._grant(OBJECT_ACTIONS, objects))
        grant = grant.combine(self._grant(BUCKET_ACTIONS, archive.bucket_arn))
        grant = grant.combine(self.log_group.grant(self.role, "logs:PutLogEvents"))
        acknowledgment.wildcard_resource(self.role, objects, "The service names the files by their time.")
        if stream.encryption_key:
            grant = grant.combine(stream.encryption_key.grant(self.role, "kms:Decrypt"))
        if archive.encryption_key:
            grant = grant.combine(archive.encryption_key.grant(self.role, "kms:Decrypt", "kms:GenerateDataKey"))
        return grant

    def _grant(self, actions: tuple[str, ...], arn: str) -> iam.Grant:
        return iam.Grant.add_to_principal(grantee=self.role, actions=list(actions), resource_arns=[arn])
