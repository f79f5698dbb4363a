"""`SearchDomain`: an Amazon OpenSearch Service domain that a Flink job writes documents to, from inside the VPC."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import jsii
from aws_cdk import CfnResource, CfnUpdatePolicy, CustomResource, Duration, Fn, Names, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from constructs import Construct

from flink_constructs import acknowledgment, search_settings
from flink_constructs.network import selected_subnets
from flink_constructs.search_installer import SearchInstaller
from flink_constructs.validation import InvalidArgumentError

__all__ = ["SearchDomain"]

HTTPS = 443

#: Resource types of what is installed; a local run installs the first kind in its node, which has no security plugin.
OBJECTS_TYPE = "Custom::OpenSearchObjects"
SECURITY_TYPE = "Custom::OpenSearchSecurity"

# The service's names of a domain's logs, and what they are called here.
LOGS = {
    "ES_APPLICATION_LOGS": "ErrorLogs",
    "INDEX_SLOW_LOGS": "IndexSlowLogs",
    "SEARCH_SLOW_LOGS": "SearchSlowLogs",
    "AUDIT_LOGS": "AuditLogs",
}


@jsii.implements(ec2.IConnectable)
class SearchDomain(Construct):
    """An OpenSearch domain: private, encrypted, HTTPS with TLS 1.2, every request signed with IAM, kept on delete.

    Two gates stand before an index. IAM decides who may send which request, by the policies of this account's roles
    alone, as the domain has no access policy of its own. Fine-grained access control then decides by index: ``grant_*``
    gives a role both. The domain's master is a function of this construct, which installs index templates, roles and
    the settings of the audit log.

    The account needs the service's linked role once, for domains in VPCs:
    ``aws iam create-service-linked-role --aws-service-name opensearchservice.amazonaws.com``.

    A domain that stays keeps its security group and its logs; the VPC under it has to stay as well. Its master is gone
    then: ``aws opensearch update-domain-config`` names another one. Slow logs hold what an index's settings
    (``index.indexing.slowlog.threshold.…``, ``index.search.slowlog.threshold.…``) call slow, by default nothing.
    """

    domain: opensearch.CfnDomain
    domain_name: str
    domain_arn: str
    endpoint: str
    """``https://`` and the host, known at deployment."""

    security_group: ec2.SecurityGroup
    log_groups: Mapping[str, logs.LogGroup]
    """By the service's name of the log: ``ES_APPLICATION_LOGS``, ``INDEX_SLOW_LOGS``, …."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection | None = None,
        domain_name: str | None = None,
        engine_version: str = "OpenSearch_2.19",
        data_nodes: int = 2,
        availability_zones: int | None = None,
        instance_type: str = "r7g.medium.search",
        volume_gib: int = 100,
        dedicated_master_nodes: int = 0,
        master_instance_type: str | None = None,
        encryption_key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        """Create the domain, which may take the service half an hour.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            vpc: Where the domain is reachable.
            subnets: Private subnets, one per Availability Zone; the first ``availability_zones`` are used. Default: the
                subnets with a way out through NAT where the VPC has them, its isolated ones otherwise.
            domain_name: 3 to 28 lower-case letters, digits and hyphens. Default: a name that CloudFormation makes, so
                that the domain can be replaced.
            engine_version: As the service names it. A change upgrades the domain where it is. Default: OpenSearch 2.19.
            data_nodes: Nodes with data, a multiple of ``availability_zones``, 80 at most. Default: 2.
            availability_zones: 1, 2 or 3. Default: 2, or 1 for a single node.
            instance_type: Size of a data node. Default: ``r7g.medium.search`` (1 vCPU, 8 GiB), which every Region has.
            volume_gib: Disk of each data node, gp3, 10 to 24,576 GiB; the size of the node sets a lower limit.
                Default: 100 GiB.
            dedicated_master_nodes: 0, 3 or 5 nodes that run the cluster and hold no data. Default: none, the data nodes
                do both; the service recommends 3 for production.
            master_instance_type: Size of a dedicated master node. Default: as a data node.
            encryption_key: Key for the data at rest; it cannot be changed later. Default: the key that AWS manages,
                ``alias/aws/es``.
            log_retention: How long the logs are kept. Default: a month.
            removal_policy: What becomes of the domain, its index templates and its logs when they leave the stack.
                Default: they stay.

        Raises:
            InvalidArgumentError: for a value out of range, or subnets that the service would refuse.

        """
        master_instance_type = master_instance_type or instance_type
        search_settings.check(
            domain_name=domain_name,
            engine_version=engine_version,
            instance_type=instance_type,
            volume_gib=volume_gib,
            dedicated_master_nodes=dedicated_master_nodes,
            master_instance_type=master_instance_type,
        )
        selected = selected_subnets(vpc, subnets)
        zones = search_settings.zones_of(selected, data_nodes=data_nodes, availability_zones=availability_zones)
        used = selected.subnets[:zones]
        super().__init__(scope, construct_id)
        self._removal_policy = removal_policy
        self._granted: dict[str, iam.Grant] = {}

        self.security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description="OpenSearch domain", allow_all_outbound=False
        )
        self._connections = ec2.Connections(security_groups=[self.security_group], default_port=ec2.Port.tcp(HTTPS))
        self._installer = SearchInstaller(self, "Installer", vpc=vpc, subnets=used, log_retention=log_retention)
        self._connections.allow_default_port_from(self._installer)
        self.log_groups = {
            log: logs.LogGroup(self, name, retention=log_retention, removal_policy=removal_policy)
            for log, name in LOGS.items()
        }
        log_policy = self._let_the_service_log()

        l1 = opensearch.CfnDomain
        self.domain = l1(
            self,
            "Domain",
            domain_name=domain_name,
            engine_version=engine_version,
            cluster_config=l1.ClusterConfigProperty(
                instance_type=instance_type,
                instance_count=data_nodes,
                zone_awareness_enabled=zones > 1,
                zone_awareness_config=l1.ZoneAwarenessConfigProperty(availability_zone_count=zones)
                if zones > 1
                else None,
                dedicated_master_enabled=dedicated_master_nodes > 0,
                dedicated_master_count=dedicated_master_nodes or None,
                dedicated_master_type=master_instance_type if dedicated_master_nodes else None,
            ),
            ebs_options=l1.EBSOptionsProperty(ebs_enabled=True, volume_type="gp3", volume_size=volume_gib),
            vpc_options=l1.VPCOptionsProperty(
                subnet_ids=[subnet.subnet_id for subnet in used],
                security_group_ids=[self.security_group.security_group_id],
            ),
            encryption_at_rest_options=l1.EncryptionAtRestOptionsProperty(
                enabled=True, kms_key_id=encryption_key.key_id if encryption_key else None
            ),
            node_to_node_encryption_options=l1.NodeToNodeEncryptionOptionsProperty(enabled=True),
            domain_endpoint_options=l1.DomainEndpointOptionsProperty(
                enforce_https=True, tls_security_policy="Policy-Min-TLS-1-2-PFS-2023-10"
            ),
            advanced_security_options=l1.AdvancedSecurityOptionsInputProperty(
                enabled=True,
                internal_user_database_enabled=False,
                master_user_options=l1.MasterUserOptionsProperty(master_user_arn=self._installer.role.role_arn),
            ),
            log_publishing_options={
                log: l1.LogPublishingOptionProperty(enabled=True, cloud_watch_logs_log_group_arn=group.log_group_arn)
                for log, group in self.log_groups.items()
            },
        )
        # Without it a new version would mean a new domain, without the documents.
        self.domain.cfn_options.update_policy = CfnUpdatePolicy(enable_version_upgrade=True)
        # The service tries the log groups out while it creates the domain.
        self.domain.node.add_dependency(log_policy)
        self.domain_name = self.domain.ref
        self.domain_arn = self.domain.attr_arn
        self.endpoint = f"https://{self.domain.attr_domain_endpoint}"
        # A domain that stays needs these: neither its network nor its way to the logs can go under it.
        for resource in (self.domain, self.security_group.node.default_child, log_policy.node.default_child):
            assert isinstance(resource, CfnResource)  # noqa: S101 - for the type checker
            resource.apply_removal_policy(removal_policy)
        self._acknowledge(zones=zones, dedicated_master_nodes=dedicated_master_nodes)

        self._installer.connect(endpoint=self.endpoint, domain_arn=self.domain_arn, needed=[self.security_group])
        self._installer.install(
            "AuditLog",
            search_settings.audit_objects(),
            resource_type=SECURITY_TYPE,
            removal_policy=RemovalPolicy.RETAIN,  # a setting, which no deletion could take back
        )

    @property
    def connections(self) -> ec2.Connections:
        """Who may connect to the domain: ``allow_default_port_from`` opens port 443."""
        return self._connections

    def add_index_template(self, name: str, body: Mapping[str, Any]) -> CustomResource:
        """Install a composable index template, for the indices that are made from then on.

        Args:
            name: 1 to 100 lower-case letters, digits, ``.``, ``_`` and ``-``.
            body: As for ``PUT _index_template/<name>``: ``index_patterns``, ``template``, ``priority``, ….

        Returns:
            The resource, for ``node.add_dependency``: what makes such an index has to come after it.

        Raises:
            InvalidArgumentError: for a name or body that OpenSearch would refuse, or a template that is there already.

        """
        search_settings.check_name("name", name)
        if self._installer.node.try_find_child(f"Template-{name}"):
            raise InvalidArgumentError("name", "be new in its domain", name, "keep what add_index_template returned")
        if not body.get("index_patterns"):
            raise InvalidArgumentError("body", "have index_patterns", dict(body), "name the indices it is for")
        return self.add_objects(
            f"Template-{name}", [{"method": "PUT", "path": f"/_index_template/{name}", "body": dict(body)}]
        )

    def add_objects(self, construct_id: str, objects: Sequence[Mapping[str, Any]]) -> CustomResource:
        """Install whatever OpenSearch makes with a request.

        Args:
            construct_id: The id, unique in this domain.
            objects: In their order, each with ``method`` (what a ``PUT`` makes is deleted again when it leaves the
                list, or the stack with ``RemovalPolicy.DESTROY``), ``path`` and ``body``, any JSON.

        Returns:
            The resource, for ``node.add_dependency``.

        """
        return self._installer.install(
            construct_id, objects, resource_type=OBJECTS_TYPE, removal_policy=self._removal_policy
        )

    def grant_write(self, grantee: iam.IGrantable, *indices: str) -> iam.Grant:
        """Allow what the sink does: to index, replace and delete documents in ``indices`` with ``POST /_bulk``.

        The indices are made with their first document, by their template. A job writes from its start on, so it comes
        after all of this: ``application.starts_after(domain)``. The grantee is in the domain's stack, as each names the
        other.

        Args:
            grantee: Who writes: a role, or what has one.
            indices: Their names, or beginnings such as ``trips-*``.

        Raises:
            InvalidArgumentError: for a grantee without a role, or names that are none.

        """
        return self._grant(
            "writer",
            grantee,
            indices,
            # The names are in the body, out of IAM's sight; fine-grained access control checks them.
            requests={"es:ESHttpPost": ["_bulk"]},
            cluster_actions=search_settings.WRITER_CLUSTER_ACTIONS,
            index_actions=search_settings.WRITER_INDEX_ACTIONS,
        )

    def grant_read(self, grantee: iam.IGrantable, *indices: str) -> iam.Grant:
        """Allow to search, count and get documents of ``indices``; the grantee is in the domain's stack.

        Args:
            grantee: Who reads: a role, or what has one.
            indices: Their names, or beginnings such as ``trips-*``.

        Raises:
            InvalidArgumentError: for a grantee without a role, or names that are none.

        """
        search_settings.check_indices(indices)
        searches = [f"{index}/{api}" for index in indices for api in ("_count", "_search")]
        return self._grant(
            "reader",
            grantee,
            indices,
            requests={
                "es:ESHttpGet": [*searches, *(f"{index}/_doc/*" for index in indices)],
                "es:ESHttpPost": searches,
            },
            cluster_actions=(),
            index_actions=search_settings.READER_INDEX_ACTIONS,
        )

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

    def _grant(
        self,
        kind: str,
        grantee: iam.IGrantable,
        indices: tuple[str, ...],
        *,
        requests: Mapping[str, Sequence[str]],
        cluster_actions: Sequence[str],
        index_actions: Sequence[str],
    ) -> iam.Grant:
        search_settings.check_indices(indices)
        role: Any = grantee.grant_principal
        role_arn = getattr(role, "role_arn", None)
        if role_arn is None:
            raise InvalidArgumentError(
                "grantee", "be a role, or have one", type(role).__name__, "the domain knows its users by their role"
            )
        # Other indices, another name: the new role is there before the old one goes.
        digest = hashlib.sha256(",".join(sorted(set(indices))).encode()).hexdigest()[:8]
        name = f"{Names.unique_resource_name(role, max_length=80, separator='-')}-{kind}-{digest}"
        if name in self._granted:
            return self._granted[name]
        grants = []
        for action, paths in requests.items():
            arns = [f"{self.domain_arn}/{path}" for path in paths]
            grants.append(iam.Grant.add_to_principal(grantee=grantee, actions=[action], resource_arns=arns))
            for path, arn in zip(paths, arns, strict=True):
                if "*" in path:
                    reason = "The names of the indices and the ids of their documents come with the data."
                    acknowledgment.wildcard_resource(grantee, arn, reason)
        self._installer.install(
            f"Role-{name}",
            search_settings.role_objects(
                name,
                role_arn=role_arn,
                cluster_actions=cluster_actions,
                index_actions=index_actions,
                indices=indices,
            ),
            resource_type=SECURITY_TYPE,
            # A later role of the same name must not inherit what this one may do.
            removal_policy=RemovalPolicy.DESTROY,
        )
        grant, *others = grants
        for other in others:
            grant = grant.combine(other)
        self._granted[name] = grant
        return grant

    def _let_the_service_log(self) -> logs.ResourcePolicy:
        """Allow the service to write to the log groups: in one policy, as an account may have 10 per Region."""
        stack = Stack.of(self)
        return logs.ResourcePolicy(
            self,
            "LogPolicy",
            # A policy that stays must not be in the way of the next stack of the same name.
            resource_policy_name=Fn.join(
                "-",
                [
                    Names.unique_resource_name(self, max_length=80, separator="-"),
                    Fn.select(2, Fn.split("/", stack.stack_id)),
                ],
            ),
            policy_statements=[
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("es.amazonaws.com")],
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[group.log_group_arn for group in self.log_groups.values()],
                    # By account and Region, not by domain: the domain names the groups, so this cannot name it.
                    conditions={
                        "StringEquals": {"aws:SourceAccount": stack.account},
                        "ArnLike": {
                            "aws:SourceArn": stack.format_arn(service="es", resource="domain", resource_name="*")
                        },
                    },
                )
            ],
        )

    def _acknowledge(self, *, zones: int, dedicated_master_nodes: int) -> None:
        findings = {
            "AwsSolutions-OS3": "In a VPC the service takes no addresses in an access policy: security groups decide "
            "who reaches the domain.",
            "AwsSolutions-OS5": "Without an access policy the domain takes signed requests only, from roles of this "
            "account whose own policies allow them, and fine-grained access control checks each one again.",
        }
        if zones == 1:
            findings["AwsSolutions-OS7"] = (
                "One Availability Zone was asked for, to save: the loss of it stops searches."
            )
        if not dedicated_master_nodes:
            findings["AwsSolutions-OS4"] = (
                "Few data nodes elect their master among themselves; dedicated ones are asked for by number."
            )
        acknowledgment.findings(self.domain, findings)
