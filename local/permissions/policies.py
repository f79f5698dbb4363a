"""What each role of a template may do: every action on every resource that its policies name, one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.errors import RunError
from local.template import AttributeResolver, Resource, Template

ROLE_TYPE = "AWS::IAM::Role"
_POLICY_TYPES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")


@dataclass(frozen=True)
class Grant:
    """One action on one resource, as a role's policies have it."""

    role: str
    #: The logical id of the resource whose statement it is.
    policy: str
    action: str
    resource: str
    #: The condition in JSON; empty where there is none.
    condition: str = ""

    @property
    def statement(self) -> dict[str, Any]:
        """The same as a statement of a policy."""
        condition = {"Condition": json.loads(self.condition)} if self.condition else {}
        return {"Effect": "Allow", "Action": self.action, "Resource": self.resource, **condition}

    def fits(self, action: str, resource: str) -> bool:
        """Whether it is about a request, whatever its condition says."""
        return all(
            re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text)
            for pattern, text in ((self.action, action), (self.resource, resource))
        )

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


@dataclass(frozen=True)
class Role:
    """A role, by its logical id."""

    name: str
    arn: str
    #: The services that may take it over.
    trusts: frozenset[str]
    grants: tuple[Grant, ...]


@dataclass(frozen=True)
class ResourcePolicy:
    """The policy of a resource itself: of a bucket, or of a domain."""

    resource: str
    statements: tuple[Mapping[str, Any], ...]

    def covers(self, arn: str) -> bool:
        """Whether a request is about the resource, or something in it."""
        return arn == self.resource or arn.startswith(f"{self.resource}/")


def roles_of(template: Template, attribute: AttributeResolver) -> list[Role]:
    """The roles of a template.

    Args:
        template: The template.
        attribute: Gives names and ARNs as those who call have them.

    Raises:
        RunError: for a statement that does not name what it allows, and for one whose text is AWS's.

    """
    return [_role(template, resource, attribute) for resource in template.of_type(ROLE_TYPE)]


def resource_policies(template: Template, attribute: AttributeResolver) -> list[ResourcePolicy]:
    """The policies of buckets and domains."""
    found = []
    for resource in template.of_type("AWS::S3::BucketPolicy"):
        bucket = template.resources[resource.properties["Bucket"]["Ref"]]
        document = template.resolve(resource.properties["PolicyDocument"], attribute)
        found.append(ResourcePolicy(attribute(bucket, "Arn"), tuple(_list(document["Statement"]))))
    for resource in template.of_type("AWS::OpenSearchService::Domain"):
        document = template.resolve(resource.properties.get("AccessPolicies", {}), attribute)
        if statements := _list(document.get("Statement", [])):
            found.append(ResourcePolicy(attribute(resource, "Arn"), tuple(statements)))
    return found


def _role(template: Template, resource: Resource, attribute: AttributeResolver) -> Role:
    name = resource.logical_id
    if managed := resource.properties.get("ManagedPolicyArns"):
        raise RunError(f"{name} must have policies of the template (got {json.dumps(managed)}); write its statements")
    documents = [(name, policy["PolicyDocument"]) for policy in resource.properties.get("Policies", [])]
    documents += [
        (policy.logical_id, policy.properties["PolicyDocument"])
        for policy in template.of_type(*_POLICY_TYPES)
        if {"Ref": name} in policy.properties.get("Roles", [])
    ]
    grants = [
        grant
        for policy, document in documents
        for statement in _list(template.resolve(document, attribute)["Statement"])
        for grant in _grants(name, policy, statement)
    ]
    return Role(name, attribute(resource, "Arn"), _trusts(resource), tuple(grants))


def _grants(role: str, policy: str, statement: Mapping[str, Any]) -> Iterator[Grant]:
    if statement["Effect"] != "Allow" or not {"Action", "Resource"} <= set(statement):
        raise RunError(f"a statement of {policy} must allow actions on resources (got {json.dumps(statement)})")
    condition = json.dumps(statement["Condition"], sort_keys=True) if statement.get("Condition") else ""
    for action in _list(statement["Action"]):
        for resource in _list(statement["Resource"]):
            yield Grant(role, policy, action, resource, condition)


def _trusts(resource: Resource) -> frozenset[str]:
    """The services that a role's trust policy names, in whatever branch of it."""
    found: set[str] = set()

    def look(value: Any) -> None:  # noqa: ANN401 - any JSON
        if isinstance(value, Mapping):
            for kind in ("Service", "Federated"):
                principals = _list(value.get("Principal", {}).get(kind, [])) if "Principal" in value else []
                found.update(one for one in principals if isinstance(one, str))
            for item in value.values():
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)

    look(resource.properties.get("AssumeRolePolicyDocument", {}))
    return frozenset(found)


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    return value if isinstance(value, list) else [value]
