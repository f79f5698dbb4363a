"""What a `SearchDomain` and an existing domain share: connections, grants and metrics."""

from __future__ import annotations

import jsii
from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from flink_constructs import search_access, search_settings
from flink_constructs.search_settings import IndexAccess

__all__ = ["SearchDomainBase"]

HTTPS = 443


@jsii.implements(ec2.IConnectable)
class SearchDomainBase(Construct):
    """An OpenSearch domain, of this stack or an existing one."""

    domain_name: str
    domain_arn: str
    endpoint: str
    """``https://`` and the host, known at deployment."""

    _connections: ec2.Connections | None = None

    @property
    def dashboards_url(self) -> str:
        """Where Dashboards are."""
        return f"{self.endpoint}/_dashboards"

    @property
    def connections(self) -> ec2.Connections:
        """Who may connect to the domain in its VPC: ``allow_default_port_from`` opens port 443.

        Raises:
            ValueError: the domain has a public endpoint, or its security groups are unknown.

        """
        if self._connections is None:
            raise ValueError(self._without_connections())
        return self._connections

    def _without_connections(self) -> str:
        return "connections must be asked of a domain in a VPC (got a public endpoint); pass vpc"

    def _grant(self, grantee: iam.IGrantable, access: IndexAccess) -> iam.Grant:
        return search_access.grant_requests(grantee, access, domain_arn=self.domain_arn)

    def grant_write(self, grantee: iam.IGrantable, *indices: str) -> iam.Grant:
        """Allow what the sink does: to index, replace and delete documents in ``indices`` with ``POST /_bulk``.

        The indices are made with their first document, by their template. A job writes from its start on, so it comes
        after all of this: ``application.starts_after(domain)``. A new domain and the grantee have to be in one stack,
        as each names the other.

        Args:
            grantee: Who writes: a role, or what has one.
            indices: Their names, or prefixes such as ``trips-*``.

        Raises:
            InvalidArgumentError: for a grantee without a role, or names that are none.

        """
        return self._grant(grantee, search_settings.writer(indices))

    def grant_read(self, grantee: iam.IGrantable, *indices: str) -> iam.Grant:
        """Allow to search, count and get documents of ``indices``.

        A new domain and the grantee have to be in one stack, as each names the other.

        Args:
            grantee: Who reads: a role, or what has one.
            indices: Their names, or prefixes such as ``trips-*``.

        Raises:
            InvalidArgumentError: for a grantee without a role, or names that are none.

        """
        return self._grant(grantee, search_settings.reader(indices))

    def metric(self, name: str, *, statistic: str, period: Duration | None = None) -> cloudwatch.Metric:
        """A metric of the domain, in the namespace ``AWS/ES``; by default over 5 minutes."""
        return cloudwatch.Metric(
            namespace="AWS/ES",
            metric_name=name,
            dimensions_map={"DomainName": self.domain_name, "ClientId": Stack.of(self).account},
            statistic=statistic,
            period=period or Duration.minutes(5),
        )

    def metric_cluster_status_red(self) -> cloudwatch.Metric:
        """1 when an index has lost a primary shard, so that documents are missing; the largest in 5 minutes."""
        return self.metric("ClusterStatus.red", statistic="Maximum")

    def metric_cluster_status_yellow(self) -> cloudwatch.Metric:
        """1 when a replica has no node, so that the loss of one more loses documents; the largest in 5 minutes."""
        return self.metric("ClusterStatus.yellow", statistic="Maximum")

    def metric_index_writes_blocked(self) -> cloudwatch.Metric:
        """1 when the domain refuses writes, for want of disk or memory; the largest in 5 minutes."""
        return self.metric("ClusterIndexWritesBlocked", statistic="Maximum")

    def metric_free_storage_mib(self) -> cloudwatch.Metric:
        """Free disk of the fullest data node, in MiB; the smallest in 5 minutes."""
        return self.metric("FreeStorageSpace", statistic="Minimum")

    def metric_cpu_percent(self) -> cloudwatch.Metric:
        """CPU use of the busiest data node, in per cent; the largest in 5 minutes."""
        return self.metric("CPUUtilization", statistic="Maximum")

    def metric_jvm_memory_pressure_percent(self) -> cloudwatch.Metric:
        """Heap use of the fullest data node, in per cent; the largest in 5 minutes."""
        return self.metric("JVMMemoryPressure", statistic="Maximum")

    def metric_indexing_rate(self) -> cloudwatch.Metric:
        """Documents indexed per minute, on one data node; the mean of 5 minutes."""
        return self.metric("IndexingRate", statistic="Average")

    def metric_indexing_latency_millis(self) -> cloudwatch.Metric:
        """Milliseconds that it takes to index a document on one shard; the mean of 5 minutes."""
        return self.metric("IndexingLatency", statistic="Average")

    def metric_errors_4xx(self) -> cloudwatch.Metric:
        """Requests refused, as forbidden, unknown, or too many; their number in 5 minutes."""
        return self.metric("4xx", statistic="Sum")

    def metric_errors_5xx(self) -> cloudwatch.Metric:
        """Requests that the domain failed to answer; their number in 5 minutes."""
        return self.metric("5xx", statistic="Sum")
