"""The ends of a job in its stack: the properties that name them to the job, and the permission to use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs import IDependable

from flink_apps.common.dead_letters import DeadLetterOptions
from flink_apps.common.ends.kafka import KafkaOptions
from flink_apps.common.ends.kinesis import KinesisOptions
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS, OpenSearchOptions
from flink_apps.common.ends.prometheus import PrometheusOptions
from flink_apps.common.ends.s3 import BucketOptions
from flink_apps.common.options import Option, written
from flink_apps.common.properties import PropertyGroups
from flink_constructs.application import FlinkApplication
from flink_constructs.data_stream import DataStream
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.kafka_cluster_base import KafkaTopic
from flink_constructs.metrics_workspace import MetricsWorkspace
from flink_constructs.network import EndpointService
from flink_constructs.search_domain import SearchDomain
from flink_constructs.stream_archive import StreamArchive

#: A function that returns the property group with settings of Kafka's client, which are not options of the job.
ClientGroup = Callable[[Mapping[str, str]], PropertyGroups]


@dataclass(frozen=True, kw_only=True)
class End:
    """A source, a sink, or the end for dead letters."""

    #: The properties that name it to the job.
    properties: PropertyGroups
    #: Permits the job to use it.
    grant: Callable[[FlinkApplication], object]
    #: Has to be there before the application starts.
    needed: Sequence[IDependable] = ()
    #: Lets the job connect, and stays until it has stopped.
    peer: KafkaCluster | SearchDomain | None = None
    #: Services that the job calls, which a VPC needs endpoints for.
    calls: Sequence[EndpointService] = ()
    #: The context key that chose it, for errors about its options.
    context_key: str | None = None


def in_group(group: str, *, prefix: str = "") -> ClientGroup:
    """Settings of a Kafka client as properties of ``group``, with a prefix if the group has other keys, too."""
    return lambda settings: {group: {f"{prefix}{key}": value for key, value in settings.items()}}


@dataclass(frozen=True, kw_only=True)
class StreamEnds:
    """Ends for Kinesis streams."""

    region: str

    def source(self, stream: DataStream, options: KinesisOptions) -> End:
        """A stream to read."""
        return End(
            properties=self._properties(stream, options),
            grant=stream.grant_read,
            calls=[EndpointService.KINESIS_STREAMS],
        )

    def sink(self, stream: DataStream, options: KinesisOptions, *, context_key: str | None = None) -> End:
        """A stream to write."""
        return End(
            properties=self._properties(stream, options),
            grant=stream.grant_write,
            calls=[EndpointService.KINESIS_STREAMS],
            context_key=context_key,
        )

    def _properties(self, stream: DataStream, options: KinesisOptions) -> PropertyGroups:
        name = stream.stream_arn if options.named_by_arn else stream.stream_name
        return written([(options.stream, name), *(((options.region, self.region),) if options.region else ())])


@dataclass(frozen=True, kw_only=True)
class TopicEnds:
    """Ends for topics of a cluster; ``client_group`` returns the properties with which clients sign in."""

    cluster: KafkaCluster
    client_group: ClientGroup

    def source(self, topic: KafkaTopic, options: KafkaOptions) -> End:
        """A topic to read."""
        group = str(options.group.default) if options.group else ""
        return self._end(
            topic,
            options,
            lambda job: self.cluster.grant_read(job, topic, group=group),
            [(options.group, group)] if options.group else [],
        )

    def sink(self, topic: KafkaTopic, options: KafkaOptions, *, context_key: str | None = None) -> End:
        """A topic to write, exactly once if the options have a prefix of transactional ids."""
        option = options.transactional_id_prefix
        prefix = str(option.default) if option else None
        return self._end(
            topic,
            options,
            lambda job: self.cluster.grant_write(job, topic, transactional_id_prefix=prefix),
            [(option, prefix)] if option else [],
            context_key=context_key,
        )

    def dead_letters(
        self,
        topic: KafkaTopic,
        options: DeadLetterOptions,
        transactional_id_prefix: Option[str],
        *,
        context_key: str | None = None,
    ) -> End:
        """A topic for dead letters, on the brokers of the job's other topic."""
        prefix = str(transactional_id_prefix.default)
        named = [(options.topic, topic.name)] if options.topic else []
        return End(
            properties=written([*named, (transactional_id_prefix, prefix)]),
            grant=lambda job: self.cluster.grant_write(job, topic, transactional_id_prefix=prefix),
            needed=(topic.resource,),
            peer=self.cluster,
            context_key=context_key,
        )

    def _end(
        self,
        topic: KafkaTopic,
        options: KafkaOptions,
        grant: Callable[[FlinkApplication], object],
        more: Sequence[tuple[Option[str], str | None]],
        *,
        context_key: str | None = None,
    ) -> End:
        values: list[tuple[Option[Any], Any]] = [
            (options.servers, self.cluster.bootstrap_brokers),
            (options.topic, topic.name),
            *more,
        ]
        # The way of signing in decides whether the job reads a secret.
        secret = [EndpointService.SECRETS_MANAGER] if self.cluster.secret else []
        return End(
            properties=merged(written(values), self.client_group(self.cluster.client_properties)),
            grant=grant,
            needed=(topic.resource,),
            peer=self.cluster,
            calls=secret,
            context_key=context_key,
        )


def bucket_sink(archive: StreamArchive, options: BucketOptions, *, context_key: str | None = None) -> End:
    """The folder of a bucket, with the default of the prefix's option."""
    prefix = str(options.prefix.default)
    return End(
        properties=written([(options.bucket, archive.bucket_name), (options.prefix, prefix)]),
        grant=lambda job: archive.grant_write(job, prefix=prefix),
        context_key=context_key,
    )


def prepare_domain(domain: SearchDomain, index_templates: Mapping[str, Mapping[str, Any]]) -> None:
    """Install index templates, and make the index of rejected documents.

    Made with the first document, it might come too late: a document may be rejected because no index can be made.
    """
    templates = {name: domain.add_index_template(name, body) for name, body in index_templates.items()}
    domain.add_index(REJECTED_DOCUMENTS).node.add_dependency(templates[REJECTED_DOCUMENTS])


def domain_sink(domain: SearchDomain, options: OpenSearchOptions, *, region: str, indices: Sequence[str]) -> End:
    """Indices of a domain, and the index of rejected documents."""
    return End(
        properties=written([(options.endpoint, domain.endpoint), (options.region, region)]),
        grant=lambda job: domain.grant_write(job, *indices, REJECTED_DOCUMENTS),
        peer=domain,
    )


def workspace_sink(workspace: MetricsWorkspace, options: PrometheusOptions, *, region: str) -> End:
    """A workspace for metrics."""
    return End(
        properties=written([(options.write_url, workspace.remote_write_url), (options.region, region)]),
        grant=workspace.grant_remote_write,
        calls=[EndpointService.APS_WORKSPACES],
    )


def merged(*several: PropertyGroups) -> dict[str, dict[str, str]]:
    """Merge property groups."""
    result: dict[str, dict[str, str]] = {}
    for groups in several:
        for group, properties in groups.items():
            result.setdefault(group, {}).update(properties)
    return result
