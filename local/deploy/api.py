"""What CloudFormation itself is asked by the functions of a stack, over HTTP: the Query protocol, with XML."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from local.deploy.stack import RECORD, STACK_TYPE


class _UnknownError(Exception):
    """There is no such stack or resource: what the service calls a ``ValidationError``."""


def respond(request: Request, stacks: Path) -> Response:
    """Answer a call about one of the stacks below a folder."""
    operation = request.form.get("Action", "")
    answer = _OPERATIONS.get(operation)
    if answer is None:
        return _error("InvalidAction", f"{operation or 'no action'} is not there for a stack that is rehearsed")
    try:
        result = answer(_stack(stacks, request.form.get("StackName", "")), request.form)
    except _UnknownError as error:
        return _error("ValidationError", str(error))
    return _xml(f"{operation}Response", f"<{operation}Result>{result}</{operation}Result>")


def _stack(stacks: Path, name: str) -> Mapping[str, Any]:
    for record in sorted(stacks.glob(f"*/{RECORD}")):
        stack: Mapping[str, Any] = json.loads(record.read_text())
        if stack["id"] and name in (stack["id"], stack["name"]):
            return stack
    raise _UnknownError(f"Stack with id {name} does not exist")


def _describe_stacks(stack: Mapping[str, Any], _form: Mapping[str, str]) -> str:
    outputs = (_members({"OutputKey": key, "OutputValue": value}) for key, value in stack["outputs"].items())
    described = {
        "StackName": stack["name"],
        "StackId": stack["id"],
        "StackStatus": stack["status"],
        "CreationTime": _created(stack),
    }
    return _list("Stacks", [_members(described) + _list("Outputs", outputs)])


def _describe_stack_resource(stack: Mapping[str, Any], form: Mapping[str, str]) -> str:
    name = form.get("LogicalResourceId", "")
    if name not in stack["resources"]:
        raise _UnknownError(f"Resource {name} does not exist for stack {stack['name']}")
    return f"<StackResourceDetail>{_resource(stack, name, 'LastUpdatedTimestamp')}</StackResourceDetail>"


def _describe_stack_resources(stack: Mapping[str, Any], _form: Mapping[str, str]) -> str:
    return _list("StackResources", (_resource(stack, name, "Timestamp") for name in stack["resources"]))


def _list_stack_resources(stack: Mapping[str, Any], _form: Mapping[str, str]) -> str:
    return _list(
        "StackResourceSummaries", (_resource(stack, name, "LastUpdatedTimestamp") for name in stack["resources"])
    )


def _describe_stack_events(stack: Mapping[str, Any], _form: Mapping[str, str]) -> str:
    told = [
        {
            "EventId": str(number),
            "StackId": stack["id"],
            "StackName": stack["name"],
            "LogicalResourceId": event["logical_id"],
            "ResourceType": event["type"],
            "ResourceStatus": event["status"],
            "ResourceStatusReason": event["reason"],
            "Timestamp": event["at"],
        }
        for number, event in enumerate(stack["events"])
    ]
    return _list("StackEvents", map(_members, reversed(told)))


_OPERATIONS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, str]], str]] = {
    "DescribeStacks": _describe_stacks,
    "DescribeStackResource": _describe_stack_resource,
    "DescribeStackResources": _describe_stack_resources,
    "DescribeStackEvents": _describe_stack_events,
    "ListStackResources": _list_stack_resources,
}


def _resource(stack: Mapping[str, Any], name: str, time: str) -> str:
    resource = stack["resources"][name]
    return _members(
        {
            "StackName": stack["name"],
            "StackId": stack["id"],
            "LogicalResourceId": name,
            "PhysicalResourceId": resource["physical_id"],
            "ResourceType": resource["type"],
            time: _created(stack),
            "ResourceStatus": resource["status"],
        }
    )


def _created(stack: Mapping[str, Any]) -> str:
    return str(next(event["at"] for event in stack["events"] if event["type"] == STACK_TYPE))


def _members(values: Mapping[str, str]) -> str:
    return "".join(f"<{key}>{escape(value)}</{key}>" for key, value in values.items() if value)


def _list(name: str, items: Iterable[str]) -> str:
    return f"<{name}>{''.join(f'<member>{item}</member>' for item in items)}</{name}>"


def _error(code: str, message: str) -> Response:
    return _xml(
        "ErrorResponse", f"<Error><Type>Sender</Type>{_members({'Code': code, 'Message': message})}</Error>", 400
    )


def _xml(name: str, body: str, status: int = 200) -> Response:
    metadata = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    return Response(f"<{name}>{body}{metadata}</{name}>", status=status, content_type="text/xml")
