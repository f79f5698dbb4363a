"""What a `KafkaCluster` and an existing cluster share: topics, clients, grants and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jsii
from aws_cdk import Duration, Fn, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_msk as msk
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import custom_resources as cr
from constructs import Construct

from flink_constructs import acknowledgment, kafka_settings, validation
from flink_constructs.kafka_authentication import KafkaAuthentication, ScramSecret
from flink_constructs.validation import InvalidArgumentError

__all__ = ["KafkaClusterBase", "KafkaTopic"]


@dataclass(frozen=True)
class KafkaTopic:
    """A topic of a cluster, made by ``add_topic``."""

    name: str
    arn: str
    resource: msk.CfnTopic
    """For ``node.add_dependency``: what needs the topic when it starts has to come after it."""


@jsii.implements(ec2.IConnectable)
class KafkaClusterBase(Construct):
    """An MSK cluster, of this stack or an existing one.

    Whoever deploys a topic needs ``kafka-cluster:Connect``, ``CreateTopic``, ``DescribeTopic``,
    ``DescribeTopicDynamicConfiguration``, ``AlterTopic``, ``AlterTopicDynamicConfiguration`` and ``DeleteTopic``; the
    execution role of a bootstrapped CDK environment may do all that.
    """

    cluster_name: str
    cluster_arn: str
    authentication: KafkaAuthentication
    number_of_brokers: int
    server_properties: Mapping[str, str]

    _connections: ec2.Connections | None = None
    _scram: ScramSecret | None = None
    _bootstrap_brokers: str | None = None
    _removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE

    def __init__(self, scope: Construct, construct_id: str) -> None:
        """Create the construct; who derives from it says which cluster it is.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.

        """
        super().__init__(scope, construct_id)
        self._topics: dict[str, KafkaTopic] = {}

    @property
    def connections(self) -> ec2.Connections:
        """Who may connect to the brokers: ``allow_default_port_from`` opens the port that clients sign in at.

        Raises:
            ValueError: the security groups of an existing cluster are unknown.

        """
        if self._connections is None:
            raise ValueError(
                "connections must be asked of a cluster whose security groups are known; pass security_groups"
            )
        return self._connections

    @property
    def secret(self) -> secretsmanager.ISecret | None:
        """Where the name and the password of the clients are, as far as they have one."""
        return self._scram.secret if self._scram is not None else None

    @property
    def client_properties(self) -> dict[str, str]:
        """Settings with which a Kafka client signs in; the address, ``bootstrap_brokers``, is not among them."""
        if self._scram is not None:
            return self._scram.client_properties
        return dict(kafka_settings.CLIENT_PROPERTIES[self.authentication])

    @property
    def bootstrap_brokers(self) -> str:
        """Comma-separated ``host:port`` of brokers to connect to first; known at deployment."""
        if self._bootstrap_brokers is None:
            addresses = self._bootstrap_resource()
            self._bootstrap_brokers = addresses.get_response_field(self.authentication.brokers_field)
        return self._bootstrap_brokers

    def add_topic(self, name: str, *, partitions: int, replication_factor: int | None = None) -> KafkaTopic:
        """Create a topic in the cluster.

        Args:
            name: 1 to 249 letters, digits, ``.``, ``_`` and ``-``.
            partitions: 1 to 4,000 per broker; can grow later, never shrink.
            replication_factor: Copies of each partition, from ``min.insync.replicas`` to the number of brokers.
                Default: the cluster's ``default.replication.factor``.

        Raises:
            InvalidArgumentError: for a value out of range, or a topic that is there already.

        """
        if replication_factor is None:
            replication_factor = int(self.server_properties["default.replication.factor"])
        validation.known_at_synthesis("name", name, fix="write it out")
        kafka_settings.check_name("name", name)
        if name in {".", ".."} or name.startswith("__"):
            raise InvalidArgumentError("name", "not be '.', '..' or start with '__', Kafka's own", name, "rename it")
        if name in self._topics:
            raise InvalidArgumentError("name", "be new in its cluster", name, "keep what add_topic returned")
        # The largest brokers are recommended for up to 4,000 partitions each, replicas included
        # (https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html).
        validation.integer(
            "partitions", partitions, low=1, high=4_000 * self.number_of_brokers, fix="choose a number in this range"
        )
        validation.integer(
            "replication_factor",
            replication_factor,
            low=int(self.server_properties["min.insync.replicas"]),
            high=self.number_of_brokers,
            fix="with fewer copies than min.insync.replicas nothing could be written, and each is on its own broker",
        )
        resource = msk.CfnTopic(
            self,
            f"Topic-{name}",
            cluster_arn=self.cluster_arn,
            topic_name=name,
            partition_count=partitions,
            replication_factor=replication_factor,
        )
        resource.apply_removal_policy(self._removal_policy)
        if self._scram is not None:
            # The cluster takes one change at a time, and the secret is one.
            resource.node.add_dependency(self._scram)
        self._topics[name] = KafkaTopic(name=name, arn=self._arn("topic", name), resource=resource)
        return self._topics[name]

    def grant_write(
        self, grantee: iam.IGrantable, topic: KafkaTopic | str, *, transactional_id_prefix: str | None = None
    ) -> iam.Grant:
        """Allow to write to ``topic``, idempotently, as producers do by default since Kafka 3.

        Where clients do not sign in with IAM, this is what they sign in with, and what the cluster permits to all.

        Args:
            grantee: Who writes.
            topic: What ``add_topic`` returned, or the name of a topic that is there already.
            transactional_id_prefix: The sink's setting of that name, for exactly-once delivery; Flink adds
                ``-<subtask>-<number>`` to it. Default: none, no transactions.

        Raises:
            InvalidArgumentError: for a name or a prefix that Kafka would refuse.

        """
        topic_arn = self._topic_arn(topic)
        if transactional_id_prefix is not None:
            kafka_settings.check_name("transactional_id_prefix", transactional_id_prefix)
        if self.authentication is not KafkaAuthentication.IAM:
            return self._grant_sign_in(grantee)
        grant = self._grant(grantee, self.cluster_arn, "Connect", "WriteDataIdempotently")
        # A writer asks for the size of the largest message.
        actions = ("DescribeTopic", "DescribeTopicDynamicConfiguration", "WriteData")
        grant = grant.combine(self._grant(grantee, topic_arn, *actions))
        if transactional_id_prefix is not None:
            ids = self._arn("transactional-id", f"{transactional_id_prefix}-*")
            grant = grant.combine(self._grant(grantee, ids, "AlterTransactionalId", "DescribeTransactionalId"))
            acknowledgment.wildcard_resource(
                grantee, ids, "Flink numbers its transactions, so their ids share a prefix and no more."
            )
        return grant

    def grant_read(self, grantee: iam.IGrantable, topic: KafkaTopic | str, *, group: str) -> iam.Grant:
        """Allow to read ``topic`` and to keep the offsets of a consumer group.

        Where clients do not sign in with IAM, this is what they sign in with, and what the cluster permits to all.

        Args:
            grantee: Who reads.
            topic: What ``add_topic`` returned, or the name of a topic that is there already.
            group: The consumer group.

        Raises:
            InvalidArgumentError: for a name that Kafka would refuse.

        """
        topic_arn = self._topic_arn(topic)
        kafka_settings.check_name("group", group)
        if self.authentication is not KafkaAuthentication.IAM:
            return self._grant_sign_in(grantee)
        grant = self._grant(grantee, self.cluster_arn, "Connect")
        grant = grant.combine(self._grant(grantee, topic_arn, "DescribeTopic", "ReadData"))
        return grant.combine(self._grant(grantee, self._arn("group", group), "AlterGroup", "DescribeGroup"))

    def metric_bytes_in_per_sec(self, broker: int, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Bytes per second that clients send to broker ``broker``, counted from 1; by default over 5 minutes."""
        return self._metric("BytesInPerSec", broker, period)

    def metric_messages_in_per_sec(self, broker: int, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Records per second that clients send to broker ``broker``, counted from 1; by default over 5 minutes."""
        return self._metric("MessagesInPerSec", broker, period)

    def _metric(self, name: str, broker: int, period: Duration | None) -> cloudwatch.Metric:
        validation.integer("broker", broker, low=1, high=self.number_of_brokers, fix="brokers count from 1")
        return cloudwatch.Metric(
            namespace="AWS/Kafka",
            metric_name=name,
            dimensions_map={"Cluster Name": self.cluster_name, "Broker ID": str(broker)},
            statistic="Average",
            period=period or Duration.minutes(5),
        )

    def _topic_arn(self, topic: KafkaTopic | str) -> str:
        if isinstance(topic, KafkaTopic):
            return topic.arn
        kafka_settings.check_name("topic", topic)
        return self._arn("topic", topic)

    def _arn(self, kind: str, name: str) -> str:
        # arn:…:cluster/<name>/<uuid> → arn:…:<kind>/<name>/<uuid>/<resource>
        parts = Fn.split(":cluster/", self.cluster_arn)
        return Fn.join("", [Fn.select(0, parts), f":{kind}/", Fn.select(1, parts), f"/{name}"])

    def _grant_sign_in(self, grantee: iam.IGrantable) -> iam.Grant:
        if self._scram is not None:
            return self._scram.grant_read(grantee)
        return iam.Grant.drop(grantee, "nobody signs in to this cluster")

    @staticmethod
    def _grant(grantee: iam.IGrantable, arn: str, *actions: str) -> iam.Grant:
        return iam.Grant.add_to_principal(
            grantee=grantee, actions=[f"kafka-cluster:{action}" for action in actions], resource_arns=[arn]
        )

    def _bootstrap_resource(self) -> cr.AwsCustomResource:
        # CloudFormation has no attribute for the brokers' addresses. A role and a log group of our own keep the
        # managed policy and the log without end away that the function would otherwise come with.
        log_group = logs.LogGroup(
            self,
            "BootstrapBrokersLogs",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(self, "BootstrapBrokersRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        return cr.AwsCustomResource(
            self,
            "BootstrapBrokers",
            resource_type="Custom::KafkaBootstrapBrokers",
            install_latest_aws_sdk=False,
            log_group=log_group,
            role=role,
            on_update=cr.AwsSdkCall(
                service="Kafka",
                action="getBootstrapBrokers",
                parameters={"ClusterArn": self.cluster_arn},
                output_paths=[self.authentication.brokers_field],
                # More brokers, more addresses: a new id has them asked for again.
                physical_resource_id=cr.PhysicalResourceId.of(f"{self.cluster_name}-{self.number_of_brokers}"),
            ),
            # The call is authorized on the cluster, as in
            # https://docs.aws.amazon.com/msk/latest/developerguide/security_iam_id-based-policy-examples-access-one-cluster.html
            policy=cr.AwsCustomResourcePolicy.from_statements(
                [iam.PolicyStatement(actions=["kafka:GetBootstrapBrokers"], resources=[self.cluster_arn])],
            ),
        )
