"""The network interfaces of an application in a VPC, and what its role needs to make them."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as kinesisanalytics

from flink_constructs import acknowledgment

# https://docs.aws.amazon.com/managed-flink/latest/java/vpc-permissions.html
INTERFACE_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
)
DESCRIBE_ACTIONS = (
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)


def vpc_configuration(
    role: iam.IRole, *, stack: Stack, subnets: ec2.SelectedSubnets, security_groups: Sequence[ec2.ISecurityGroup]
) -> kinesisanalytics.CfnApplication.VpcConfigurationProperty:
    """Say where the network interfaces are, and allow ``role`` to make them there and nowhere else."""
    group_ids = [group.security_group_id for group in security_groups]
    interfaces = stack.format_arn(service="ec2", resource="network-interface", resource_name="*")
    role.add_to_principal_policy(
        iam.PolicyStatement(
            actions=list(INTERFACE_ACTIONS),
            resources=[
                interfaces,
                *(stack.format_arn(service="ec2", resource="security-group", resource_name=one) for one in group_ids),
                *(stack.format_arn(service="ec2", resource="subnet", resource_name=one) for one in subnets.subnet_ids),
            ],
        )
    )
    role.add_to_principal_policy(iam.PolicyStatement(actions=list(DESCRIBE_ACTIONS), resources=["*"]))
    acknowledgment.wildcard_resource(role, "*", "EC2's Describe actions know no narrower resource.")
    acknowledgment.wildcard_resource(
        role, interfaces, "The service creates the network interfaces, so nobody knows their ids beforehand."
    )
    return kinesisanalytics.CfnApplication.VpcConfigurationProperty(
        security_group_ids=group_ids, subnet_ids=subnets.subnet_ids
    )
