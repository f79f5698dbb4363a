"""`KafkaCluster`: an Amazon MSK cluster for clients inside the VPC, which by default sign in with IAM, over TLS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from aws_cdk import CfnResource, Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_msk as msk
from constructs import Construct

from flink_constructs import acknowledgment, kafka_settings
from flink_constructs.kafka_authentication import KafkaAuthentication, ScramSecret
from flink_constructs.kafka_cluster_base import KafkaClusterBase
from flink_constructs.naming import unique_name
from flink_constructs.network import selected_subnets

__all__ = ["EnhancedMonitoring", "KafkaCluster"]


class EnhancedMonitoring(StrEnum):
    """How finely brokers report to CloudWatch; each level holds the ones before it."""

    DEFAULT = "DEFAULT"
    """Free; holds ``BytesInPerSec`` and ``MessagesInPerSec`` of each broker, and consumer lag."""

    PER_BROKER = "PER_BROKER"
    """Paid; request rates, queues, throttling and network of each broker besides."""

    PER_TOPIC_PER_BROKER = "PER_TOPIC_PER_BROKER"
    PER_TOPIC_PER_PARTITION = "PER_TOPIC_PER_PARTITION"


class KafkaCluster(KafkaClusterBase):
    """An MSK cluster of standard brokers: encrypted, private, kept on delete; by default IAM sign-in only, over TLS.

    A cluster that stays keeps its security group and its configuration; the VPC under it has to stay as well. Give it
    a stack of its own, or destroy both.
    """

    cluster: msk.CfnCluster
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
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    ) -> None:
        """Create the cluster, which may take the service half an hour.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            vpc: Where the brokers are reachable.
            subnets: One private subnet in each of 2 or 3 Availability Zones. Default: the subnets with a way out
                through NAT where the VPC has them, its isolated ones otherwise.
            cluster_name: 1 to 64 letters, digits and hyphens. Default: made from the construct's path and the stack's
                id, since a cluster that stays would be in the way of another one of its name.
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
        self.cluster_name = cluster_name or unique_name(self, max_length=64)
        self._removal_policy = removal_policy

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
            name=unique_name(self, max_length=64),
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

    @staticmethod
    def from_cluster_attributes(
        scope: Construct,
        construct_id: str,
        *,
        cluster_arn: str,
        number_of_brokers: int,
        authentication: KafkaAuthentication = KafkaAuthentication.IAM,
        server_properties: Mapping[str, str | int | bool] | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] = (),
        bootstrap_brokers: str | None = None,
    ) -> KafkaClusterBase:
        """An existing cluster of provisioned brokers: for topics, which stay on delete, for grants and for metrics.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            cluster_arn: Of a cluster in the stack's account and Region; with Kafka 3.6 or later, to add topics.
            number_of_brokers: How many it has, 1 to 60.
            authentication: How clients sign in; not ``SCRAM``, whose secret is the existing cluster's own. Default:
                with IAM, over TLS.
            server_properties: Broker settings that topics are checked against, ``default.replication.factor`` and
                ``min.insync.replicas``. Default: as a new ``KafkaCluster`` of so many brokers has them.
            security_groups: Those of the brokers. Default: unknown, it has no connections.
            bootstrap_brokers: Comma-separated ``host:port`` of brokers to connect to first. Default: a function asks
                MSK for them at deployment.

        Raises:
            InvalidArgumentError: for what is no ARN of a cluster, or a value out of range.

        """
        kafka_settings.check_existing(
            cluster_arn=cluster_arn, number_of_brokers=number_of_brokers, authentication=authentication
        )
        return _ExistingCluster(
            scope,
            construct_id,
            cluster_arn=cluster_arn,
            number_of_brokers=number_of_brokers,
            authentication=authentication,
            server_properties=kafka_settings.server_properties(number_of_brokers, server_properties or {}),
            security_groups=security_groups,
            bootstrap_brokers=bootstrap_brokers,
        )


class _ExistingCluster(KafkaClusterBase):
    """A cluster that is not of this stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster_arn: str,
        number_of_brokers: int,
        authentication: KafkaAuthentication,
        server_properties: Mapping[str, str],
        security_groups: Sequence[ec2.ISecurityGroup],
        bootstrap_brokers: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.cluster_arn = cluster_arn
        self.cluster_name = Fn.select(1, Fn.split("/", cluster_arn))
        self.number_of_brokers = number_of_brokers
        self.authentication = authentication
        self.server_properties = server_properties
        self._bootstrap_brokers = bootstrap_brokers
        if security_groups:
            port = ec2.Port.tcp(authentication.port)
            self._connections = ec2.Connections(security_groups=list(security_groups), default_port=port)
