"""The folders of a sink in S3."""

from flink_apps.common.ends.s3 import BucketPrefix
from flink_apps.common.tables import PARQUET


def test_a_file_that_gets_no_rows_is_closed_long_before_a_checkpoint() -> None:
    options = BucketPrefix(bucket="lake", prefix="trips").sink("s3", partitioned_by=(), record_format=PARQUET).options
    assert options["sink.rolling-policy.inactivity-interval"] == "20 s"
    assert options["sink.rolling-policy.check-interval"] == "5 s"
