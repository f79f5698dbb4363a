from __future__ import annotations

import re
from typing import Any

import pytest
from aws_cdk import CfnParameter, Environment, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from flink_constructs.network import EndpointService, Network
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only


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
    assert log_group["DeletionPolicy"] == "Retain"


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
