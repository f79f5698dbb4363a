"""Networks: moto keeps them, and nothing is routed or refused by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.deploy.handler import Made, Request
from local.deploy.stack import Deployed, Stack
from local.deploy.types.base import Type, content_with_gone


class _Network(Type):
    @property
    def ec2(self) -> Any:  # noqa: ANN401 - boto3
        return self.client("ec2")

    def tag(self, request: Request, physical_id: str) -> None:
        request.note(physical_id)
        if wanted := request.properties.get("Tags"):
            self.ec2.create_tags(Resources=[physical_id], Tags=wanted)

    def update(self, request: Request, before: Deployed) -> Made:
        if {**request.properties, "Tags": None} == {**before.properties, "Tags": None}:
            self.tag(request, before.physical_id)
            return Made(physical_id=before.physical_id, attributes=before.attributes)
        return super().update(request, before)


class Vpc(_Network):
    """``AWS::EC2::VPC``."""

    def create(self, request: Request) -> Made:
        """Make a VPC."""
        wanted = request.properties
        made = self.ec2.create_vpc(CidrBlock=wanted["CidrBlock"], InstanceTenancy=wanted["InstanceTenancy"])["Vpc"]
        self.tag(request, made["VpcId"])
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            self.ec2.modify_vpc_attribute(VpcId=made["VpcId"], **{attribute: {"Value": wanted[attribute]}})
        return Made(physical_id=made["VpcId"], attributes={"VpcId": made["VpcId"], "CidrBlock": wanted["CidrBlock"]})

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.ec2.delete_vpc(VpcId=resource.physical_id)


class Subnet(_Network):
    """``AWS::EC2::Subnet``."""

    def create(self, request: Request) -> Made:
        """Make a subnet."""
        wanted = request.properties
        made = self.ec2.create_subnet(
            VpcId=wanted["VpcId"], CidrBlock=wanted["CidrBlock"], AvailabilityZone=wanted["AvailabilityZone"]
        )["Subnet"]
        self.tag(request, made["SubnetId"])
        self.ec2.modify_subnet_attribute(
            SubnetId=made["SubnetId"], MapPublicIpOnLaunch={"Value": bool(wanted.get("MapPublicIpOnLaunch"))}
        )
        return Made(physical_id=made["SubnetId"], attributes={"AvailabilityZone": made["AvailabilityZone"]})

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.ec2.delete_subnet(SubnetId=resource.physical_id)


class RouteTable(_Network):
    """``AWS::EC2::RouteTable``."""

    def create(self, request: Request) -> Made:
        """Make a table."""
        made = self.ec2.create_route_table(VpcId=request.properties["VpcId"])["RouteTable"]["RouteTableId"]
        self.tag(request, made)
        return Made(physical_id=made)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.ec2.delete_route_table(RouteTableId=resource.physical_id)


class RouteTableAssociation(_Network):
    """``AWS::EC2::SubnetRouteTableAssociation``."""

    def create(self, request: Request) -> Made:
        """Give a subnet its table."""
        return Made(physical_id=self.ec2.associate_route_table(**request.properties)["AssociationId"])

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Take it away."""
        self.ec2.disassociate_route_table(AssociationId=resource.physical_id)


class Route(_Network):
    """``AWS::EC2::Route``."""

    def create(self, request: Request) -> Made:
        """Make a route."""
        self.ec2.create_route(**request.properties)
        wanted = request.properties
        return Made(physical_id=f"{wanted['RouteTableId']}|{wanted['DestinationCidrBlock']}")

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        table, _, destination = resource.physical_id.partition("|")
        self.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=destination)


class InternetGateway(_Network):
    """``AWS::EC2::InternetGateway``."""

    def create(self, request: Request) -> Made:
        """Make a gateway."""
        made = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.tag(request, made)
        return Made(physical_id=made)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.ec2.delete_internet_gateway(InternetGatewayId=resource.physical_id)


class GatewayAttachment(_Network):
    """``AWS::EC2::VPCGatewayAttachment``."""

    def create(self, request: Request) -> Made:
        """Attach a gateway."""
        wanted = request.properties
        self.ec2.attach_internet_gateway(InternetGatewayId=wanted["InternetGatewayId"], VpcId=wanted["VpcId"])
        return Made(physical_id=f"IGW|{wanted['VpcId']}")

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Detach it."""
        had = resource.properties
        self.ec2.detach_internet_gateway(InternetGatewayId=had["InternetGatewayId"], VpcId=had["VpcId"])


class Address(_Network):
    """``AWS::EC2::EIP``."""

    def create(self, request: Request) -> Made:
        """Get an address."""
        made = self.ec2.allocate_address(Domain="vpc")
        request.note(made["PublicIp"])
        return Made(physical_id=made["PublicIp"], attributes={"AllocationId": made["AllocationId"]})

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Give it back."""
        self.ec2.release_address(AllocationId=resource.attributes["AllocationId"])


class NatGateway(_Network):
    """``AWS::EC2::NatGateway``."""

    def create(self, request: Request) -> Made:
        """Make a gateway."""
        wanted = request.properties
        made = self.ec2.create_nat_gateway(SubnetId=wanted["SubnetId"], AllocationId=wanted["AllocationId"])
        self.tag(request, made["NatGateway"]["NatGatewayId"])
        return Made(physical_id=made["NatGateway"]["NatGatewayId"])

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.ec2.delete_nat_gateway(NatGatewayId=resource.physical_id)


class SecurityGroup(_Network):
    """``AWS::EC2::SecurityGroup``."""

    def create(self, request: Request) -> Made:
        """Make a group with its rules."""
        wanted = request.properties
        made = self.ec2.create_security_group(
            GroupName=request.name, Description=wanted["GroupDescription"], VpcId=wanted["VpcId"]
        )["GroupId"]
        self.tag(request, made)
        if wanted.get("SecurityGroupEgress"):  # the one that every group has from the beginning
            everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            with content_with_gone():
                self.ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[everything])
            self._allow(made, wanted["SecurityGroupEgress"], "egress")
        self._allow(made, wanted.get("SecurityGroupIngress", []), "ingress")
        return Made(physical_id=made, attributes={"GroupId": made, "VpcId": wanted["VpcId"]})

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.ec2.delete_security_group(GroupId=resource.physical_id)

    def _allow(self, group: str, rules: list[Mapping[str, Any]], direction: str) -> None:
        if rules:
            allow = getattr(self.ec2, f"authorize_security_group_{direction}")
            allow(GroupId=group, IpPermissions=[_permission(rule) for rule in rules])


class SecurityGroupRule(_Network):
    """``AWS::EC2::SecurityGroupIngress`` and ``…Egress``."""

    def create(self, request: Request) -> Made:
        """Add a rule to a group."""
        self._call("authorize", request.resource)
        return Made(physical_id=request.name)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Take it away."""
        self._call("revoke", resource)

    def _call(self, what: str, resource: Deployed) -> None:
        direction = "ingress" if resource.type.endswith("Ingress") else "egress"
        call = getattr(self.ec2, f"{what}_security_group_{direction}")
        call(GroupId=resource.properties["GroupId"], IpPermissions=[_permission(resource.properties)])


class Endpoint(_Network):
    """``AWS::EC2::VPCEndpoint``."""

    def create(self, request: Request) -> Made:
        """Make an endpoint."""
        given = {key: value for key, value in request.properties.items() if key != "Tags"}
        made = self.ec2.create_vpc_endpoint(**given)["VpcEndpoint"]["VpcEndpointId"]
        self.tag(request, made)
        return Made(physical_id=made)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[resource.physical_id])


class FlowLog(_Network):
    """``AWS::EC2::FlowLog``."""

    def create(self, request: Request) -> Made:
        """Make a flow log."""
        wanted = {key: value for key, value in request.properties.items() if key not in ("Tags", "ResourceId")}
        made = self.ec2.create_flow_logs(ResourceIds=[request.properties["ResourceId"]], **wanted)
        (physical_id,) = made["FlowLogIds"]
        self.tag(request, physical_id)
        return Made(physical_id=physical_id)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.ec2.delete_flow_logs(FlowLogIds=[resource.physical_id])


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the template as the API has it."""
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    permission: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    for port in ("FromPort", "ToPort"):
        if port in rule:
            permission[port] = int(rule[port])
    if "CidrIp" in rule:
        permission["IpRanges"] = [{"CidrIp": rule["CidrIp"], **described}]
    for key in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
        if key in rule:
            permission["UserIdGroupPairs"] = [{"GroupId": rule[key], **described}]
    return permission
