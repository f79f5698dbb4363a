from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.constructs.checks import lint
from tests.stacks.distinct import DistinctLinter

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}}
OTHER_QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 2}}
WRONG_QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red"}}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Principal": {"AWS": "*"}, "Resource": "*"}],
}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "trips"}}


def subscription(attribute: str = "Arn") -> dict[str, Any]:
    properties = {"Protocol": "sqs", "TopicArn": {"Ref": "Topic"}, "Endpoint": {"Fn::GetAtt": ["Queue", attribute]}}
    return {"Type": "AWS::SNS::Subscription", "Properties": properties}


def template(**resources: Mapping[str, Any]) -> dict[str, Any]:
    return {"Resources": resources}


WHOLE = template(Queue=QUEUE, Topic=TOPIC, Subscription=subscription())


class Recorder:
    """cfn-lint, and the names of the resources that it was given each time."""

    def __init__(self) -> None:
        self.given: list[set[str]] = []

    def __call__(self, template: Mapping[str, Any]) -> list[str]:
        self.given.append(set(template["Resources"]))
        return lint(template)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def linter(recorder: Recorder) -> DistinctLinter:
    """One that has seen the whole template."""
    linter = DistinctLinter(recorder)
    assert linter.lint_whole(WHOLE) == []
    recorder.given.clear()
    return linter


def test_what_an_earlier_template_had_is_not_linted_again(linter: DistinctLinter, recorder: Recorder) -> None:
    assert linter.lint(WHOLE) == []
    assert recorder.given == []


def test_a_new_resource_is_linted_beside_what_it_names(linter: DistinctLinter, recorder: Recorder) -> None:
    changed = {**WHOLE["Resources"], "Queue": OTHER_QUEUE, "Another": QUEUE}
    assert linter.lint(template(**changed)) == []
    policy = {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": POLICY}}
    assert linter.lint(template(**changed, Policy=policy)) == []
    assert recorder.given == [{"Queue"}, {"Policy", "Topic"}]


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"Another": WRONG_QUEUE}, "E3002 at Resources/Another/Properties/Colour: "),
        ({"Subscription": subscription("Colour")}, "E1010 at Resources/Subscription/Properties/Endpoint/Fn::GetAtt/1"),
        ({"Queue": TOPIC}, "E1010 at Resources/Subscription/Properties/Endpoint/Fn::GetAtt/1"),
        ({"Another": {**QUEUE, "DependsOn": "Nothing"}}, "E3005 at Resources/Another/DependsOn: "),
    ],
    ids=["a resource by itself", "an attribute that is none", "what a known resource names", "a dependency on nothing"],
)
def test_what_is_wrong_in_a_later_template_is_found_each_time(
    linter: DistinctLinter, changes: Mapping[str, Any], finding: str
) -> None:
    for _ in range(2):
        [found, *_] = linter.lint(template(**{**WHOLE["Resources"], **changes}))
        assert found.startswith(finding)


def test_a_known_resource_whose_target_is_gone_is_found(linter: DistinctLinter) -> None:
    found = linter.lint(template(Queue=QUEUE, Subscription=subscription()))
    assert [finding.split(":")[0] for finding in found] == ["E1020 at Resources/Subscription/Properties/TopicArn/Ref"]


def test_a_wrong_output_is_found(linter: DistinctLinter) -> None:
    outputs = {"Name": {"Value": {"Fn::GetAtt": ["Queue", "Colour"]}}}
    [found] = linter.lint({**WHOLE, "Outputs": outputs})
    assert found.startswith("E6101 at Outputs/Name/Value/Fn::GetAtt/1")


def test_what_was_wrong_in_a_whole_template_is_not_taken_for_good() -> None:
    linter = DistinctLinter()
    wrong = template(Queue=WRONG_QUEUE)
    assert linter.lint_whole(wrong) == linter.lint(wrong) != []
