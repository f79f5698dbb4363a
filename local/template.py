"""A synthesized CloudFormation template, with its intrinsic functions resolved to local names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.errors import RunError

#: What the pseudo parameters stand for on this machine.
PSEUDO_PARAMETERS = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "000000000000",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/local/00000000-0000-0000-0000-000000000000",
    "AWS::StackName": "local",
}

#: Gives the value of an attribute of a resource; ``Ref`` is the attribute ``"Ref"``.
AttributeResolver = Callable[["Resource", str], str]


@dataclass(frozen=True)
class Resource:
    """One resource of the template; ``properties`` are as they stand there, unresolved."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]

    def arn(self, service: str, resource: str) -> str:
        """The ARN that the resource has on this machine."""
        region, account = PSEUDO_PARAMETERS["AWS::Region"], PSEUDO_PARAMETERS["AWS::AccountId"]
        return f"arn:aws:{service}:{region}:{account}:{resource}"


class Template:
    """A template whose values can be resolved, given the attributes of its resources."""

    def __init__(self, document: Mapping[str, Any], pseudo_parameters: Mapping[str, str] = PSEUDO_PARAMETERS) -> None:
        """Take the parsed JSON of a template.

        Args:
            document: The template.
            pseudo_parameters: What they stand for. Default: those of a stack that is not deployed.

        """
        self.document = document
        self._pseudo_parameters = pseudo_parameters
        self.resources = {
            logical_id: Resource(logical_id, body["Type"], body.get("Properties", {}))
            for logical_id, body in document["Resources"].items()
        }

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of these types, in the template's order."""
        return [resource for resource in self.resources.values() if resource.type in types]

    def resolve(self, value: Any, attribute: AttributeResolver) -> Any:  # noqa: ANN401 - any JSON
        """``value`` with every intrinsic function replaced by what it stands for.

        Raises:
            RunError: for a function, or an attribute, that has no local counterpart.

        """
        if isinstance(value, list):
            return [self.resolve(item, attribute) for item in value]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._intrinsic(name, argument, attribute)
        return {key: self.resolve(item, attribute) for key, item in value.items()}

    def _intrinsic(self, name: str, argument: Any, attribute: AttributeResolver) -> Any:  # noqa: ANN401 - any JSON
        match name:
            case "Ref":
                return self._reference(argument, attribute)
            case "Fn::GetAtt":
                logical_id, attribute_name = argument.split(".", 1) if isinstance(argument, str) else argument
                return attribute(self.resources[logical_id], attribute_name)
            case "Fn::Join":
                separator, parts = argument
                return str(separator).join(map(str, self.resolve(parts, attribute)))
            case "Fn::Select":
                index, items = argument
                return self.resolve(items, attribute)[int(index)]
            case "Fn::Split":
                separator, text = argument
                return str(self.resolve(text, attribute)).split(separator)
            case "Fn::GetAZs":
                return [f"{self._pseudo_parameters['AWS::Region']}{zone}" for zone in "abc"]
            case "Fn::If":
                condition, then, otherwise = argument
                chosen = then if self.resolve(self.document["Conditions"][condition], attribute) else otherwise
                return self.resolve(chosen, attribute)
            case "Fn::Equals":
                first, second = self.resolve(argument, attribute)
                return first == second
            case "Fn::Sub":
                return self._substitute(argument, attribute)
            case _:
                raise RunError(f"the template uses {name}, which the local run does not resolve")

    def _reference(self, name: str, attribute: AttributeResolver) -> Any:  # noqa: ANN401 - any JSON
        if name in self._pseudo_parameters:
            return self._pseudo_parameters[name]
        if name in self.resources:
            return attribute(self.resources[name], "Ref")
        parameter = self.document.get("Parameters", {}).get(name, {})
        if "Default" not in parameter:
            raise RunError(f"the template's parameter {name} has no default, so the local run cannot know it")
        return parameter["Default"]

    def _substitute(self, argument: Any, attribute: AttributeResolver) -> str:  # noqa: ANN401 - any JSON
        text, values = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in values:
                return str(self.resolve(values[name], attribute))
            if "." in name:
                return str(self._intrinsic("Fn::GetAtt", name, attribute))
            return str(self._reference(name, attribute))

        return re.sub(r"\$\{([^}]+)\}", value, text)
