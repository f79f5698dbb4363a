"""A strict stand-in of CloudFormation for what the lifecycle handler asks of its own stack."""

from __future__ import annotations

from typing import Any

from tests.constructs.client_model import check, client_error, service_model
from tests.managed_flink import START

STACK_ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/lottery/0a1b2c3d"


class FakeCloudFormation:
    """One stack, with the physical ids of the resources that it has begun to create."""

    def __init__(self, **physical_ids: str) -> None:
        self.model = service_model("cloudformation")
        self.status = "UPDATE_IN_PROGRESS"
        self.physical_ids = physical_ids
        self.errors: list[str] = []

    def describe_stacks(self, **parameters: Any) -> dict[str, Any]:
        self.call("DescribeStacks", parameters)
        stack = {"StackName": "lottery", "CreationTime": START, "StackStatus": self.status}
        return self.answer("DescribeStacks", {"Stacks": [stack]})

    def describe_stack_resource(self, **parameters: Any) -> dict[str, Any]:
        self.call("DescribeStackResource", parameters)
        name = parameters["LogicalResourceId"]
        if name not in self.physical_ids:
            raise client_error("ValidationError", "DescribeStackResource", f"Resource {name} does not exist for stack")
        detail = {
            "LogicalResourceId": name,
            "PhysicalResourceId": self.physical_ids[name],
            "ResourceType": "AWS::KinesisAnalyticsV2::Application",
            "LastUpdatedTimestamp": START,
            "ResourceStatus": "CREATE_COMPLETE",
        }
        return self.answer("DescribeStackResource", {"StackResourceDetail": detail})

    def call(self, operation: str, parameters: dict[str, Any]) -> None:
        check(self.model, operation, parameters)
        assert parameters["StackName"] == STACK_ID
        if self.errors:
            raise client_error(self.errors.pop(0), operation)

    def answer(self, operation: str, response: dict[str, Any]) -> dict[str, Any]:
        check(self.model, operation, response, output=True)
        return response
