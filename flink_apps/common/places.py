"""Where records come from and go to, as properties name it. Standard library only: the stacks import it as well."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flink_apps.common.properties import Property, PropertyGroups

#: The index in which every scenario keeps the documents that OpenSearch refuses.
REJECTED_DOCUMENTS = "rejected-documents"


@dataclass(frozen=True, kw_only=True)
class KinesisStream:
    """A stream to read or to write."""

    name: str
    region: str


@dataclass(frozen=True, kw_only=True)
class BucketPrefix:
    """A place in S3."""

    bucket: str
    prefix: str


@dataclass(frozen=True, kw_only=True)
class OpenSearchSink:
    """The domain to write to; requests are signed, or carry a user's name and password."""

    endpoint: str
    region: str
    bulk_size_mb: int
    bulk_actions: int
    bulk_interval_millis: int
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True, kw_only=True)
class OpenSearchProperties:
    """The properties that name a domain, and say how to write to it."""

    endpoint: Property
    region: Property
    bulk_size_mb: Property
    bulk_actions: Property
    bulk_interval_millis: Property
    username: Property
    password: Property

    @classmethod
    def in_group(cls, group: str, *, endpoint: Property, region: Property) -> OpenSearchProperties:
        """The properties of a group, which has its own names for the first two."""

        def key(name: str, meaning: str, default: str | None = None) -> Property:
            return Property(group=group, key=f"OpenSearch{name}", meaning=meaning, default=default)

        return cls(
            endpoint=endpoint,
            region=region,
            bulk_size_mb=key("BulkFlushMaxSizeMb", "megabytes of a bulk request, at the most", "5"),
            bulk_actions=key("BulkFlushMaxActions", "documents of a bulk request, at the most", "5000"),
            bulk_interval_millis=key("BulkFlushInterval", "milliseconds after which a request goes anyway", "1000"),
            username=key("Username", "user of basic authentication; by default requests are signed (SigV4)"),
            password=key("Password", "the user's password"),
        )

    def all(self) -> tuple[Property, ...]:
        """Every one, in the order of a table."""
        return (
            self.endpoint,
            self.region,
            self.bulk_size_mb,
            self.bulk_actions,
            self.bulk_interval_millis,
            self.username,
            self.password,
        )

    def sink(self, groups: PropertyGroups) -> OpenSearchSink | None:
        """The domain, where one is named."""
        endpoint = self.endpoint.text(groups)
        if endpoint is None:
            return None
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise self.endpoint.error("be an address with its scheme, and no path", endpoint, "write https://host")
        username, password = self.username.text(groups), self.password.text(groups)
        if username or password:
            both(groups, self.username, self.password)
        return OpenSearchSink(
            endpoint=endpoint.rstrip("/"),
            region=self.region.region(groups),
            bulk_size_mb=self.bulk_size_mb.whole_number(groups, low=1, high=100),
            bulk_actions=self.bulk_actions.whole_number(groups, low=1, high=100_000),
            bulk_interval_millis=self.bulk_interval_millis.whole_number(groups, low=10, high=600_000),
            username=username,
            password=password,
        )


def stream_name(groups: PropertyGroups, prop: Property) -> str | None:
    """The name of a Kinesis stream, where ``prop`` has one."""
    return prop.matching(
        groups,
        pattern=r"[a-zA-Z0-9_.-]{1,128}",
        rule="be the name of a Kinesis stream: 1 to 128 letters, digits, '_', '.' or '-'",
        fix="write the name, not the ARN",
    )


def kinesis_stream(groups: PropertyGroups, name: Property, region: Property) -> KinesisStream | None:
    """The stream that ``name`` names, where it does."""
    stream = stream_name(groups, name)
    return KinesisStream(name=stream, region=region.region(groups)) if stream else None


def bucket(groups: PropertyGroups, prop: Property) -> str | None:
    """The name of a bucket, where ``prop`` has one."""
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    return prop.matching(
        groups,
        pattern=r"(?!xn--|(\d+\.){3}\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]",
        rule="be the name of a bucket: 3 to 63 small letters, digits, '.' or '-', and no address",
        fix="write the name alone, without s3:// and without a prefix",
    )


def prefix(groups: PropertyGroups, prop: Property) -> str:
    """A prefix of keys in a bucket, without slashes around it."""
    text = prop.matching(
        groups,
        pattern=r"/*[\w!.*'()-][\w!.*'()/-]{0,511}",
        rule="be a prefix without spaces",
        fix="write for example trips/yellow",
    )
    return (text or "").strip("/")


def both(groups: PropertyGroups, first: Property, second: Property) -> None:
    """Refuse one of two properties without the other."""
    for one, other in ((first, second), (second, first)):
        if one.text(groups) is None:
            raise one.error(f"be set where {other.key} is", None, "write both, or neither")
