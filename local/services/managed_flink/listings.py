"""What is asked about applications: themselves, their versions, and their operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.services.managed_flink.core import Core
from local.services.managed_flink.model import RefusedError
from local.services.managed_flink.state import Operation

Parameters = Mapping[str, Any]


class ListingCalls(Core):
    """The calls that change nothing."""

    def describe_application(self, parameters: Parameters) -> dict[str, Any]:
        """An application; its job's plan where that is asked for."""
        application = self.application("DescribeApplication", parameters)
        wanted = parameters.get("IncludeAdditionalDetails") and application.status == "RUNNING"
        plan = self.engine.plan(application.name) if wanted else None
        return {"ApplicationDetail": application.detail(plan=plan)}

    def list_applications(self, parameters: Parameters) -> dict[str, Any]:
        """The applications, by their names; the token is the name of the last one of the page before."""
        after = parameters.get("NextToken", "")
        names = sorted(name for name in self.applications if name > after)
        shown = names[: min(parameters.get("Limit", self.per_page), self.per_page)]
        following = {"NextToken": shown[-1]} if len(shown) < len(names) else {}
        return {"ApplicationSummaries": [self.applications[name].summary() for name in shown], **following}

    def list_application_operations(self, parameters: Parameters) -> dict[str, Any]:
        """What was asked for, the newest one first."""
        kind = "ListApplicationOperations"
        wanted = [
            one
            for one in reversed(self.application(kind, parameters).operations)
            if parameters.get("Operation", one.kind) == one.kind
            and parameters.get("OperationStatus", one.status) == one.status
        ]
        shown, following = self.page(kind, wanted, parameters, Operation.summary)
        return {"ApplicationOperationInfoList": shown, **following}

    def describe_application_operation(self, parameters: Parameters) -> dict[str, Any]:
        """One operation, with the reason of its failure."""
        for one in self.application("DescribeApplicationOperation", parameters).operations:
            if one.id == parameters["OperationId"]:
                return {"ApplicationOperationInfoDetails": one.details(self.clock.now())}
        raise RefusedError("ResourceNotFoundException", f"there is no operation {parameters['OperationId']!r}")

    def list_application_versions(self, parameters: Parameters) -> dict[str, Any]:
        """The versions, the newest one first."""
        kind = "ListApplicationVersions"
        application = self.application(kind, parameters)
        newest_first = list(reversed(application.versions))
        shown, following = self.page(
            kind,
            newest_first,
            parameters,
            lambda version: {
                "ApplicationVersionId": version.number,
                "ApplicationStatus": application.status_of(version),
            },
        )
        return {"ApplicationVersionSummaries": shown, **following}

    def describe_application_version(self, parameters: Parameters) -> dict[str, Any]:
        """One version."""
        application = self.application("DescribeApplicationVersion", parameters)
        for version in application.versions:
            if version.number == parameters["ApplicationVersionId"]:
                return {"ApplicationVersionDetail": application.detail(version)}
        raise RefusedError("ResourceNotFoundException", f"there is no version {parameters['ApplicationVersionId']}")
