"""What CloudWatch knows of an OpenSearch domain."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct


class DomainMetrics(Construct):
    """A construct with the metrics of the domain that is called ``domain_name``."""

    domain_name: str

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
