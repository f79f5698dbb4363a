"""The AWS account and Region that the commands look at, or a local control plane in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from flink_apps.common.properties import nearest
from flink_constructs.lifecycle_handler.application import Application, code_of
from ops.errors import UsageError

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2.type_defs import ApplicationDetailTypeDef

_APPLICATION = "AWS::KinesisAnalyticsV2::Application"
_SERVICE = "kinesisanalyticsv2"


@dataclass(frozen=True)
class Account:
    """Where the applications are; ``endpoint`` takes the place of the address of their service alone."""

    region: str | None = None
    profile: str | None = None
    endpoint: str | None = None

    def client(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        """A client that retries what passes by itself."""
        session = boto3.Session(region_name=self.region, profile_name=self.profile)
        retries: Any = {"mode": "standard", "total_max_attempts": 5}
        endpoint = self.endpoint if service == _SERVICE else None
        return session.client(service, endpoint_url=endpoint, config=Config(retries=retries))  # type: ignore[call-overload]

    def names(self, stack: str | None = None) -> list[str]:
        """The applications of the account, or those of one stack.

        Raises:
            UsageError: for a stack that does not exist, or has none.

        """
        if stack is not None:
            return self._of_stack(stack)
        pages = self.client(_SERVICE).get_paginator("list_applications").paginate()
        return sorted(summary["ApplicationName"] for page in pages for summary in page["ApplicationSummaries"])

    def application(self, name: str) -> tuple[Application, ApplicationDetailTypeDef]:
        """An application, and how the service describes it now.

        Raises:
            UsageError: where there is none of this name.

        """
        application = Application(self.client(_SERVICE), name)
        detail = application.detail()
        if detail is None:
            raise UsageError(f"APPLICATION must be one of the account (got {name!r}); {_fix(name, self.names())}")
        return application, detail

    def _of_stack(self, stack: str) -> list[str]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        try:
            resources = [one for page in pages for one in page["StackResourceSummaries"]]
        except ClientError as error:
            if code_of(error) != "ValidationError":
                raise
            fix = "'aws cloudformation list-stacks' lists them"
            raise UsageError(f"--stack must be a stack of the account (got {stack!r}); {fix}") from error
        found = sorted(one["PhysicalResourceId"] for one in resources if one["ResourceType"] == _APPLICATION)
        if not found:
            raise UsageError(f"--stack must have an application (got {stack!r}, which has none)")
        return found


def _fix(name: str, known: list[str]) -> str:
    return nearest(name, known) if known else "there is none"
