"""`KafkaCluster`: an Amazon MSK cluster for clients inside the VPC, which by default sign in with IAM, over TLS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import jsii
from aws_cdk import CfnResource, Duration, Fn, Names, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_msk as msk
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import custom_resources as cr
from constructs import Construct

from flink_constructs import acknowledgment, kafka_settings, validation
from flink_constructs.kafka_authentication import KafkaAuthentication, ScramSecret
from flink_constructs.network import selected_subnets
from flink_constructs.validation import InvalidArgumentError

__all__ = ["EnhancedMonitoring", "KafkaCluster", "KafkaTopic"]


class EnhancedMonitoring(StrEnum):
    """How finely brokers report to CloudWatch; each level holds the ones before it."""

    DEFAULT = "DEFAULT"
    """Free; holds ``BytesInPerSec`` and ``MessagesInPerSec`` of each broker, and consumer lag."""

    PER_BROKER = "PER_BROKER"
    """Paid; request rates, queues, throttling and network of each broker besides."""

    PER_TOPIC_PER_BROKER = "PER_TOPIC_PER_BROKER"
    PER_TOPIC_PER_PARTITION = "PER_TOPIC_PER_PARTITION"


@dataclass(frozen=True)
class KafkaTopic:
    """A topic of a cluster, made by ``KafkaCluster.add_topic``."""

    name: str
    arn: str
    resource: msk.CfnTopic
    """For ``node.add_dependency``: what needs the topic when it starts has to come after it."""


@jsii.implements(ec2.IConnectable)
class KafkaCluster(Construct):
    """An MSK cluster of standard brokers: encrypted, private, kept on delete; by default IAM sign-in only, over TLS.

    A cluster that stays keeps its security group and its configuration; the VPC under it has to stay as well. Give it
    a stack of its own, or destroy both.

    Whoever deploys a topic needs ``kafka-cluster:Connect``, ``CreateTopic``, ``DescribeTopic``,
    ``DescribeTopicDynamicConfiguration``, ``AlterTopic``, ``AlterTopicDynamicConfiguration`` and ``DeleteTopic``; the
    execution role of a bootstrapped CDK environment may do all that.
    """

    cluster: msk.CfnCluster
    cluster_name: str
    cluster_arn: str
    authentication: KafkaAuthentication
    number_of_brokers: int
    server_properties: Mapping[str, str]
    security_group: ec2.SecurityGroup
    log_group: logs.LogGroup

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection | None = None,
        cluster_name: str | None = None,
        kafka_version: str = "3.9.x.kraft",
        number_of_brokers: int | None = None,
        instance_type: str = "kafka.m7g.large",
        ebs_volume_size_gib: int = 100,
        server_properties: Mapping[str, str | int | bool] | None = None,
        authentication: KafkaAuthentication = KafkaAuthentication.IAM,
        encryption_key: kms.IKey | None = None,
        enhanced_monitoring: EnhancedMonitoring = EnhancedMonitoring.DEFAULT,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        """Create the cluster, which may take the service half an hour.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            vpc: Where the brokers are reachable.
            subnets: One private subnet in each of 2 or 3 Availability Zones. Default: the subnets with a way out
                through NAT where the VPC has them, its isolated ones otherwise.
            cluster_name: 1 to 64 letters, digits and hyphens. Default: made from the construct's path.
            kafka_version: As MSK names it, 3.6 or later, from where topics can be resources. Default: 3.9 in KRaft
                mode; without ``.kraft`` it runs with ZooKeeper.
            number_of_brokers: A multiple of the number of subnets, 60 at most. Default: one per subnet.
            instance_type: Size of a standard broker. Default: ``kafka.m7g.large``, the smallest for production.
            ebs_volume_size_gib: Disk of each broker, 1 to 16,384 GiB; it can grow, never shrink. Default: 100 GiB.
            server_properties: Broker settings as in ``server.properties``, over these defaults:
                ``auto.create.topics.enable=false`` (a misspelt name is an error),
                ``default.replication.factor``, ``offsets.topic.replication.factor`` and
                ``transaction.state.log.replication.factor`` = 3, or the number of brokers when there are fewer,
                ``min.insync.replicas`` and ``transaction.state.log.min.isr`` = one less than that, so that
                acknowledged records are on two disks of three and writes go on while a broker restarts,
                ``num.partitions`` = the number of brokers,
                ``unclean.leader.election.enable=false`` (MSK's own default, true, may lose acknowledged records).
            authentication: How clients sign in. Default: with IAM, over TLS.
            encryption_key: Key for the data at rest. Default: the key that AWS manages, ``alias/aws/kafka``.
            enhanced_monitoring: How finely brokers report. Default: the free level, which has what the dashboards
                plot; the metrics of ``PER_BROKER`` cost for each broker.
            log_retention: How long the brokers' logs are kept. Default: a month.
            removal_policy: What becomes of the cluster, its topics and its logs when they leave the stack. Default:
                they stay.

        Raises:
            InvalidArgumentError: for a value out of range, or subnets that MSK would refuse.

        """
        selected = selected_subnets(vpc, subnets)
        kafka_settings.check_subnets(selected)
        zones = len(selected.subnet_ids)
        brokers = zones if number_of_brokers is None else number_of_brokers
        kafka_settings.check(
            cluster_name=cluster_name,
            kafka_version=kafka_version,
            number_of_brokers=brokers,
            zones=zones,
            instance_type=instance_type,
            ebs_volume_size_gib=ebs_volume_size_gib,
        )
        properties = kafka_settings.server_properties(brokers, server_properties or {})
        super().__init__(scope, construct_id)
        self.authentication = authentication
        self.number_of_brokers = brokers
        self.server_properties = properties
        self.cluster_name = cluster_name or Names.unique_resource_name(self, max_length=64, separator="-")
        self._removal_policy = removal_policy
        self._topics: dict[str, KafkaTopic] = {}
        self._bootstrap: cr.AwsCustomResource | None = None

        self.security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description="Kafka brokers", allow_all_outbound=False
        )
        self._connections = ec2.Connections(
            security_groups=[self.security_group], default_port=ec2.Port.tcp(authentication.port)
        )
        self.log_group = logs.LogGroup(self, "BrokerLogs", retention=log_retention, removal_policy=removal_policy)
        configuration = msk.CfnConfiguration(
            self,
            "Configuration",
            name=Names.unique_resource_name(self, max_length=64, separator="-"),
            server_properties="\n".join(f"{key}={value}" for key, value in sorted(properties.items())),
        )
        self.cluster = msk.CfnCluster(
            self,
            "Cluster",
            cluster_name=self.cluster_name,
            kafka_version=kafka_version,
            number_of_broker_nodes=brokers,
            broker_node_group_info=msk.CfnCluster.BrokerNodeGroupInfoProperty(
                client_subnets=selected.subnet_ids,
                instance_type=instance_type,
                security_groups=[self.security_group.security_group_id],
                storage_info=msk.CfnCluster.StorageInfoProperty(
                    ebs_storage_info=msk.CfnCluster.EBSStorageInfoProperty(volume_size=ebs_volume_size_gib),
                ),
            ),
            client_authentication=authentication.client_authentication(),
            configuration_info=msk.CfnCluster.ConfigurationInfoProperty(
                arn=configuration.attr_arn, revision=configuration.attr_latest_revision_revision
            ),
            encryption_info=msk.CfnCluster.EncryptionInfoProperty(
                # Without a key MSK uses, and makes where it is missing, alias/aws/kafka.
                encryption_at_rest=msk.CfnCluster.EncryptionAtRestProperty(
                    data_volume_kms_key_id=encryption_key.key_arn
                )
                if encryption_key
                else None,
                encryption_in_transit=msk.CfnCluster.EncryptionInTransitProperty(
                    client_broker=authentication.encryption, in_cluster=True
                ),
            ),
            enhanced_monitoring=enhanced_monitoring.value,
            logging_info=msk.CfnCluster.LoggingInfoProperty(
                broker_logs=msk.CfnCluster.BrokerLogsProperty(
                    cloud_watch_logs=msk.CfnCluster.CloudWatchLogsProperty(
                        enabled=True, log_group=self.log_group.log_group_name
                    ),
                ),
            ),
        )
        self.cluster_arn = self.cluster.attr_arn
        # A cluster that stays needs these two: neither can be deleted under it.
        for resource in (self.cluster, configuration, self.security_group.node.default_child):
            assert isinstance(resource, CfnResource)  # noqa: S101 - for the type checker
            resource.apply_removal_policy(removal_policy)
        self._scram = (
            ScramSecret(self, "Scram", cluster_arn=self.cluster_arn, username="flink", removal_policy=removal_policy)
            if authentication is KafkaAuthentication.SCRAM
            else None
        )
        if authentication is KafkaAuthentication.UNAUTHENTICATED:
            reason = "Asked for by its name; only the security groups that are let in can read along."
            acknowledgment.findings(self.cluster, {"AwsSolutions-MSK2": reason})

    @property
    def connections(self) -> ec2.Connections:
        """Who may connect to the brokers: ``allow_default_port_from`` opens the port that clients sign in at."""
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
        if self._bootstrap is None:
            self._bootstrap = self._ask_for_brokers()
        return self._bootstrap.get_response_field(self.authentication.brokers_field)

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
        validation.whole_number(
            "partitions", partitions, low=1, high=4_000 * self.number_of_brokers, fix="choose a number in this range"
        )
        validation.whole_number(
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
        self._topics[name] = KafkaTopic(name=name, arn=self._arn("topic", name), resource=resource)
        return self._topics[name]

    def grant_write(
        self, grantee: iam.IGrantable, topic: KafkaTopic, *, transactional_id_prefix: str | None = None
    ) -> iam.Grant:
        """Allow to write to ``topic``, idempotently, as producers do by default since Kafka 3.

        Where clients do not sign in with IAM, this is what they sign in with, and what the cluster permits to all.

        Args:
            grantee: Who writes.
            topic: What ``add_topic`` returned.
            transactional_id_prefix: The sink's setting of that name, for exactly-once delivery; Flink adds
                ``-<subtask>-<number>`` to it. Default: none, no transactions.

        """
        if transactional_id_prefix is not None:
            kafka_settings.check_name("transactional_id_prefix", transactional_id_prefix)
        if self.authentication is not KafkaAuthentication.IAM:
            return self._grant_sign_in(grantee)
        grant = self._grant(grantee, self.cluster_arn, "Connect", "WriteDataIdempotently")
        grant = grant.combine(self._grant(grantee, topic.arn, "DescribeTopic", "WriteData"))
        if transactional_id_prefix is not None:
            ids = self._arn("transactional-id", f"{transactional_id_prefix}-*")
            grant = grant.combine(self._grant(grantee, ids, "AlterTransactionalId", "DescribeTransactionalId"))
            acknowledgment.wildcard_resource(
                grantee, ids, "Flink numbers its transactions, so their ids share a prefix and no more."
            )
        return grant

    def grant_read(self, grantee: iam.IGrantable, topic: KafkaTopic, *, group: str) -> iam.Grant:
        """Allow to read ``topic`` and to keep the offsets of the consumer group ``group``; see ``grant_write``."""
        kafka_settings.check_name("group", group)
        if self.authentication is not KafkaAuthentication.IAM:
            return self._grant_sign_in(grantee)
        grant = self._grant(grantee, self.cluster_arn, "Connect")
        grant = grant.combine(self._grant(grantee, topic.arn, "DescribeTopic", "ReadData"))
        return grant.combine(self._grant(grantee, self._arn("group", group), "AlterGroup", "DescribeGroup"))

    def metric_bytes_in_per_sec(self, broker: int, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Bytes per second that clients send to broker ``broker``, counted from 1; by default over 5 minutes."""
        return self._metric("BytesInPerSec", broker, period)

    def metric_messages_in_per_sec(self, broker: int, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Records per second that clients send to broker ``broker``, counted from 1; by default over 5 minutes."""
        return self._metric("MessagesInPerSec", broker, period)

    def _metric(self, name: str, broker: int, period: Duration | None) -> cloudwatch.Metric:
        validation.whole_number("broker", broker, low=1, high=self.number_of_brokers, fix="brokers count from 1")
        return cloudwatch.Metric(
            namespace="AWS/Kafka",
            metric_name=name,
            dimensions_map={"Cluster Name": self.cluster_name, "Broker ID": str(broker)},
            statistic="Average",
            period=period or Duration.minutes(5),
        )

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

    def _ask_for_brokers(self) -> cr.AwsCustomResource:
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
