from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import CfnParameter, Environment, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import EndpointService, Network, NetworkBase, selected_subnets
from flink_constructs.search_domain import SearchDomain
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only
from tests.constructs.fake_bundle import new_bundle


def _template(env: Environment | None = AGNOSTIC, **arguments: Any) -> Template:
    stack = new_stack(env)
    Network(stack, "Network", **arguments)
    template = Template.from_stack(stack)
    assert findings(stack) == []
    assert lint(template) == []
    return template


def _zones(template: Template) -> list[Any]:
    subnets = template.find_resources("AWS::EC2::Subnet").values()
    return [subnet["Properties"]["AvailabilityZone"] for subnet in subnets]


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_by_default_there_is_no_way_to_or_from_the_internet(env: Environment | None) -> None:
    template = _template(env)
    for resource_type in ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route", "AWS::EC2::EIP"):
        template.resource_count_is(resource_type, 0)
    template.all_resources_properties("AWS::EC2::Subnet", {"MapPublicIpOnLaunch": False})
    vpc = only(template, "AWS::EC2::VPC")["Properties"]
    assert (vpc["CidrBlock"], vpc["EnableDnsHostnames"], vpc["EnableDnsSupport"]) == ("10.0.0.0/16", True, True)


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
@pytest.mark.parametrize("zones", [2, 3])
def test_subnets_are_in_the_first_zones_of_the_region_wherever_it_is(env: Environment | None, zones: int) -> None:
    template = _template(env, availability_zones=zones)
    assert _zones(template) == [{"Fn::Select": [zone, {"Fn::GetAZs": ""}]} for zone in range(zones)]


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_subnets_are_in_the_zones_that_are_named(env: Environment | None) -> None:
    stack = new_stack(env)
    Network(stack, "Network", availability_zones=["eu-west-1a", "eu-west-1c"])
    template = Template.from_stack(stack)
    assert findings(stack) == []
    assert _zones(template) == ["eu-west-1a", "eu-west-1c"]


def test_the_name_of_a_zone_may_wait_for_the_deployment() -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Zone")
    Network(stack, "Network", availability_zones=["eu-west-1a", parameter.value_as_string])
    assert _zones(Template.from_stack(stack)) == ["eu-west-1a", {"Ref": "Zone"}]


@pytest.mark.parametrize("cidr", ["10.1.0.0/16", "192.168.7.0/24"])
def test_nat_gateways_give_a_way_out_when_asked_for(cidr: str) -> None:
    template = _template(cidr=cidr, nat_gateways=1, availability_zones=3)
    template.resource_count_is("AWS::EC2::NatGateway", 1)
    template.resource_count_is("AWS::EC2::InternetGateway", 1)
    template.resource_count_is("AWS::EC2::Subnet", 6)
    template.all_resources_properties("AWS::EC2::Subnet", {"MapPublicIpOnLaunch": False})


def test_every_connection_is_logged_and_the_log_ends() -> None:
    template = _template()
    flow_log = only(template, "AWS::EC2::FlowLog")["Properties"]
    log_group = only(template, "AWS::Logs::LogGroup")
    assert flow_log["TrafficType"] == "ALL"
    assert flow_log["ResourceId"] == {"Ref": only(template, "AWS::EC2::VPC")["LogicalId"]}
    assert flow_log["LogGroupName"] == {"Ref": log_group["LogicalId"]}
    assert log_group["Properties"]["RetentionInDays"] == 30
    assert log_group["DeletionPolicy"] == "RetainExceptOnCreate"


def test_flow_logs_can_be_kept_for_longer_and_go_with_the_stack() -> None:
    template = _template(flow_log_retention=logs.RetentionDays.ONE_YEAR, flow_log_removal_policy=RemovalPolicy.DESTROY)
    log_group = only(template, "AWS::Logs::LogGroup")
    assert log_group["Properties"]["RetentionInDays"] == 365
    assert log_group["DeletionPolicy"] == "Delete"


def test_s3_is_reached_through_a_gateway_from_every_private_subnet() -> None:
    template = _template()
    endpoint = only(template, "AWS::EC2::VPCEndpoint")["Properties"]
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert "s3" in str(endpoint["ServiceName"])
    tables = {table["Ref"] for table in endpoint["RouteTableIds"]}
    assert tables == set(template.find_resources("AWS::EC2::RouteTable"))


@pytest.mark.parametrize(
    ("service", "name"),
    [
        (EndpointService.APS_WORKSPACES, "aps-workspaces"),
        (EndpointService.CLOUDWATCH_LOGS, "logs"),
        (EndpointService.CLOUDWATCH_MONITORING, "monitoring"),
        (EndpointService.FIREHOSE, "kinesis-firehose"),
        (EndpointService.KINESIS_STREAMS, "kinesis-streams"),
        (EndpointService.KMS, "kms"),
        (EndpointService.SECRETS_MANAGER, "secretsmanager"),
        (EndpointService.STS, "sts"),
    ],
)
def test_services_have_the_names_that_aws_gives_them(service: EndpointService, name: str) -> None:
    assert service.service.short_name == name


def test_endpoints_have_private_names_and_admit_https_from_the_vpc_only() -> None:
    template = _template(cidr="10.9.0.0/16", endpoints=list(EndpointService))
    endpoints = template.find_resources("AWS::EC2::VPCEndpoint", {"Properties": {"VpcEndpointType": "Interface"}})
    group = only(template, "AWS::EC2::SecurityGroup")
    assert len(endpoints) == len(EndpointService)
    for endpoint in endpoints.values():
        assert endpoint["Properties"]["PrivateDnsEnabled"] is True
        assert endpoint["Properties"]["SecurityGroupIds"] == [{"Fn::GetAtt": [group["LogicalId"], "GroupId"]}]
        subnets = {subnet["Ref"] for subnet in endpoint["Properties"]["SubnetIds"]}
        assert subnets == set(template.find_resources("AWS::EC2::Subnet"))
    assert [
        (rule["CidrIp"], rule["IpProtocol"], rule["FromPort"], rule["ToPort"])
        for rule in group["Properties"]["SecurityGroupIngress"]
    ] == [("10.9.0.0/16", "tcp", 443, 443)]
    template.resource_count_is("AWS::EC2::SecurityGroupIngress", 0)


def test_an_endpoint_added_twice_is_one() -> None:
    stack = new_stack()
    network = Network(stack, "Network", endpoints=[EndpointService.STS])
    assert network.add_endpoint(EndpointService.STS) is network.add_endpoint(EndpointService.STS)
    network.add_endpoint(EndpointService.KMS)
    Template.from_stack(stack).resource_properties_count_is(
        "AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface"}, 2
    )


@pytest.mark.parametrize(
    ("nat_gateways", "subnet_type"),
    [(0, ec2.SubnetType.PRIVATE_ISOLATED), (2, ec2.SubnetType.PRIVATE_WITH_EGRESS)],
)
def test_the_subnets_offered_are_the_private_ones(nat_gateways: int, subnet_type: ec2.SubnetType) -> None:
    network = Network(new_stack(), "Network", nat_gateways=nat_gateways)
    assert network.subnets.subnet_type == subnet_type
    selected = network.vpc.select_subnets(subnet_type=network.subnets.subnet_type)
    assert (len(selected.subnet_ids), selected.has_public) == (2, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"availability_zones": 1},
            "availability_zones must be an integer from 2 to 3 (got 1); 2 survive the loss of a zone",
        ),
        (
            {"availability_zones": 4},
            "availability_zones must be an integer from 2 to 3 (got 4); 2 survive the loss of a zone",
        ),
        (
            {"availability_zones": "eu-west-1a"},
            "availability_zones must be a number, or a list of names (got 'eu-west-1a'); write ['eu-west-1a', …]",
        ),
        (
            {"availability_zones": ["eu-west-1a"]},
            "availability_zones must name 2 or 3 zones (got ['eu-west-1a']); or write the number of zones",
        ),
        (
            {"availability_zones": ["eu-west-1a", "eu-west-1a"]},
            "availability_zones must name 2 or 3 zones (got ['eu-west-1a', 'eu-west-1a']); "
            "or write the number of zones",
        ),
        (
            {"availability_zones": ["eu-west-1a", "euw1-az2"]},
            "availability_zones must be names of Availability Zones (got 'euw1-az2'); write eu-west-1a, say",
        ),
        (
            {"availability_zones": ["eu-west-1a", "eu-west-1b"], "nat_gateways": 3},
            "nat_gateways must be an integer from 0 to 2 (got 3); 0 for no way out, 1 to save, one per zone to be safe",
        ),
        (
            {"nat_gateways": -1},
            "nat_gateways must be an integer from 0 to 2 (got -1); 0 for no way out, 1 to save, one per zone to be "
            "safe",
        ),
        (
            {"nat_gateways": 3},
            "nat_gateways must be an integer from 0 to 2 (got 3); 0 for no way out, 1 to save, one per zone to be safe",
        ),
        (
            {"cidr": "10.0.0.1/16"},
            "cidr must be an IPv4 network from /16 to /24 (got '10.0.0.1/16'); 10.0.0.0/16 is usual",
        ),
        (
            {"cidr": "10.0.0.0/8"},
            "cidr must be an IPv4 network from /16 to /24 (got '10.0.0.0/8'); 10.0.0.0/16 is usual",
        ),
        ({"cidr": "fd00::/16"}, "cidr must be an IPv4 network from /16 to /24 (got 'fd00::/16'); 10.0.0.0/16 is usual"),
    ],
)
def test_arguments_out_of_range_are_refused_before_anything_is_made(arguments: dict[str, Any], message: str) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        Network(stack, "Network", **arguments)
    assert stack.node.try_find_child("Network") is None


@pytest.mark.parametrize("name", ["availability_zones", "nat_gateways", "cidr"])
def test_what_shapes_the_network_cannot_wait_for_the_deployment(name: str) -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Parameter", type="String" if name == "cidr" else "Number")
    token: Any = parameter.value_as_string if name == "cidr" else parameter.value_as_number
    with pytest.raises(InvalidArgumentError, match=rf"^{name} must be known at synthesis \(got .*\); write "):
        Network(stack, "Network", **{name: token})


# A VPC that exists.


def _existing_vpc(stack: Stack, **arguments: Any) -> ec2.IVpc:
    """A VPC over four zones, with a public, a private and an isolated subnet in each."""
    kinds = enumerate(("public", "private", "isolated"))
    subnets = {f"{kind}_subnet_ids": [f"subnet-000000{number}{zone}" for zone in "abcd"] for number, kind in kinds}
    zones = [f"eu-west-1{zone}" for zone in "abcd"]
    given = {"vpc_id": "vpc-12345678", "availability_zones": zones, **subnets, **arguments}
    return ec2.Vpc.from_vpc_attributes(stack, "Vpc", **given)


def _subnet_ids(network: NetworkBase) -> list[str]:
    return list(selected_subnets(network.vpc, network.subnets).subnet_ids)


def test_an_existing_vpc_is_used_as_it_is() -> None:
    stack = new_stack()
    vpc = _existing_vpc(stack)
    network = Network.from_vpc(stack, "Network", vpc)
    assert network.vpc is vpc
    assert _subnet_ids(network) == ["subnet-0000001a", "subnet-0000001b", "subnet-0000001c"]
    assert Template.from_stack(stack).to_json().get("Resources", {}) == {}


def test_isolated_subnets_of_an_existing_vpc_are_used_where_it_has_no_way_out() -> None:
    stack = new_stack()
    network = Network.from_vpc(stack, "Network", _existing_vpc(stack, private_subnet_ids=None))
    assert _subnet_ids(network) == ["subnet-0000002a", "subnet-0000002b", "subnet-0000002c"]


def test_subnets_of_an_existing_vpc_can_be_chosen() -> None:
    stack = new_stack()
    chosen = ec2.SubnetSelection(
        subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, availability_zones=["eu-west-1b", "eu-west-1d"]
    )
    network = Network.from_vpc(stack, "Network", _existing_vpc(stack), subnets=chosen)
    assert _subnet_ids(network) == ["subnet-0000002b", "subnet-0000002d"]


def test_a_vpc_that_the_cdk_has_yet_to_look_up_passes() -> None:
    stack = new_stack(CONCRETE)
    network = Network.from_vpc(stack, "Network", ec2.Vpc.from_lookup(stack, "Vpc", vpc_id="vpc-12345678"))
    assert len(_subnet_ids(network)) == 2


def test_applications_brokers_and_domains_fit_into_an_existing_vpc(tmp_path: Path) -> None:
    stack = new_stack()
    network = Network.from_vpc(stack, "Network", _existing_vpc(stack))
    KafkaCluster(stack, "Kafka", vpc=network.vpc, subnets=network.subnets)
    SearchDomain(stack, "Search", vpc=network.vpc, subnets=network.subnets)
    code = ApplicationCode.from_bundle(new_bundle(tmp_path))
    FlinkApplication(stack, "Flink", code=code, vpc=network.vpc, vpc_subnets=network.subnets)
    assert findings(stack) == []
    assert lint(Template.from_stack(stack)) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)},
            "subnets must be private (got 'public subnets'); "
            "name private ones, as SubnetSelection(subnet_group_name=…)",
        ),
        (
            {"subnets": ec2.SubnetSelection(availability_zones=["eu-west-1f"])},
            "subnets must be in the VPC (got 'none'); name some that it has",
        ),
    ],
)
def test_subnets_that_are_public_or_missing_are_refused(arguments: dict[str, Any], message: str) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        Network.from_vpc(stack, "Network", _existing_vpc(stack), **arguments)
    assert stack.node.try_find_child("Network") is None
