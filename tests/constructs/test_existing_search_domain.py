"""An OpenSearch domain that exists already: what IAM allows, its connections and its metrics."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_opensearchservice as opensearch
from aws_cdk.assertions import Template

from flink_constructs.search_domain import SearchDomain
from flink_constructs.search_domain_base import SearchDomainBase
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import findings, lint, new_stack, only, permissions

ARN = "arn:aws:es:eu-west-1:123456789012:domain/trips"
HOST = "search-trips-abc.eu-west-1.es.amazonaws.com"


def domain_in(stack: Stack, **arguments: Any) -> SearchDomainBase:
    existing = opensearch.Domain.from_domain_attributes(stack, "Existing", domain_arn=ARN, domain_endpoint=HOST)
    return SearchDomain.from_domain(stack, "Search", existing, **arguments)


def role_in(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))


def test_a_writer_may_send_bulk_requests_and_nothing_is_installed() -> None:
    stack = new_stack()
    grant = domain_in(stack).grant_write(role_in(stack), "trips-*")
    assert grant.success
    assert findings(stack) == []
    template = Template.from_stack(stack)
    assert lint(template) == []
    assert permissions(template, of="Job") == [(["es:ESHttpPost"], [f"{ARN}/_bulk"])]
    for resource_type in ("AWS::OpenSearchService::Domain", "AWS::Lambda::Function", "Custom::OpenSearchSecurity"):
        template.resource_count_is(resource_type, 0)


def test_a_reader_may_search_count_and_get_the_documents_of_its_indices() -> None:
    stack = new_stack()
    domain_in(stack).grant_read(role_in(stack), "trips-*")
    assert findings(stack) == []
    granted = permissions(Template.from_stack(stack), of="Job")
    searches = [f"{ARN}/trips-*/_count", f"{ARN}/trips-*/_search"]
    assert granted == [
        (["es:ESHttpGet"], [*searches, f"{ARN}/trips-*/_doc/*"]),
        (["es:ESHttpPost"], searches),
    ]


@pytest.mark.parametrize("indices", [(), ("Trips",), ("*",), ("trips/_search",)])
def test_indices_that_are_none_are_refused(indices: tuple[str, ...]) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=r"^indices must "):
        domain_in(stack).grant_write(role_in(stack), *indices)


def test_its_addresses_are_those_that_it_has() -> None:
    domain = domain_in(new_stack())
    assert (domain.endpoint, domain.dashboards_url) == (f"https://{HOST}", f"https://{HOST}/_dashboards")


def test_its_security_groups_can_be_opened() -> None:
    stack = new_stack()
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-12345678")
    domain_in(stack, security_groups=[group]).connections.allow_default_port_from(ec2.Peer.ipv4("10.0.0.0/16"))
    rule = only(Template.from_stack(stack), "AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (rule["GroupId"], rule["FromPort"], rule["ToPort"]) == ("sg-12345678", 443, 443)


def test_connections_of_unknown_security_groups_are_refused() -> None:
    message = "connections must be asked of a domain whose security groups are known; pass security_groups"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        _ = domain_in(new_stack()).connections


def test_metrics_are_those_of_the_domain_of_that_name() -> None:
    metric = domain_in(new_stack(), security_groups=[]).metric_cluster_status_red()
    assert metric.dimensions is not None
    assert (metric.namespace, metric.dimensions["DomainName"]) == ("AWS/ES", "trips")
