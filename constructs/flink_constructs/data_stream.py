"""`DataStream`: a Kinesis data stream that a Flink job writes to or reads from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from constructs import Construct

from flink_constructs import acknowledgment, validation
from flink_constructs.validation import InvalidArgumentError

__all__ = ["DataStream", "DataStreamBase", "StreamCapacity"]

# "Each shard can support writes up to 1,000 records per second, up to a maximum data write total of 1 MiB per second"
# (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
SHARD_RECORDS_PER_SECOND = 1_000
SHARD_BYTES_PER_SECOND = 1_048_576

#: The largest record of a stream, partition key included, where the stream's limit is not raised (same source).
MAX_RECORD_BYTES = 1_048_576

# The highest default quota of shards of an account in a Region
# (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).
MAX_SHARDS = 20_000

# What flink_apps/connectors/kinesis calls; for enhanced fan-out, what Flink's own connector calls.
SINK_ACTIONS = ("kinesis:PutRecords",)
SOURCE_ACTIONS = ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")
CONSUMER_STREAM_ACTIONS = ("kinesis:DescribeStreamSummary",)
CONSUMER_ACTIONS = (
    "kinesis:DeregisterStreamConsumer",
    "kinesis:DescribeStreamConsumer",
    "kinesis:RegisterStreamConsumer",
    "kinesis:SubscribeToShard",
)


@dataclass(frozen=True)
class StreamCapacity:
    """How much a stream takes: made by ``on_demand``, ``provisioned`` or ``for_rate``."""

    shards: int | None
    """Shards of a provisioned stream; none where the service scales the stream."""

    @staticmethod
    def on_demand() -> StreamCapacity:
        """Shards that the service adds as the traffic grows, paid by the amount of data."""
        return StreamCapacity(shards=None)

    @staticmethod
    def provisioned(shards: int) -> StreamCapacity:
        """``shards`` shards, 1 to 20,000, paid by the hour."""
        validation.integer(
            "shards",
            shards,
            low=1,
            high=MAX_SHARDS,
            fix="choose a number in this range, or StreamCapacity.on_demand()",
        )
        return StreamCapacity(shards=shards)

    @staticmethod
    def for_rate(*, records_per_second: int, record_bytes: int, headroom: float = 0.25) -> StreamCapacity:
        """Enough provisioned shards for a steady rate of writes, by both limits of a shard.

        Args:
            records_per_second: Records written per second, evenly over the partition keys; 0 gives one shard.
            record_bytes: Size of a record in bytes, its partition key included; 1 to 1,048,576.
            headroom: Capacity to spare, as a share of the rate; default: a quarter.

        Raises:
            InvalidArgumentError: for a value out of range, or a rate that needs more than 20,000 shards.

        """
        validation.integer(
            "records_per_second",
            records_per_second,
            low=0,
            high=MAX_SHARDS * SHARD_RECORDS_PER_SECOND,
            fix="lower the rate, or choose StreamCapacity.on_demand()",
        )
        validation.integer(
            "record_bytes",
            record_bytes,
            low=1,
            high=MAX_RECORD_BYTES,
            fix="count the bytes of the data and of the partition key",
        )
        if isinstance(headroom, bool) or not (math.isfinite(headroom) and 0 <= headroom <= 10):
            raise InvalidArgumentError("headroom", "be from 0 to 10", headroom, "0.25 keeps a quarter to spare")
        # Decimal digits as written: 0.1 is a tenth here, so that a full shard is not taken for an overfull one.
        rate = records_per_second * (1 + Fraction(str(headroom)))
        by_records = math.ceil(rate / SHARD_RECORDS_PER_SECOND)
        by_bytes = math.ceil(rate * record_bytes / SHARD_BYTES_PER_SECOND)
        shards = max(by_records, by_bytes, 1)
        if shards > MAX_SHARDS:
            raise InvalidArgumentError(
                "records_per_second",
                f"need at most {MAX_SHARDS} shards with its headroom",
                records_per_second,
                f"{shards} shards would be needed: lower the rate, or choose StreamCapacity.on_demand()",
            )
        return StreamCapacity(shards=shards)


class DataStreamBase(Construct):
    """A Kinesis data stream, of this stack or an existing one: whom it lets read and write, and its metrics."""

    stream: kinesis.IStream
    stream_name: str
    stream_arn: str
    encryption_key: kms.IKey | None

    def grant_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow what the Flink Kinesis sink does: put records into this stream, encrypted with its key."""
        grant = self._grant(grantee, SINK_ACTIONS, self.stream_arn)
        if self.encryption_key:
            grant = grant.combine(self.encryption_key.grant(grantee, "kms:GenerateDataKey"))
        return grant

    def grant_read(self, grantee: iam.IGrantable, *, consumer: str | None = None) -> iam.Grant:
        """Allow what the Flink Kinesis source does: read the records of this stream, and decrypt them with its key.

        Args:
            grantee: Who reads.
            consumer: Name under which the source registers for enhanced fan-out (``source.efo.consumer.name``),
                1 to 128 letters, digits, ``_``, ``.`` and ``-``. Default: none, the source polls.

        Raises:
            InvalidArgumentError: for a name that the service would refuse.

        """
        if consumer is not None:
            _check_name("consumer", consumer)
        grant = self._grant(grantee, SOURCE_ACTIONS, self.stream_arn)
        if consumer is not None:
            # The ARN of a consumer ends in the time of its registration, which is known only once the job runs.
            registered = f"{self.stream_arn}/consumer/{consumer}:*"
            grant = grant.combine(self._grant(grantee, CONSUMER_STREAM_ACTIONS, self.stream_arn))
            # Each of these is authorized on the stream or on the consumer, depending on how the call names it.
            grant = grant.combine(self._grant(grantee, CONSUMER_ACTIONS, self.stream_arn, registered))
            acknowledgment.wildcard_resource(
                grantee,
                registered,
                "The ARN of a stream consumer ends in the time of its registration, which the job does when it runs.",
            )
        if self.encryption_key:
            grant = grant.combine(self.encryption_key.grant(grantee, "kms:Decrypt"))
        return grant

    def metric_incoming_records(self, *, statistic: str = "Sum", period: Duration | None = None) -> cloudwatch.Metric:
        """Records put into the stream; by default their number in 5 minutes."""
        return self.stream.metric_incoming_records(statistic=statistic, period=period)

    def metric_incoming_bytes(self, *, statistic: str = "Sum", period: Duration | None = None) -> cloudwatch.Metric:
        """Bytes put into the stream; by default their number in 5 minutes."""
        return self.stream.metric_incoming_bytes(statistic=statistic, period=period)

    def metric_put_records_throttled_records(
        self, *, statistic: str = "Sum", period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Records of ``PutRecords`` refused because a shard was full (the sink sends them again); in 5 minutes."""
        return self.stream.metric_put_records_throttled_records(statistic=statistic, period=period)

    def metric_put_records_failed_records(
        self, *, statistic: str = "Sum", period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Records of ``PutRecords`` refused by a fault of the service (the sink sends them again); in 5 minutes."""
        return self.stream.metric_put_records_failed_records(statistic=statistic, period=period)

    def metric_write_provisioned_throughput_exceeded(
        self, *, statistic: str = "Sum", period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Records refused because a shard was full, whichever call wrote them; by default in 5 minutes."""
        return self.stream.metric_write_provisioned_throughput_exceeded(statistic=statistic, period=period)

    def metric_read_provisioned_throughput_exceeded(
        self, *, statistic: str = "Sum", period: Duration | None = None
    ) -> cloudwatch.Metric:
        """``GetRecords`` calls refused because a shard's readers took all it gives; by default in 5 minutes."""
        return self.stream.metric_read_provisioned_throughput_exceeded(statistic=statistic, period=period)

    def metric_get_records_iterator_age_milliseconds(
        self, *, statistic: str = "Maximum", period: Duration | None = None
    ) -> cloudwatch.Metric:
        """Age of the last record read, in milliseconds: how far the slowest reader lags behind, over 5 minutes."""
        return self.stream.metric_get_records_iterator_age_milliseconds(statistic=statistic, period=period)

    @staticmethod
    def _grant(grantee: iam.IGrantable, actions: tuple[str, ...], *arns: str) -> iam.Grant:
        return iam.Grant.add_to_principal(grantee=grantee, actions=list(actions), resource_arns=list(arns))


class DataStream(DataStreamBase):
    """A Kinesis data stream: encrypted, kept on delete, reachable over TLS only, as every Kinesis endpoint is."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        capacity: StreamCapacity | None = None,
        stream_name: str | None = None,
        retention: Duration | None = None,
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    ) -> None:
        """Create the stream.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            capacity: On demand or a number of shards. Default: on demand, the service scales the stream.
            stream_name: 1 to 128 letters, digits, ``_``, ``.`` and ``-``. Default: a name that CloudFormation makes,
                so that the stream can be replaced.
            retention: How long records stay, 24 to 8,760 whole hours. Default: 24 hours, which cost nothing extra.
            encryption_key: Key for the data at rest. Default: the key that AWS manages, ``alias/aws/kinesis``, which
                needs no permissions and costs nothing.
            removal_policy: What becomes of the stream and its records when it leaves the stack. Default: they stay.

        Raises:
            InvalidArgumentError: for a value out of range.

        """
        retention = retention or Duration.hours(24)
        _check(stream_name=stream_name, retention=retention)
        super().__init__(scope, construct_id)
        capacity = capacity or StreamCapacity.on_demand()
        provisioned = capacity.shards is not None
        self.stream = kinesis.Stream(
            self,
            "Stream",
            stream_name=stream_name,
            stream_mode=kinesis.StreamMode.PROVISIONED if provisioned else kinesis.StreamMode.ON_DEMAND,
            shard_count=capacity.shards,
            retention_period=retention,
            encryption=kinesis.StreamEncryption.KMS if encryption_key else kinesis.StreamEncryption.MANAGED,
            encryption_key=encryption_key,
            removal_policy=removal_policy,
        )
        self.stream_name = self.stream.stream_name
        self.stream_arn = self.stream.stream_arn
        self.encryption_key = encryption_key
        if encryption_key:
            reason = "A key of the customer's own was asked for, where access to the key has to be controlled."
            acknowledgment.findings(self.stream, {"AwsSolutions-KDS3": reason})

    @staticmethod
    def from_stream(scope: Construct, construct_id: str, stream: kinesis.IStream) -> DataStreamBase:
        """A stream that is made elsewhere, in this app or out of it.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            stream: The stream, such as ``kinesis.Stream.from_stream_attributes(…)``; grants cover its encryption key,
                where it has one.

        """
        return _ExistingStream(scope, construct_id, stream)


class _ExistingStream(DataStreamBase):
    """A stream that is made elsewhere."""

    def __init__(self, scope: Construct, construct_id: str, stream: kinesis.IStream) -> None:
        super().__init__(scope, construct_id)
        self.stream = stream
        self.stream_name = stream.stream_name
        self.stream_arn = stream.stream_arn
        self.encryption_key = stream.encryption_key


def _check(*, stream_name: str | None, retention: Duration) -> None:
    if stream_name is not None:
        _check_name("stream_name", stream_name)
    validation.duration(
        "retention",
        retention,
        low=Duration.hours(24),
        high=Duration.hours(8760),
        fix="keep records for a day to a year",
    )
    if not retention.is_unresolved() and retention.to_milliseconds() % 3_600_000:
        raise InvalidArgumentError("retention", "be whole hours", retention.to_human_string(), "round it up")


def _check_name(name: str, value: str) -> None:
    validation.matching(
        name,
        value,
        pattern=r"[a-zA-Z0-9_.-]{1,128}",
        rule="have 1 to 128 letters, digits, '_', '.' or '-'",
        fix="rename it",
    )
