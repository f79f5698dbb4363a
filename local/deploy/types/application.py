"""The Flink application and its logging option, as CloudFormation calls the service for them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.deploy.handler import Made, RefusedError, Request
from local.deploy.stack import Deployed, Stack
from local.deploy.types.base import Type

_AT_REST = ("READY", "RUNNING", "ROLLED_BACK")
_SECONDS = 900
#: What has its own calls, or no member of the update that is spelled like it.
_GROUPS, _VPC = "EnvironmentProperties", "VpcConfigurations"


class Application(Type):
    """``AWS::KinesisAnalyticsV2::Application``."""

    def create(self, request: Request) -> Made:
        """Create an application, which is READY then; somebody else starts it."""
        name = str(request.properties.get("ApplicationName", request.name))[:128]
        request.note(name)
        given = {key: value for key, value in request.properties.items() if key != "RunConfiguration"}
        self._service.create_application(**{**given, "ApplicationName": name})
        self._wait(name)
        return Made(physical_id=name)

    def update(self, request: Request, before: Deployed) -> Made:
        """Update what has changed; one that runs is restarted, with the template's run configuration."""
        name, wanted, had = before.physical_id, request.properties, before.properties
        detail = self._wait(name)
        configuration = wanted.get("ApplicationConfiguration", {})
        changed: dict[str, Any] = {}
        if configuration != had.get("ApplicationConfiguration", {}):
            changed["ApplicationConfigurationUpdate"] = _update(configuration)
        for key in ("RuntimeEnvironment", "ServiceExecutionRole"):
            if wanted.get(key) != had.get(key):
                changed[f"{key}Update"] = wanted[key]
        if "RunConfiguration" in wanted and (detail["ApplicationStatus"] == "RUNNING"):
            changed["RunConfigurationUpdate"] = wanted["RunConfiguration"]
        if changed:
            self._service.update_application(
                ApplicationName=name, CurrentApplicationVersionId=detail["ApplicationVersionId"], **changed
            )
            self._wait(name)
        return Made(physical_id=name)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it, and wait until it is gone."""
        name = resource.physical_id
        detail = self._wait(name)
        self._service.delete_application(ApplicationName=name, CreateTimestamp=detail["CreateTimestamp"])
        self._wait(name, gone=True)

    @property
    def _service(self) -> Any:  # noqa: ANN401 - boto3
        return self.client("kinesisanalyticsv2")

    def _wait(self, name: str, *, gone: bool = False) -> dict[str, Any]:
        """The application once nothing is under way with it."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            try:
                detail: dict[str, Any] = self._service.describe_application(ApplicationName=name)["ApplicationDetail"]
            except ClientError as error:
                if gone and error.response["Error"]["Code"] == "ResourceNotFoundException":
                    return {}
                raise
            if detail["ApplicationStatus"] in _AT_REST and not gone:
                return detail
            time.sleep(0.3)
        raise RefusedError(f"{name} is {detail['ApplicationStatus']} after {_SECONDS} s")


class LoggingOption(Type):
    """``AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption``."""

    def create(self, request: Request) -> Made:
        """Add the log stream to the application."""
        name = request.properties["ApplicationName"]
        service = self.client("kinesisanalyticsv2")
        detail = service.describe_application(ApplicationName=name)["ApplicationDetail"]
        made = service.add_application_cloud_watch_logging_option(
            ApplicationName=name,
            CurrentApplicationVersionId=detail["ApplicationVersionId"],
            CloudWatchLoggingOption=request.properties["CloudWatchLoggingOption"],
        )
        option = made["CloudWatchLoggingOptionDescriptions"][-1]["CloudWatchLoggingOptionId"]
        return Made(physical_id=f"{name}|{option}", attributes={"Id": option})

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Remove the log stream from the application."""
        name, _, option = resource.physical_id.partition("|")
        service = self.client("kinesisanalyticsv2")
        detail = service.describe_application(ApplicationName=name)["ApplicationDetail"]
        service.delete_application_cloud_watch_logging_option(
            ApplicationName=name,
            CurrentApplicationVersionId=detail["ApplicationVersionId"],
            CloudWatchLoggingOptionId=option,
        )


def _update(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """An ``ApplicationConfiguration`` as an ``ApplicationConfigurationUpdate``: each member's name ends in Update."""
    update = _renamed({key: value for key, value in configuration.items() if key not in (_GROUPS, _VPC)})
    groups = configuration.get(_GROUPS, {}).get("PropertyGroups", [])
    return {**update, "EnvironmentPropertyUpdates": {"PropertyGroups": groups}}


def _renamed(value: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{key}Update": _renamed(item) if isinstance(item, Mapping) else item for key, item in value.items()}
