"""`Network`: the VPC of a job that must not reach, nor be reached from, the internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from enum import Enum

from aws_cdk import Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from flink_constructs import validation
from flink_constructs.validation import InvalidArgumentError

__all__ = ["EndpointService", "Network", "NetworkBase"]

#: Zones that brokers and domains may be in.
MAX_ZONES = 3


class EndpointService(Enum):
    """AWS services that a job may call from its subnets; S3 is not among them, its gateway is always there."""

    APS_WORKSPACES = "PROMETHEUS_WORKSPACES"
    """Amazon Managed Service for Prometheus: remote write and queries."""

    CLOUDWATCH_LOGS = "CLOUDWATCH_LOGS"
    CLOUDWATCH_MONITORING = "CLOUDWATCH_MONITORING"
    FIREHOSE = "KINESIS_FIREHOSE"
    KINESIS_STREAMS = "KINESIS_STREAMS"
    KMS = "KMS"
    SECRETS_MANAGER = "SECRETS_MANAGER"
    STS = "STS"

    @property
    def service(self) -> ec2.InterfaceVpcEndpointAwsService:
        """The endpoint service as the CDK names it, right in every Region and partition."""
        service = getattr(ec2.InterfaceVpcEndpointAwsService, self.value)
        assert isinstance(service, ec2.InterfaceVpcEndpointAwsService)  # noqa: S101 - the names above are tested
        return service


class NetworkBase(Construct):
    """Where applications, brokers and domains are: a VPC, of this stack or an existing one."""

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    """The private subnets to use, one per Availability Zone."""


class Network(NetworkBase):
    """A VPC with private subnets, flow logs, and ways to AWS services that do not leave Amazon's network.

    Without NAT gateways it has no internet gateway, and no route to the internet at all.
    """

    vpc: ec2.Vpc
    endpoint_security_group: ec2.SecurityGroup
    flow_log_group: logs.LogGroup

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cidr: str = "10.0.0.0/16",
        availability_zones: int | Sequence[str] = 2,
        nat_gateways: int = 0,
        endpoints: Sequence[EndpointService] = (),
        flow_log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        flow_log_removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    ) -> None:
        """Create the VPC.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            cidr: Addresses of the VPC, IPv4, /16 to /24, shared out evenly to the subnets. Default: 10.0.0.0/16.
            availability_zones: How many Availability Zones to spread over, 2 or 3: the first ones that the Region
                offers the account, chosen at deployment. Or the names of 2 or 3 zones, such as ``eu-west-1a``. Default:
                2, which every Region has.
            nat_gateways: Gateways for connections out to the internet, 0 to the number of zones, paid by the hour
                each. Default: none; the subnets are isolated. With one or more, they get a route out, and public
                subnets hold the gateways, nothing else.
            endpoints: Services to reach without the internet, by an interface endpoint with private DNS, paid by the
                hour and zone each. Default: none but the S3 gateway, which is free and always there. Add more
                later with ``add_endpoint``.
            flow_log_retention: How long the records of accepted and refused connections are kept. Default: a month.
            flow_log_removal_policy: What becomes of these records when the network leaves the stack. Default: they
                stay.

        Raises:
            InvalidArgumentError: for a value out of range.

        """
        if isinstance(availability_zones, tuple):
            availability_zones = list(availability_zones)  # of sequences, the CDK takes lists alone
        _check_zones(availability_zones)
        zones = availability_zones if isinstance(availability_zones, int) else len(availability_zones)
        _check(cidr=cidr, nat_gateways=nat_gateways, zones=zones)
        super().__init__(scope, construct_id)
        private = ec2.SubnetType.PRIVATE_WITH_EGRESS if nat_gateways else ec2.SubnetType.PRIVATE_ISOLATED
        self.subnets = ec2.SubnetSelection(subnet_type=private)
        kinds = [ec2.SubnetConfiguration(name="Private", subnet_type=private)]
        if nat_gateways:
            kinds.append(
                ec2.SubnetConfiguration(
                    name="Public",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    cidr_mask=28,  # room for the gateways, and no invitation for anything else
                    map_public_ip_on_launch=False,
                ),
            )
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(cidr),
            # Named by intrinsic functions, not by number: an environment-agnostic stack would get 2 zones whatever the
            # number, and a concrete one made-up names until the CLI has looked them up.
            availability_zones=[Fn.select(zone, Fn.get_azs()) for zone in range(availability_zones)]
            if isinstance(availability_zones, int)
            else list(availability_zones),
            nat_gateways=nat_gateways,
            subnet_configuration=kinds,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            # Nothing here uses the default group, and it admits its own members only: not worth a Lambda function.
            restrict_default_security_group=False,
        )
        self.flow_log_group = logs.LogGroup(
            self, "FlowLogs", retention=flow_log_retention, removal_policy=flow_log_removal_policy
        )
        self.vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(self.flow_log_group),
            traffic_type=ec2.FlowLogTrafficType.ALL,
        )
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3, subnets=[self.subnets])
        self.endpoint_security_group = ec2.SecurityGroup(
            self,
            "EndpointSecurityGroup",
            vpc=self.vpc,
            description="Interface endpoints: HTTPS from inside the VPC",
            allow_all_outbound=False,
        )
        self.endpoint_security_group.add_ingress_rule(ec2.Peer.ipv4(cidr), ec2.Port.tcp(443), "HTTPS from the VPC")
        self._endpoints: dict[EndpointService, ec2.InterfaceVpcEndpoint] = {}
        for service in endpoints:
            self.add_endpoint(service)

    @staticmethod
    def from_vpc(
        scope: Construct, construct_id: str, vpc: ec2.IVpc, *, subnets: ec2.SubnetSelection | None = None
    ) -> NetworkBase:
        """A VPC that is made elsewhere, in this app or out of it.

        What is in it reaches AWS services, S3 among them, in the VPC's own way: through NAT, or by its endpoints.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            vpc: The VPC, such as ``ec2.Vpc.from_lookup(…)``.
            subnets: The private subnets to use, one per Availability Zone. Default: one in each of up to 3 zones, with
                a way out through NAT where the VPC has such subnets, an isolated one otherwise.

        Raises:
            InvalidArgumentError: for public subnets, and where there is none.

        """
        return _ExistingNetwork(scope, construct_id, vpc, subnets=_private_subnets(vpc, subnets))

    def add_endpoint(self, service: EndpointService) -> ec2.InterfaceVpcEndpoint:
        """Make ``service`` reachable from the VPC under its usual name; the same endpoint when called again."""
        if service not in self._endpoints:
            self._endpoints[service] = ec2.InterfaceVpcEndpoint(
                self,
                service.name,
                vpc=self.vpc,
                service=service.service,
                subnets=self.subnets,
                security_groups=[self.endpoint_security_group],
                private_dns_enabled=True,
                open=False,  # the rule of the shared group says it all
            )
        return self._endpoints[service]


class _ExistingNetwork(NetworkBase):
    """A VPC that is made elsewhere."""

    def __init__(self, scope: Construct, construct_id: str, vpc: ec2.IVpc, *, subnets: ec2.SubnetSelection) -> None:
        super().__init__(scope, construct_id)
        self.vpc = vpc
        self.subnets = subnets


def selected_subnets(vpc: ec2.IVpc, selection: ec2.SubnetSelection | None) -> ec2.SelectedSubnets:
    """The subnets of ``vpc`` that ``selection`` names; without one, the private subnets as the CDK chooses them."""
    if selection is None:
        return vpc.select_subnets()
    return vpc.select_subnets(
        availability_zones=selection.availability_zones,
        one_per_az=selection.one_per_az,
        subnet_filters=selection.subnet_filters,
        subnet_group_name=selection.subnet_group_name,
        subnet_type=selection.subnet_type,
        subnets=selection.subnets,
    )


def _private_subnets(vpc: ec2.IVpc, selection: ec2.SubnetSelection | None) -> ec2.SubnetSelection:
    selected = selected_subnets(vpc, selection or ec2.SubnetSelection(one_per_az=True))
    if not selected.is_pending_lookup:
        if selected.has_public:
            fix = "name private ones, as SubnetSelection(subnet_group_name=…)"
            raise InvalidArgumentError("subnets", "be private", "public subnets", fix)
        if not selected.subnets:
            raise InvalidArgumentError("subnets", "be in the VPC", "none", "name some that it has")
    # Brokers and domains are in 2 or 3 zones; a Region may have more.
    return selection or ec2.SubnetSelection(subnets=selected.subnets[:MAX_ZONES])


def _check_zones(availability_zones: int | Sequence[str]) -> None:
    # The subnets are counted now, not at deployment.
    validation.known_at_synthesis("availability_zones", availability_zones, fix="write 2 or 3")
    if isinstance(availability_zones, int):
        validation.integer(
            "availability_zones", availability_zones, low=2, high=MAX_ZONES, fix="2 survive the loss of a zone"
        )
        return
    if isinstance(availability_zones, str):
        fix = f"write ['{availability_zones}', …]"
        raise InvalidArgumentError("availability_zones", "be a number, or a list of names", availability_zones, fix)
    names = list(availability_zones)
    if len(names) not in {2, MAX_ZONES} or len(set(names)) != len(names):
        raise InvalidArgumentError("availability_zones", "name 2 or 3 zones", names, "or write the number of zones")
    for name in names:
        validation.matching(
            "availability_zones",
            name,
            pattern=r"[a-z]+(-[a-z]+)+-\d[a-z]",
            rule="be names of Availability Zones",
            fix="write eu-west-1a, say",
        )


def _check(*, cidr: str, nat_gateways: int, zones: int) -> None:
    validation.known_at_synthesis("nat_gateways", nat_gateways, fix="write 0 for none")
    validation.known_at_synthesis("cidr", cidr, fix="write 10.0.0.0/16, say")
    validation.integer(
        "nat_gateways",
        nat_gateways,
        low=0,
        high=zones,
        fix="0 for no way out, 1 to save, one per zone to be safe",
    )
    try:
        prefix = ipaddress.IPv4Network(cidr).prefixlen
    except ValueError:
        prefix = None
    if prefix is None or not 16 <= prefix <= 24:
        raise InvalidArgumentError("cidr", "be an IPv4 network from /16 to /24", cidr, "10.0.0.0/16 is usual")
