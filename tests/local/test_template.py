from typing import Any

import pytest

from local.errors import RunError
from local.template import Resource, Template

DOCUMENT = {
    "Parameters": {"Greeting": {"Type": "String", "Default": "hello"}, "Secret": {"Type": "String"}},
    "Conditions": {"InChina": {"Fn::Equals": [{"Ref": "AWS::Region"}, "cn-north-1"]}},
    "Resources": {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 2}}},
}


def attribute(resource: Resource, name: str) -> str:
    return f"{resource.logical_id}.{name}"


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("text", "text"),
        (3, 3),
        ([{"Ref": "Stream"}, True], ["Stream.Ref", True]),
        ({"a": {"Ref": "Stream"}, "b": 1}, {"a": "Stream.Ref", "b": 1}),
        ({"a": {"Ref": "Stream"}}, {"a": "Stream.Ref"}),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Greeting"}, "hello"),
        ({"Fn::GetAtt": ["Stream", "Arn"]}, "Stream.Arn"),
        ({"Fn::GetAtt": "Stream.Some.Thing"}, "Stream.Some.Thing"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stream"}]]}, "a-Stream.Ref"),
        ({"Fn::Select": [1, {"Fn::Split": [".", {"Ref": "Stream"}]}]}, "Ref"),
        ({"Fn::Sub": "${AWS::Partition}/${Stream}/${Stream.Arn}/${!kept}"}, "aws/Stream.Ref/Stream.Arn/${kept}"),
        ({"Fn::Select": [1, {"Fn::GetAZs": ""}]}, "us-east-1b"),
        ({"Fn::If": ["InChina", "yes", {"Ref": "Stream"}]}, "Stream.Ref"),
        ({"Fn::Sub": ["${a}", {"a": {"Ref": "Greeting"}}]}, "hello"),
    ],
)
def test_intrinsic_functions_are_resolved_to_local_values(value: Any, resolved: Any) -> None:
    assert Template(DOCUMENT).resolve(value, attribute) == resolved


def test_a_function_without_a_local_meaning_is_named() -> None:
    with pytest.raises(RunError, match="Fn::ImportValue"):
        Template(DOCUMENT).resolve({"Fn::ImportValue": "x"}, attribute)


def test_a_parameter_without_a_default_is_named() -> None:
    with pytest.raises(RunError, match="Secret"):
        Template(DOCUMENT).resolve({"Ref": "Secret"}, attribute)


def test_resources_are_found_by_their_type() -> None:
    (stream,) = Template(DOCUMENT).of_type("AWS::Kinesis::Stream")
    assert stream.properties == {"ShardCount": 2}
    assert stream.arn("kinesis", "stream/x") == "arn:aws:kinesis:us-east-1:000000000000:stream/x"
