"""Domains of Amazon OpenSearch Service: see flink_apps/connectors/opensearch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flink_apps.common.aws import read_region
from flink_apps.common.options import Group, Option, Type, both, integer, text
from flink_apps.common.properties import PropertyGroups
from flink_apps.common.tables import Connector

#: The index in which every scenario keeps the documents that OpenSearch refuses.
REJECTED_DOCUMENTS = "rejected-documents"
#: The metric, in the group that the service publishes to CloudWatch: documents refused per subtask since the start.
DOCUMENTS_REJECTED = "documentsRejected"
#: The same for attempts after which documents wait: it grows while OpenSearch blocks writes.
BULK_BLOCKED = "bulkBlocked"


#: Indices that a scenario may have: a node takes a thousand shards, and each index has several.
MOST_INDICES = 50


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError
    return text.rstrip("/")


ENDPOINT: Type[str] = Type(
    values="an address with its scheme, and no path",
    example="https://host",
    parse=_endpoint,
    fix=lambda _: "write https://host",
)


def _indices(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    valid = all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", name) for name in names)
    if not valid or REJECTED_DOCUMENTS in names or len(set(names)) < len(names) or len(names) > MOST_INDICES:
        raise ValueError
    return names


INDICES: Type[tuple[str, ...]] = Type(
    values=(
        f"1 to {MOST_INDICES} names with commas between them, each once, of small letters, digits, '.', '_' or '-', "
        f"and not {REJECTED_DOCUMENTS}"
    ),
    example="trips,rides",
    parse=_indices,
    write=",".join,
)


@dataclass(frozen=True, kw_only=True)
class OpenSearchDomain:
    """A domain to write to. Requests are signed for its region, or carry a user's name and password."""

    endpoint: str
    region: str
    bulk_size_mb: int
    bulk_actions: int
    bulk_interval_millis: int
    username: str | None = None
    password: str | None = None

    def sink(self, table: str, options: Mapping[str, str]) -> Connector:
        """The sink table.

        Args:
            table: Its name.
            options: The connector's options that name the columns with the index, the id and the document.

        """
        if self.username and self.password:
            authentication = {"authentication": "basic", "username": self.username, "password": self.password}
        else:
            authentication = {"authentication": "sigv4", "region": self.region}
        return Connector(
            table=table,
            options={
                "connector": "opensearch-signed",
                "endpoint": self.endpoint,
                "rejected.index": REJECTED_DOCUMENTS,
                **authentication,
                "bulk.max-size": f"{self.bulk_size_mb} mb",
                "bulk.max-actions": str(self.bulk_actions),
                "bulk.interval": f"{self.bulk_interval_millis} ms",
                **options,
            },
        )


@dataclass(frozen=True, kw_only=True)
class OpenSearchOptions:
    """The keys under which a scenario names a domain and configures the bulk requests."""

    endpoint: Option[str]
    region: Option[str]
    bulk_size_mb: Option[int]
    bulk_actions: Option[int]
    bulk_interval_millis: Option[int]
    username: Option[str]
    password: Option[str]

    @classmethod
    def in_group(cls, group: str, *, endpoint: Option[str], region: Option[str]) -> OpenSearchOptions:
        """Declare the options of a group.

        Args:
            group: The property group.
            endpoint: The scenario's own option with the domain's address.
            region: The scenario's own option with the domain's region.

        """
        option = Group(group)
        user = text(example="me")
        return cls(
            endpoint=endpoint,
            region=region,
            bulk_size_mb=option(
                "OpenSearchBulkFlushMaxSizeMb", integer(1, 100), "largest bulk request, in megabytes", default=5
            ),
            bulk_actions=option(
                "OpenSearchBulkFlushMaxActions", integer(1, 100_000), "most documents in a bulk request", default=5000
            ),
            bulk_interval_millis=option(
                "OpenSearchBulkFlushInterval",
                integer(10, 600_000),
                "most milliseconds that a document waits for others before the bulk request is sent",
                default=1000,
            ),
            username=option(
                "OpenSearchUsername", user, "user for basic authentication; by default requests are signed (SigV4)"
            ),
            password=option("OpenSearchPassword", user, "password of this user"),
        )

    def all(self) -> tuple[Option[Any], ...]:
        """Every option, in the order of a table."""
        return (
            self.endpoint,
            self.region,
            self.bulk_size_mb,
            self.bulk_actions,
            self.bulk_interval_millis,
            self.username,
            self.password,
        )

    def find(self, groups: PropertyGroups) -> OpenSearchDomain | None:
        """The domain, or ``None`` if none is named."""
        return self.read(groups) if self.endpoint.is_set(groups) else None

    def read(self, groups: PropertyGroups) -> OpenSearchDomain:
        """The domain.

        Raises:
            SettingsError: None is named.

        """
        both(groups, self.username, self.password)
        return OpenSearchDomain(
            endpoint=self.endpoint.read(groups),
            region=read_region(self.region, groups),
            bulk_size_mb=self.bulk_size_mb.read(groups),
            bulk_actions=self.bulk_actions.read(groups),
            bulk_interval_millis=self.bulk_interval_millis.read(groups),
            username=self.username.find(groups),
            password=self.password.find(groups),
        )
