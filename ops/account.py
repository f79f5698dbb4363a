"""The AWS account and Region that the commands look at, or a local control plane in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from flink_apps.common.properties import nearest
from flink_constructs.lifecycle_handler.application import Application
from ops.errors import UsageError

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2.type_defs import ApplicationDetailTypeDef

#: The tag that CloudFormation gives each resource of a stack.
_STACK = "aws:cloudformation:stack-name"
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
            UsageError: for a stack that has none.

        """
        client = self.client(_SERVICE)
        pages = client.get_paginator("list_applications").paginate()
        found = [summary for page in pages for summary in page["ApplicationSummaries"]]
        if stack is None:
            return sorted(summary["ApplicationName"] for summary in found)
        stacks = {one["ApplicationName"]: self._stack(client, one["ApplicationARN"]) for one in found}
        if stack not in stacks.values():
            known = sorted({one for one in stacks.values() if one})
            raise UsageError(f"--stack must be a stack with an application (got {stack!r}); {_fix(stack, known)}")
        return sorted(name for name, of in stacks.items() if of == stack)

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

    @staticmethod
    def _stack(client: Any, arn: str) -> str:  # noqa: ANN401 - its type is not there at run time
        tags = client.list_tags_for_resource(ResourceARN=arn).get("Tags", [])
        return next((str(tag["Value"]) for tag in tags if tag["Key"] == _STACK), "")


def _fix(name: str, known: list[str]) -> str:
    return nearest(name, known) if known else "there is none"
