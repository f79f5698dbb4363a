"""A domain with a public endpoint: what stays as in a VPC, what does not, and from where requests are taken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import CfnParameter, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.network import Network
from flink_constructs.search_domain import SearchDomain
from flink_constructs.search_sign_in import SearchSignIn
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions
from tests.constructs.fake_bundle import new_bundle

OFFICE = ["203.0.113.0/24", "198.51.100.7/32"]


def _properties(template: Template) -> dict[str, Any]:
    properties: dict[str, Any] = only(template, "AWS::OpenSearchService::Domain")["Properties"]
    return properties


def _job(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_without_a_vpc_all_but_the_network_is_as_in_one(env: Environment | None) -> None:
    public, private = new_stack(env), new_stack(env)
    SearchDomain(public, "Search")
    SearchDomain(private, "Search", vpc=Network(private, "Network").vpc)
    template = Template.from_stack(public)
    expected = _properties(Template.from_stack(private))
    del expected["VPCOptions"]
    assert _properties(template) == expected
    assert findings(public) == []
    assert lint(template) == []


def test_without_a_vpc_the_installer_is_in_none_and_makes_no_interfaces() -> None:
    stack = new_stack()
    SearchDomain(stack, "Search")
    template = Template.from_stack(stack)
    [function] = template.find_resources(
        "AWS::Lambda::Function", {"Properties": {"Handler": "search_handler.index.on_event"}}
    ).values()
    assert "VpcConfig" not in function["Properties"]
    actions = [action for names, _ in permissions(template, of="SearchInstallerRole") for action in names]
    assert "es:ESHttpPut" in actions
    assert not [action for action in actions if action.startswith("ec2:")]
    template.resource_count_is("AWS::EC2::SecurityGroup", 0)


@pytest.mark.parametrize(
    ("arguments", "zones"),
    [
        ({}, 2),
        ({"data_nodes": 1}, 1),
        ({"availability_zones": 1}, 1),
        ({"data_nodes": 4}, 2),
        ({"data_nodes": 3, "availability_zones": 3}, 3),
    ],
)
def test_without_subnets_the_number_of_zones_is_as_asked_for(arguments: dict[str, Any], zones: int) -> None:
    stack = new_stack()
    SearchDomain(stack, "Search", **arguments)
    template = Template.from_stack(stack)
    cluster = _properties(template)["ClusterConfig"]
    assert cluster["ZoneAwarenessEnabled"] is (zones > 1)
    assert cluster.get("ZoneAwarenessConfig", {"AvailabilityZoneCount": 1}) == {"AvailabilityZoneCount": zones}
    assert findings(stack) == []
    assert lint(template) == []


def test_nodes_are_shared_out_evenly_without_subnets_too() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^data_nodes must be a multiple of 2, .* \(got 3\); 4 is the next"):
        SearchDomain(new_stack(), "Search", data_nodes=3)


def test_nobody_connects_to_a_public_endpoint_by_security_group() -> None:
    domain = SearchDomain(new_stack(), "Search")
    assert domain.security_group is None
    with pytest.raises(ValueError, match=r"^connections must be asked of a domain in a VPC \(got a public endpoint\)"):
        _ = domain.connections


def test_subnets_need_their_vpc() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^subnets must be left out without a vpc \(got 'subnets'\); pass"):
        SearchDomain(new_stack(), "Search", subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC))


def _refused(networks: Sequence[str], **arguments: Any) -> str:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError) as refusal:
        SearchDomain(stack, "Search", allowed_networks=networks, **arguments)
    assert stack.node.try_find_child("Search") is None
    return str(refusal.value)


@pytest.mark.parametrize(
    "network", ["", "office", "203.0.113.7", "203.0.113.7/24", "203.0.113.0/33", "*", "::/0", "2001:db8::/32"]
)
def test_what_is_no_cidr_block_of_ipv4_is_refused(network: str) -> None:
    said = _refused([OFFICE[0], network])
    assert said.startswith(f"allowed_networks must be CIDR blocks of IPv4 (got {network!r}); write 203.0.113.0/24")


@pytest.mark.parametrize("network", ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/7"])
def test_networks_that_leave_the_domain_open_are_refused(network: str) -> None:
    said = _refused([OFFICE[0], network])
    assert said == f"allowed_networks must be /8 or narrower (got {network!r}); name the networks of the users"


def test_no_networks_at_all_are_refused() -> None:
    assert _refused([]).startswith("allowed_networks must name at least one (got []); pass the addresses")


def test_networks_of_a_domain_in_a_vpc_are_refused() -> None:
    vpc = Network(new_stack(), "Network").vpc
    assert _refused(OFFICE, vpc=vpc).startswith("allowed_networks must be left out with a vpc (got ['203.0.113.0/24'")


def test_networks_are_known_at_synthesis() -> None:
    given = CfnParameter(new_stack(), "Given").value_as_string
    assert _refused([given]).startswith("allowed_networks must be known at synthesis")


class _Restricted:
    """A domain that takes requests from the office, with what the policy says of roles."""

    def __init__(self, env: Environment | None = AGNOSTIC) -> None:
        self.stack = new_stack(env)
        self.sign_in = SearchSignIn(self.stack, "SignIn")
        self.domain = SearchDomain(self.stack, "Search", allowed_networks=OFFICE, sign_in=self.sign_in)

    def template(self) -> Template:
        template = Template.from_stack(self.stack)
        assert findings(self.stack) == []
        assert lint(template) == []
        return template

    def statement(self) -> dict[str, Any]:
        [statement] = _properties(self.template())["AccessPolicies"]["Statement"]
        return dict(statement)

    def excepted(self) -> set[str]:
        """The logical ids of the roles that may come from everywhere."""
        arns = self.statement()["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        return {arn["Fn::GetAtt"][0] for arn in (arns if isinstance(arns, list) else [arns])}


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_the_policy_of_networks_denies_what_comes_from_elsewhere_and_allows_nothing(env: Environment | None) -> None:
    statement = _Restricted(env).statement()
    assert statement["Effect"] == "Deny"
    assert statement["Action"] == "es:ESHttp*"
    assert statement["Principal"] == {"AWS": "*"}
    assert statement["Condition"]["NotIpAddress"] == {"aws:SourceIp": OFFICE}
    assert set(statement["Condition"]) == {"NotIpAddress", "ArnNotEquals"}
    [partition] = re.findall(r":es:.*:domain/\*", str(statement["Resource"]))
    assert partition


def test_without_grants_only_the_installer_may_come_from_everywhere() -> None:
    [role] = _Restricted().excepted()
    assert role.startswith("SearchInstallerRole")


def test_the_stacks_own_roles_that_were_granted_something_may_come_from_everywhere() -> None:
    restricted = _Restricted()
    job = _job(restricted.stack)
    restricted.domain.grant_write(job, "trips")
    restricted.domain.grant_read(job, "trips")
    assert restricted.stack.resolve(job.role_arn)["Fn::GetAtt"][0] in restricted.excepted()
    assert len(restricted.excepted()) == 2


def test_who_signs_in_has_to_be_in_the_networks() -> None:
    restricted = _Restricted()
    restricted.domain.grant_dashboards(restricted.sign_in, "trips")
    assert len(restricted.excepted()) == 1


def test_a_role_from_elsewhere_has_to_be_in_the_networks() -> None:
    restricted = _Restricted()
    role = iam.Role.from_role_arn(restricted.stack, "Analyst", "arn:aws:iam::123456789012:role/analyst")
    restricted.domain.grant_write(role, "trips").assert_success()
    assert len(restricted.excepted()) == 1


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_a_job_outside_a_vpc_writes_to_a_domain_with_networks(env: Environment | None, tmp_path: Path) -> None:
    restricted = _Restricted(env)
    job = FlinkApplication(
        restricted.stack, "Job", code=ApplicationCode.from_bundle(new_bundle(tmp_path)), property_groups={}
    )
    restricted.domain.grant_write(job, "trips").assert_success()
    job.starts_after(restricted.domain)
    assert len(restricted.excepted()) == 2
