"""What belongs to an application beside its job: tags, log streams, VPC, maintenance, and the address of its UI."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from local.services.managed_flink import configuration as rules
from local.services.managed_flink.core import AT_REST, Core
from local.services.managed_flink.model import RefusedError
from local.services.managed_flink.state import Application

#: Tags that a user gives (https://docs.aws.amazon.com/managed-flink/latest/java/how-tagging.html).
MAX_TAGS = 50
#: How long an address of the UI can be used for the first time.
FIRST_USE = timedelta(minutes=3)
Parameters = Mapping[str, Any]


def checked_tags(present: Mapping[str, str], given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags with those that are given.

    Raises:
        RefusedError: for too many, or a name that AWS keeps for itself.

    """
    added = {tag["Key"]: tag.get("Value", "") for tag in given}
    for name in added:
        if name.lower().startswith("aws:"):
            raise RefusedError("InvalidArgumentException", f"Key must not begin with aws: (got {name!r})")
    tags = {**present, **added}
    if len(tags) > MAX_TAGS:
        raise RefusedError("TooManyTagsException", f"an application has at most {MAX_TAGS} tags (got {len(tags)})")
    return tags


def logging_options(given: Iterable[Mapping[str, str]], *, version: int) -> list[Mapping[str, str]]:
    """The log streams that a version adds, with their ids."""
    return [
        {"CloudWatchLoggingOptionId": f"{version}.{number}", "LogStreamARN": option["LogStreamARN"]}
        for number, option in enumerate(given, start=1)
    ]


class OptionCalls(Core):
    """The calls about what belongs to an application beside its job."""

    def tag_resource(self, parameters: Parameters) -> dict[str, Any]:
        """Add tags, or change them."""
        application = self._by_arn(parameters["ResourceARN"])
        application.tags = checked_tags(application.tags, parameters["Tags"])
        return {}

    def untag_resource(self, parameters: Parameters) -> dict[str, Any]:
        """Remove tags; those that are not there do not matter."""
        application = self._by_arn(parameters["ResourceARN"])
        application.tags = {key: value for key, value in application.tags.items() if key not in parameters["TagKeys"]}
        return {}

    def list_tags_for_resource(self, parameters: Parameters) -> dict[str, Any]:
        """The tags, by their names; an empty list is none that the service's model knows."""
        tags = self._by_arn(parameters["ResourceARN"]).tags
        return {"Tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)]} if tags else {}

    def add_application_cloud_watch_logging_option(self, parameters: Parameters) -> dict[str, Any]:
        """Add a log stream; a job that runs is restarted with it."""
        kind = "AddApplicationCloudWatchLoggingOption"
        application = self._changeable(kind, parameters)
        present = application.version.logging_options
        stream = parameters["CloudWatchLoggingOption"]["LogStreamARN"]
        if any(option["LogStreamARN"] == stream for option in present):
            raise RefusedError("InvalidArgumentException", f"LogStreamARN must be a new one (got {stream!r})")
        added = logging_options([parameters["CloudWatchLoggingOption"]], version=application.version.number + 1)
        return self._with_logging(application, kind, [*present, *added])

    def delete_application_cloud_watch_logging_option(self, parameters: Parameters) -> dict[str, Any]:
        """Remove a log stream; a job that runs is restarted without it."""
        kind = "DeleteApplicationCloudWatchLoggingOption"
        application = self._changeable(kind, parameters)
        identifier = parameters["CloudWatchLoggingOptionId"]
        present = application.version.logging_options
        rest = [option for option in present if option["CloudWatchLoggingOptionId"] != identifier]
        if len(rest) == len(present):
            raise RefusedError("ResourceNotFoundException", f"there is no CloudWatchLoggingOptionId {identifier!r}")
        return self._with_logging(application, kind, rest)

    def add_application_vpc_configuration(self, parameters: Parameters) -> dict[str, Any]:
        """Add the VPC; a job that runs is restarted in it."""
        kind = "AddApplicationVpcConfiguration"
        application = self._changeable(kind, parameters)
        version = application.version
        configuration = rules.with_vpc(
            version.configuration, parameters["VpcConfiguration"], version=version.number + 1
        )
        operation = self.apply(application, kind, configuration=configuration)
        return {
            **self._changed(application, operation.id),
            "VpcConfigurationDescription": configuration["VpcConfigurations"][-1],
        }

    def delete_application_vpc_configuration(self, parameters: Parameters) -> dict[str, Any]:
        """Remove the VPC; a job that runs is restarted outside of it."""
        kind = "DeleteApplicationVpcConfiguration"
        application = self._changeable(kind, parameters)
        configuration = rules.without_vpc(application.version.configuration, parameters["VpcConfigurationId"])
        operation = self.apply(application, kind, configuration=configuration)
        return self._changed(application, operation.id)

    def update_application_maintenance_configuration(self, parameters: Parameters) -> dict[str, Any]:
        """Change when the service may patch the application."""
        application = self.application("UpdateApplicationMaintenanceConfiguration", parameters, *AT_REST)
        update = parameters["ApplicationMaintenanceConfigurationUpdate"]
        application.maintenance_window = update["ApplicationMaintenanceWindowStartTimeUpdate"]
        described = application.detail()["ApplicationMaintenanceConfigurationDescription"]
        return {"ApplicationARN": application.arn, "ApplicationMaintenanceConfigurationDescription": described}

    def create_application_presigned_url(self, parameters: Parameters) -> dict[str, Any]:
        """Give an address of Flink's UI, which has to be used for the first time within three minutes."""
        application = self.application("CreateApplicationPresignedUrl", parameters, "RUNNING")
        if parameters["UrlType"] != "FLINK_DASHBOARD_URL":
            raise RefusedError(
                "InvalidArgumentException", f"UrlType must be FLINK_DASHBOARD_URL (got {parameters['UrlType']})"
            )
        now, token = self.clock.now(), secrets.token_urlsafe(32)
        valid = {token: (name, until) for token, (name, until) in self.ui_tokens.items() if now < until}
        self.ui_tokens = {**valid, token: (application.name, now + FIRST_USE)}
        return {"AuthorizedUrl": f"{self.address}/flinkdashboard/{application.name}?authToken={token}"}

    def dashboard(self, application: str, token: str) -> str | None:
        """Where an address of the UI leads; None where it does not, any more."""
        with self.lock:
            name, until = self.ui_tokens.get(token, ("", self.clock.now()))
            found = self.applications.get(name)
            valid = name == application and self.clock.now() < until and found and found.status == "RUNNING"
            return self.engine.dashboard(name) if valid else None

    def _changeable(self, operation: str, parameters: Parameters) -> Application:
        application = self.application(operation, parameters, *AT_REST)
        self.check_current(application, parameters)
        return application

    def _with_logging(
        self, application: Application, kind: str, options: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        operation = self.apply(application, kind, logging_options=options)
        return {
            **self._changed(application, operation.id),
            "CloudWatchLoggingOptionDescriptions": [dict(option) for option in options],
        }

    def _changed(self, application: Application, operation_id: str) -> dict[str, Any]:
        return {
            "ApplicationARN": application.arn,
            "ApplicationVersionId": application.version.number,
            "OperationId": operation_id,
        }

    def _by_arn(self, arn: str) -> Application:
        for application in self.applications.values():
            if application.arn == arn:
                return application
        raise RefusedError("ResourceNotFoundException", f"there is no application {arn}")
