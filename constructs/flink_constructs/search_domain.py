"""`SearchDomain`: an Amazon OpenSearch Service domain that a Flink job writes documents to, and people look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import CfnResource, CfnUpdatePolicy, CustomResource, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from constructs import Construct

from flink_constructs import acknowledgment, search_settings
from flink_constructs.naming import unique_name
from flink_constructs.network import selected_subnets
from flink_constructs.search_access import NetworkPolicy, SearchAccess
from flink_constructs.search_domain_base import HTTPS, SearchDomainBase
from flink_constructs.search_installer import DASHBOARDS_TYPE, OBJECTS_TYPE, SECURITY_TYPE, SearchInstaller
from flink_constructs.search_settings import IndexAccess
from flink_constructs.search_sign_in import SearchSignIn
from flink_constructs.validation import InvalidArgumentError

__all__ = ["SearchDomain"]

# The service's names of a domain's logs, and what they are called here.
LOGS = {
    "ES_APPLICATION_LOGS": "ErrorLogs",
    "INDEX_SLOW_LOGS": "IndexSlowLogs",
    "SEARCH_SLOW_LOGS": "SearchSlowLogs",
    "AUDIT_LOGS": "AuditLogs",
}


class SearchDomain(SearchDomainBase):
    """An OpenSearch domain: encrypted, HTTPS with TLS 1.2, every request signed with IAM, kept on delete.

    It is private in a VPC, or has a public endpoint where its users look at Dashboards from elsewhere.

    Two gates stand before an index. IAM decides who may send which request, by the policies of this account's roles
    alone, as the domain has no access policy that allows anything. Fine-grained access control then decides by index:
    ``grant_*`` gives a role both. The domain's master is a function of this construct, which installs index templates,
    saved objects, roles and the settings of the audit log.

    The account needs the service's linked role once, for domains in VPCs:
    ``aws iam create-service-linked-role --aws-service-name opensearchservice.amazonaws.com``.

    A domain that stays keeps its security group and its logs; the VPC under it has to stay as well. Its master is gone
    then: ``aws opensearch update-domain-config`` names another one. Slow logs hold what an index's settings
    (``index.indexing.slowlog.threshold.…``, ``index.search.slowlog.threshold.…``) call slow, by default nothing.
    """

    domain: opensearch.CfnDomain
    security_group: ec2.SecurityGroup | None
    """Of the domain in its VPC; none at a public endpoint."""

    log_groups: Mapping[str, logs.LogGroup]
    """By the service's name of the log: ``ES_APPLICATION_LOGS``, ``INDEX_SLOW_LOGS``, …."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc | None = None,
        subnets: ec2.SubnetSelection | None = None,
        allowed_networks: Sequence[str] | None = None,
        sign_in: SearchSignIn | None = None,
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
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    ) -> None:
        """Create the domain, which may take the service half an hour.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            vpc: Where the domain is reachable; it cannot move later. Default: at a public endpoint.
            subnets: Private subnets, one per Availability Zone; the first ``availability_zones`` are used. Default: the
                subnets with a way out through NAT where the VPC has them, its isolated ones otherwise.
            allowed_networks: CIDR blocks of IPv4, /8 or narrower, from which a public endpoint takes requests. Roles of
                this stack that were granted something are excepted, but for those who sign in. Default: from
                everywhere, as long as they are signed.
            sign_in: How people come to Dashboards, in the domain's stack. Default: not at all.
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
        search_settings.check_network(vpc=vpc, subnets=subnets, allowed_networks=allowed_networks)
        selected = selected_subnets(vpc, subnets) if vpc else None
        zones = search_settings.zones_of(selected, data_nodes=data_nodes, availability_zones=availability_zones)
        used = selected.subnets[:zones] if selected else []
        super().__init__(scope, construct_id)
        self._removal_policy = removal_policy
        self._sign_in = sign_in

        self.security_group = None
        if vpc is not None:
            self.security_group = ec2.SecurityGroup(
                self, "SecurityGroup", vpc=vpc, description="OpenSearch domain", allow_all_outbound=False
            )
            self._connections = ec2.Connections(security_groups=[self.security_group], default_port=ec2.Port.tcp(HTTPS))
        self._installer = SearchInstaller(self, "Installer", vpc=vpc, subnets=used, log_retention=log_retention)
        if self._connections is not None:
            self._connections.allow_default_port_from(self._installer)
        network_policy = NetworkPolicy(self, allowed_networks) if allowed_networks else None
        if network_policy is not None:
            network_policy.admit(self._installer.role)
        self.log_groups = {
            log: logs.LogGroup(self, name, retention=log_retention, removal_policy=removal_policy)
            for log, name in LOGS.items()
        }
        log_policy = self._grant_logging()

        l1 = opensearch.CfnDomain
        self.domain = l1(
            self,
            "Domain",
            domain_name=domain_name,
            engine_version=engine_version,
            cluster_config=search_settings.cluster(
                instance_type=instance_type,
                data_nodes=data_nodes,
                zones=zones,
                dedicated_master_nodes=dedicated_master_nodes,
                master_instance_type=master_instance_type,
            ),
            ebs_options=l1.EBSOptionsProperty(ebs_enabled=True, volume_type="gp3", volume_size=volume_gib),
            vpc_options=l1.VPCOptionsProperty(
                subnet_ids=[subnet.subnet_id for subnet in used],
                security_group_ids=[self.security_group.security_group_id],
            )
            if self.security_group
            else None,
            access_policies=network_policy.document if network_policy else None,
            cognito_options=sign_in.cognito_options if sign_in else None,
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
        if sign_in is not None:
            self.domain.node.add_dependency(*sign_in.needed)
        self.domain_name = self.domain.ref
        self.domain_arn = self.domain.attr_arn
        self.endpoint = f"https://{self.domain.attr_domain_endpoint}"
        groups = [self.security_group] if self.security_group else []
        # A domain that stays needs these: neither its network nor its way to the logs can go under it.
        for resource in (self.domain, *(one.node.default_child for one in (*groups, log_policy))):
            assert isinstance(resource, CfnResource)  # noqa: S101 - for the type checker
            resource.apply_removal_policy(removal_policy)
        acknowledgment.findings(
            self.domain,
            search_settings.acknowledged(
                zones=zones,
                dedicated_master_nodes=dedicated_master_nodes,
                public=vpc is None,
                networks=network_policy is not None,
            ),
        )

        self._installer.connect(endpoint=self.endpoint, domain_arn=self.domain_arn, needed=groups)
        self._access = SearchAccess(self._installer, domain_arn=self.domain_arn, network_policy=network_policy)
        self._installer.install(
            "AuditLog",
            search_settings.audit_objects(),
            resource_type=SECURITY_TYPE,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,  # a setting, which no deletion could take back
        )

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

    def add_index(self, name: str) -> CustomResource:
        """Make an index, unless it is there already. It stays when it leaves the stack, as its documents do.

        Most indices come into being with their first document. One that is needed when something has gone wrong should
        be there before: a domain whose shards are used up makes no index any more.

        Args:
            name: 1 to 100 lower-case letters, digits, ``.``, ``_`` and ``-``.

        Returns:
            The resource, for ``node.add_dependency``: it has to come after the index template that it is to follow.

        Raises:
            InvalidArgumentError: for a name that OpenSearch would refuse, or an index that is there already.

        """
        search_settings.check_name("name", name)
        if self._installer.node.try_find_child(f"Index-{name}"):
            raise InvalidArgumentError("name", "be new in its domain", name, "keep what add_index returned")
        return self.add_objects(f"Index-{name}", [{"method": "PUT", "path": f"/{name}", "body": {}}])

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

    def add_saved_objects(self, construct_id: str, objects: Sequence[Mapping[str, Any]]) -> CustomResource:
        """Import saved objects of Dashboards, in the global tenant, over what is there under the same type and id.

        What the objects refer to is among them, or there already. They are deleted again when they leave the list, or
        the stack with ``RemovalPolicy.DESTROY``; a local run leaves them out.

        A domain with a sign-in may answer a signed import with the page to sign in with
        (https://github.com/opensearch-project/OpenSearch-Dashboards/issues/1723). So an import that fails is no failure
        of the stack: the attribute ``Outcome`` says what came of it, and nothing that waits for the domain waits for
        the import. Whoever signs in can import the objects by hand.

        Args:
            construct_id: The id, unique in this domain; the resource is beside the domain, with the domain's id before
                its own.
            objects: As Dashboards exports them, a line each: ``type``, ``id``, ``attributes`` and ``references``.

        Returns:
            The resource, for its ``Outcome``.

        Raises:
            InvalidArgumentError: for objects without a type, an id or attributes, or one that is there twice.

        """
        search_settings.check_saved_objects(objects)
        scope = self.node.scope
        assert isinstance(scope, Construct)  # noqa: S101 - for the type checker: a domain is in a stack
        return self._installer.install(
            f"{self.node.id}{construct_id}",
            [{"saved_objects": [dict(one) for one in objects]}],
            resource_type=DASHBOARDS_TYPE,
            removal_policy=self._removal_policy,
            scope=scope,
        )

    def grant_dashboards(self, sign_in: SearchSignIn, *indices: str) -> iam.Grant:
        """Allow those who sign in to use Dashboards: to read ``indices``, and to look at the saved objects there.

        What they save themselves goes to their own tenant. They read no other index.

        Args:
            sign_in: The domain's own.
            indices: Their names, or prefixes such as ``trips-*``.

        Raises:
            InvalidArgumentError: for a sign-in that the domain does not have, or names that are none.

        """
        if sign_in is not self._sign_in:
            got = sign_in.node.path
            raise InvalidArgumentError("sign_in", "be the domain's own", got, "pass it to the domain as sign_in, too")
        return self._access.grant_dashboards(sign_in, indices)

    @staticmethod
    def from_domain(
        scope: Construct,
        construct_id: str,
        domain: opensearch.IDomain,
        *,
        security_groups: Sequence[ec2.ISecurityGroup] = (),
    ) -> SearchDomainBase:
        """A domain that is made elsewhere, in this app or out of it, for grants, connections and metrics.

        Its grants are those of IAM. Where it has fine-grained access control, its master maps the grantee's role to a
        role over the indices, and installs index templates and saved objects: this stack may do neither.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            domain: The domain, such as ``opensearch.Domain.from_domain_attributes(…)``.
            security_groups: Those of the domain in its VPC. Default: unknown, or none; it has no connections.

        """
        return _ExistingDomain(scope, construct_id, domain, security_groups=security_groups)

    def _grant(self, grantee: iam.IGrantable, access: IndexAccess) -> iam.Grant:
        return self._access.grant(grantee, access)

    def _grant_logging(self) -> logs.ResourcePolicy:
        """Allow the service to write to the log groups: in one policy, as an account may have 10 per Region."""
        stack = Stack.of(self)
        return logs.ResourcePolicy(
            self,
            "LogPolicy",
            resource_policy_name=unique_name(self, max_length=117),
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


class _ExistingDomain(SearchDomainBase):
    """A domain that is made elsewhere."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        domain: opensearch.IDomain,
        *,
        security_groups: Sequence[ec2.ISecurityGroup],
    ) -> None:
        super().__init__(scope, construct_id)
        self.domain_name = domain.domain_name
        self.domain_arn = domain.domain_arn
        self.endpoint = f"https://{domain.domain_endpoint}"
        if security_groups:
            self._connections = ec2.Connections(security_groups=list(security_groups), default_port=ec2.Port.tcp(HTTPS))

    def _without_connections(self) -> str:
        return "connections must be asked of a domain whose security groups are known; pass security_groups"
