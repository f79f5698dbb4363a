"""A stack and its template as one context makes them, for the tests to look at, and the contexts of each scenario."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from aws_cdk import App, Stack
from aws_cdk.assertions import Template

import scenarios
from stacks.project import file_context
from stacks.registry import add_stacks

APPLICATION = "AWS::KinesisAnalyticsV2::Application"
LIFECYCLE = "Custom::FlinkApplicationLifecycle"
BOOTSTRAP = "Custom::KafkaBootstrapBrokers"
STREAM = "AWS::Kinesis::Stream"
CLUSTER = "AWS::MSK::Cluster"
TOPIC = "AWS::MSK::Topic"
BUCKET = "AWS::S3::Bucket"
DOMAIN = "AWS::OpenSearchService::Domain"

#: Calls that know no narrower resource than all of them.
UNSCOPED = {
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
}
#: What Lambda asks of the role of any function inside a VPC: it makes the interfaces, and IAM cannot tell which.
FUNCTION_IN_VPC = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
}


@dataclass(frozen=True)
class Variant:
    """They are looked at, not changed."""

    stack: Stack
    template: Template

    @property
    def resources(self) -> dict[str, Any]:
        result: dict[str, Any] = self.template.to_json()["Resources"]
        return result

    @property
    def types(self) -> dict[str, str]:
        """The type of each resource by its logical id."""
        return {logical_id: body["Type"] for logical_id, body in self.resources.items()}

    def of_type(self, resource_type: str) -> dict[str, Any]:
        return dict(self.template.find_resources(resource_type))

    def application(self, name: str = "Flink") -> dict[str, Any]:
        """The application whose construct's id is ``name``."""
        [found] = [body for logical_id, body in self.of_type(APPLICATION).items() if logical_id.startswith(name)]
        return dict(found)

    def property_groups(self, name: str = "Flink") -> dict[str, dict[str, Any]]:
        configuration = self.application(name)["Properties"]["ApplicationConfiguration"]
        groups = configuration["EnvironmentProperties"]["PropertyGroups"]
        return {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}

    def application_role(self, name: str = "Flink") -> str:
        """The logical id of the role that the job has."""
        role: str = self.application(name)["Properties"]["ServiceExecutionRole"]["Fn::GetAtt"][0]
        return role

    @property
    def started(self) -> list[str]:
        """The logical ids of the applications that are started with the stack."""
        lifecycles = [body["Properties"] for body in self.of_type(LIFECYCLE).values()]
        return [properties["ApplicationName"]["Ref"] for properties in lifecycles if properties["Start"]]

    def lifecycle(self, name: str = "Flink") -> dict[str, Any]:
        """What starts and stops the application whose construct's id is ``name``."""
        [found] = [
            body
            for body in self.of_type(LIFECYCLE).values()
            if body["Properties"]["ApplicationName"]["Ref"].startswith(name)
        ]
        return dict(found)

    def unscoped_actions(self) -> set[str]:
        """The actions that some policy allows on all resources, and those that have a wildcard themselves."""
        found = set()
        for policy in self.of_type("AWS::IAM::Policy").values():
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                everywhere = statement["Resource"] == "*" or "*" in statement["Resource"]
                found |= {action for action in actions if everywhere or "*" in action}
        return found


def variants(scenario: str) -> Mapping[str, Mapping[str, Any]]:
    """What each variant of a scenario has in its context, beside ``cdk.json``, by the variant's name."""
    result: dict[str, dict[str, Any]] = _contexts(scenario).VARIANTS
    return result


def whole(scenario: str) -> tuple[str, ...]:
    """The variants of a scenario whose templates are kept and linted whole: the default and its extremes."""
    result: tuple[str, ...] = _contexts(scenario).WHOLE
    return result


def _contexts(scenario: str) -> ModuleType:
    """The module with the contexts, such as ``tests/stacks/data_generator_variants.py``."""
    return import_module(f"{__package__}.{scenarios.folder(scenario)}_variants")


def make(context: Mapping[str, Any]) -> Variant:
    """The one stack that ``context``, over ``cdk.json``, chooses; nothing is bundled, which takes Maven."""
    return _make(json.dumps({**file_context(), **context, "aws:cdk:bundling-stacks": []}, sort_keys=True))


@functools.cache
def _make(context: str) -> Variant:
    [stack] = add_stacks(App(context=json.loads(context)))
    return Variant(stack, Template.from_stack(stack))


def of(scenario: str, name: str) -> Variant:
    """The variant of a scenario by its name."""
    return make({"scenario": scenario, **variants(scenario)[name]})


def resolved(groups: Mapping[str, Mapping[str, Any]], texts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Property groups with a text, by ``group/key``, for what CloudFormation knows only when it deploys."""
    return {
        group: {key: value if isinstance(value, str) else texts[f"{group}/{key}"] for key, value in properties.items()}
        for group, properties in groups.items()
    }


def spelled(value: Any) -> str:
    """A value of the template as text, with the start of a logical id for what it refers to."""
    match value:
        case str():
            return value
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return re.sub("[0-9A-F]{8}$", "", name)
        case {"Fn::Join": [str(delimiter), list(items)]}:
            return delimiter.join(map(spelled, items))
        case {"Fn::Sub": str(text)}:
            return text
    raise ValueError(f"a resource must be a text, a join or a reference (got {value!r}); add a case")
