"""What tests of constructs and stacks ask: where to build, what cdk-nag and cfn-lint find, what a role may do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner
from constructs import IConstruct

#: Stacks are built without an account and a Region, and with them.
AGNOSTIC = None
CONCRETE = Environment(account="123456789012", region="eu-west-1")

_IGNORED_CHECKS = [
    "W3005",  # the CDK writes dependencies twice: DependsOn beside a reference
]


def new_stack(env: Environment | None = AGNOSTIC, *, context: Mapping[str, Any] | None = None) -> Stack:
    """Make an empty stack in an app of its own; an empty context stands for the CDK's defaults."""
    return Stack(App(context=context), "Test", env=env)


def findings(scope: IConstruct) -> list[str]:
    """What the AwsSolutions pack of cdk-nag finds under ``scope`` and nobody acknowledged, as ``rule at path``."""
    report = AwsSolutionsChecks(scope).validate_scope(scope)
    return [
        f"{violation.rule_name} at {resource.construct_path}"
        for violation in report.violations
        for resource in violation.violating_resources
    ]


def lint(template: Template | Mapping[str, Any], *, region: str = "us-east-1") -> list[str]:
    """What cfn-lint says of the template, warnings included, as ``check at path: message``."""
    body = template.to_json() if isinstance(template, Template) else template
    decoded, errors = decode_str(json.dumps(body))
    matches = errors or _runner(region).validate_template(decoded)
    return [f"{match.rule.id} at {'/'.join(map(str, match.path or []))}: {match.message}" for match in matches]


@cache
def _runner(region: str) -> Runner:
    """Reading cfn-lint's 300 rules takes a third of what it takes to apply them to a stack."""
    return Runner(ConfigMixIn(regions=[region], ignore_checks=_IGNORED_CHECKS))


def only(template: Template, resource_type: str) -> dict[str, Any]:
    """The one resource of that type, with its logical id under ``LogicalId``."""
    found = template.find_resources(resource_type)
    assert len(found) == 1, f"{len(found)} resources of type {resource_type}"
    [(logical_id, resource)] = found.items()
    return {"LogicalId": logical_id, **resource}


def permissions(template: Template, *, of: str) -> list[tuple[list[str], list[Any]]]:
    """Actions and resources of each statement in the policies of the role whose logical id starts with ``of``."""
    statements = [
        statement
        for policy in template.find_resources("AWS::IAM::Policy").values()
        for role in policy["Properties"]["Roles"]
        if role["Ref"].startswith(of)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    assert all(statement["Effect"] == "Allow" for statement in statements)
    return [(_list(statement["Action"]), _list(statement["Resource"])) for statement in statements]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
