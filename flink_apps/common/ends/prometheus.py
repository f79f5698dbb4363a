"""Workspaces of Amazon Managed Service for Prometheus, and Prometheus itself: see flink_apps/connectors/prometheus."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flink_apps.common.aws import REGION_PATTERN, read_region
from flink_apps.common.options import Option, Type, integer
from flink_apps.common.properties import PropertyGroups
from flink_apps.common.tables import Connector

#: The sink's connector; its vertex in the job graph has the same name.
CONNECTOR = "prometheus-remote-write"
#: The paths of remote write, of the managed service and of Prometheus itself.
WRITE_PATHS = ("/api/v1/remote_write", "/api/v1/write")
_EXAMPLE = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-0/api/v1/remote_write"


def _write_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+/[^\s?#]*", text) or not text.endswith(WRITE_PATHS):
        raise ValueError
    return text


WRITE_URL: Type[str] = Type(
    values=f"an address that ends with {' or '.join(WRITE_PATHS)}",
    example=_EXAMPLE,
    parse=_write_url,
    fix=lambda _: "write https://aps-workspaces.<region>.amazonaws.com/workspaces/<id>/api/v1/remote_write",
)
MAX_RETRIES = integer(0, 2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class PrometheusWorkspace:
    """A workspace to write samples to, and the most retries of a retryable request."""

    write_url: str
    region: str
    max_retries: int

    def sink(self, table: str, *, parallelism: int) -> Connector:
        """The sink table, with a parallelism of its own."""
        return Connector(
            table=table,
            options={
                "connector": CONNECTOR,
                "metric.endpoint-url": self.write_url,
                "region": self.region,
                "max-retry-count": str(self.max_retries),
                "sink.parallelism": str(parallelism),
            },
        )


@dataclass(frozen=True, kw_only=True)
class PrometheusOptions:
    """The keys under which a scenario names a workspace."""

    write_url: Option[str]
    region: Option[str]
    max_retries: Option[int]

    def all(self) -> tuple[Option[str] | Option[int], ...]:
        """Every option, in the order of a table."""
        return (self.region, self.write_url, self.max_retries)

    def read(self, groups: PropertyGroups) -> PrometheusWorkspace:
        """The workspace.

        Raises:
            SettingsError: None is named, or its URL is of another region.

        """
        region, url = read_region(self.region, groups), self.write_url.read(groups)
        workspace = re.search(rf"//[^/]*\baps-workspaces[a-z-]*\.({REGION_PATTERN})\.", url)
        if workspace and workspace[1] != region:
            raise self.write_url.error(f"be of {self.region.key}, {region}", url, "make the two agree")
        return PrometheusWorkspace(write_url=url, region=region, max_retries=self.max_retries.read(groups))
