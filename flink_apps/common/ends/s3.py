"""Files in Amazon S3."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flink_apps.common.options import Option, Type, matching
from flink_apps.common.properties import PropertyGroups
from flink_apps.common.tables import Connector, Format

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = matching(
    r"(?!xn--|(\d+\.){3}\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]",
    values="the name of a bucket: 3 to 63 small letters, digits, '.' or '-', and no address",
    example="my-bucket",
    fix="write the name alone, without s3:// and without a prefix",
)


def _prefix(text: str) -> str:
    if not re.fullmatch(r"/*[\w!.*'()-][\w!.*'()/-]{0,511}", text):
        raise ValueError
    return text.strip("/")


#: A prefix of keys in a bucket; slashes at its ends are removed.
PREFIX: Type[str] = Type(values="a prefix without spaces", example="trips/yellow", parse=_prefix)


@dataclass(frozen=True, kw_only=True)
class BucketPrefix:
    """A prefix of keys in a bucket, as a folder."""

    bucket: str
    prefix: str

    def sink(self, table: str, *, partitioned_by: tuple[str, ...], record_format: Format) -> Connector:
        """The sink table; it writes files in folders by the values of columns.

        All formats here are *bulk* formats: a file becomes complete and visible with its checkpoint.
        """
        path = "/".join(part for part in (self.bucket, self.prefix) if part)
        return Connector(
            table=table,
            partitioned_by=partitioned_by,
            options={
                "connector": "filesystem",
                "path": f"s3://{path}",
                # One task writes all files of a folder: a checkpoint adds no more of them at a higher parallelism.
                "sink.shuffle-by-partition.enable": "true",
                # A file that gets no rows for a while is closed, and visible with the next checkpoint. Otherwise a
                # backfill of many folders keeps a file of each open until then, more than a process may have.
                "sink.rolling-policy.inactivity-interval": "20 s",
                "sink.rolling-policy.check-interval": "5 s",
                **record_format.as_options(),
            },
        )

    def overlaps(self, other: BucketPrefix) -> bool:
        """Whether one of the two folders contains the other."""
        one, two = f"{self.prefix}/", f"{other.prefix}/"
        return self.bucket == other.bucket and (one.startswith(two) or two.startswith(one))


@dataclass(frozen=True, kw_only=True)
class BucketOptions:
    """The keys under which a scenario names a bucket and a prefix in it."""

    bucket: Option[str]
    prefix: Option[str]

    def all(self) -> tuple[Option[str], ...]:
        """Every option, in the order of a table."""
        return (self.bucket, self.prefix)

    def find(self, groups: PropertyGroups) -> BucketPrefix | None:
        """The folder, or ``None`` if no bucket is named."""
        return self.read(groups) if self.bucket.is_set(groups) else None

    def read(self, groups: PropertyGroups, *, default_bucket: str | None = None) -> BucketPrefix:
        """The folder.

        Raises:
            SettingsError: No bucket is named, and there is no default.

        """
        bucket = self.bucket.find(groups) or default_bucket or self.bucket.read(groups)
        return BucketPrefix(bucket=bucket, prefix=self.prefix.read(groups))
