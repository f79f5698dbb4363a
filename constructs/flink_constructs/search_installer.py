"""Installs objects in an OpenSearch domain: the custom resources, and the function behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsii
from aws_cdk import CustomResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as cr
from constructs import Construct, IDependable

from flink_constructs import acknowledgment, handler_function

#: Resource types of what is installed; a local run installs the first kind in its node, which has no security plugin
#: and no Dashboards.
OBJECTS_TYPE = "Custom::OpenSearchObjects"
SECURITY_TYPE = "Custom::OpenSearchSecurity"
DASHBOARDS_TYPE = "Custom::OpenSearchDashboardsObjects"

HANDLER = "search_handler"
# More than the handler's own patience, so that it can say what it was waiting for.
TIMEOUT = Duration.minutes(12)
# The framework's function waits for the handler for a quarter of an hour at most.
SERVICE_TIMEOUT = Duration.minutes(20)

# Whatever is made by its path, and deleted there.
DOMAIN_ACTIONS = ("es:ESHttpDelete", "es:ESHttpPut")
IMPORT_PATH = "/_dashboards/api/saved_objects/_import"
# What a function in a VPC asks of EC2, for whatever interface and subnet
# (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions).
INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class SearchInstaller(Construct):
    """A function in the domain's network that installs objects, and the role with which it does.

    The role comes first, as the domain names it as its master; ``connect`` then gives it a domain to serve. Without a
    VPC it runs where functions do, and reaches the domain's public endpoint.
    """

    role: iam.Role
    security_group: ec2.SecurityGroup | None

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc | None,
        subnets: Sequence[ec2.ISubnet],
        log_retention: logs.RetentionDays,
    ) -> None:
        """Make the role, and the security group of the function where it is in a VPC."""
        super().__init__(scope, construct_id)
        self._vpc = vpc
        self._subnets = subnets
        # Nothing in it is of use once the domain's objects are gone: the stack event has the outcome.
        self.log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        self.role = self._function_role("Role")
        self.security_group = None
        if vpc is not None:
            self.role.add_to_policy(iam.PolicyStatement(actions=list(INTERFACE_ACTIONS), resources=["*"]))
            acknowledgment.wildcard_resource(
                self, "*", "Lambda makes the function's network interfaces, so nobody knows their ids beforehand."
            )
            self.security_group = ec2.SecurityGroup(
                self, "SecurityGroup", vpc=vpc, description="OpenSearch installer", allow_all_outbound=False
            )
        self._connections = ec2.Connections(security_groups=[self.security_group] if self.security_group else [])
        self._endpoint = self._domain_arn = ""
        self._provider: cr.Provider | None = None
        self._needed: list[IDependable] = []

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """Who installs the objects."""
        return self.role

    @property
    def connections(self) -> ec2.Connections:
        """The network side of the function, empty outside a VPC."""
        return self._connections

    def connect(self, *, endpoint: str, domain_arn: str, needed: Sequence[IDependable]) -> None:
        """Say which domain to serve, and what of it has to exist for the function to reach it."""
        paths = f"{domain_arn}/*"
        self.role.add_to_policy(iam.PolicyStatement(actions=list(DOMAIN_ACTIONS), resources=[paths]))
        acknowledgment.wildcard_resource(
            self, paths, "It sets up the domain, and each object has a path of its own below this."
        )
        self._endpoint = endpoint
        self._domain_arn = domain_arn
        self._needed = [*needed, *([self.security_group] if self.security_group else [])]

    def install(
        self,
        construct_id: str,
        objects: Sequence[Mapping[str, Any]],
        *,
        resource_type: str,
        removal_policy: RemovalPolicy,
        scope: Construct | None = None,
    ) -> CustomResource:
        """Add a resource that installs ``objects``, mappings as the handler reads them, in ``scope`` or else here."""
        for one in objects:
            self._allow(one)
        resource = CustomResource(
            scope or self,
            construct_id,
            resource_type=resource_type,
            service_token=self._service_token(),
            service_timeout=SERVICE_TIMEOUT,
            removal_policy=removal_policy,
            properties={"Endpoint": self._endpoint, "Objects": Stack.of(self).to_json_string(list(objects))},
        )
        resource.node.add_dependency(*self._needed)
        return resource

    def _allow(self, one: Mapping[str, Any]) -> None:
        """Allow the request that makes an object, where it is another one than all may be made with."""
        method, path = ("POST", IMPORT_PATH) if "saved_objects" in one else (str(one["method"]), str(one["path"]))
        action = f"es:ESHttp{method.capitalize()}"
        if action not in DOMAIN_ACTIONS:
            resource = f"{self._domain_arn}{path.partition('?')[0]}"
            self.role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[resource]))

    def _service_token(self) -> str:
        if self._provider is None:
            function = self._function()
            framework_role = self._function_role("FrameworkRole")
            self._provider = cr.Provider(
                self,
                "Provider",
                on_event_handler=function,
                framework_on_event_role=framework_role,
                log_group=self.log_group,
            )
            handler_function.acknowledge_invocation(framework_role, function)
        return self._provider.service_token

    def _function(self) -> lambda_.Function:
        return lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{HANDLER}.index.on_event",
            code=handler_function.code(HANDLER),
            role=self.role,
            timeout=TIMEOUT,
            memory_size=256,
            log_group=self.log_group,
            vpc=self._vpc,
            vpc_subnets=ec2.SubnetSelection(subnets=list(self._subnets)) if self._vpc else None,
            security_groups=[self.security_group] if self.security_group else None,
        )

    def _function_role(self, name: str) -> iam.Role:
        role = iam.Role(self, name, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group.grant_write(role)
        return role
