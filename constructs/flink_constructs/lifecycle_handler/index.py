"""Starts and stops one application of Amazon Managed Service for Apache Flink, for a CloudFormation custom resource.

`on_event` only notes when the request came in; `is_complete`, which the provider framework polls, looks at the
application and takes the next step. Nothing is remembered between two polls: what was asked before is read from the
service's own account of operations, so a retried or repeated call does no harm.

Detected: a job that fails to start (the application is READY again), an update that the service rolled back, a start
that takes too long. Not detected: a job that starts, fails later and is restarted by Flink for ever; the service keeps
such an application RUNNING, and only its metrics (`fullRestarts`, `downtime`) show it.

Neither the event nor anything from it but the application's name is logged.

Source: https://docs.aws.amazon.com/managed-flink/latest/apiv2/Welcome.html
"""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - its name

from .root_cause import MESSAGE_LIMIT, root_cause, shortened

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import (
        ApplicationDetailTypeDef,
        ApplicationOperationInfoTypeDef,
        RunConfigurationTypeDef,
    )
    from mypy_boto3_logs import CloudWatchLogsClient

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

# The request may well succeed later: another operation is under way, or the service is short of breath.
TRANSIENT_ERRORS = frozenset(
    {
        "ConcurrentModificationException",
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceInUseException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
ACCESS_ERRORS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
# A new policy reaches all of IAM's endpoints within seconds, but not at once.
ACCESS_GRACE = timedelta(minutes=2)
# CloudFormation updates the application within this time before it calls here.
UPDATE_WINDOW = timedelta(hours=1)
# Where StopApplication takes Force=True; a normal stop needs RUNNING.
FORCE_STOPPABLE = frozenset({"STARTING", "UPDATING", "STOPPING", "AUTOSCALING", "RUNNING"})


class LifecycleError(Exception):
    """The application is not as the stack wants it; the message is what the stack event shows."""

    def __init__(self, message: str) -> None:
        super().__init__(shortened(message, MESSAGE_LIMIT))


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of CloudFormation, the same at every poll."""

    kind: str
    application_name: str
    since: datetime
    timeout: timedelta
    allow_non_restored_state: bool
    log_group_name: str
    log_stream_name: str
    start: bool = True

    @classmethod
    def from_event(cls, event: Mapping[str, Any], environment: Mapping[str, str]) -> Request:
        """Read the event that the provider framework passes to `is_complete`."""
        properties = event["ResourceProperties"]
        return cls(
            kind=event["RequestType"],
            # A delete is about the application that this resource stood for, also after a replacement.
            application_name=event["PhysicalResourceId"],
            since=datetime.fromtimestamp(float(event["Since"]), UTC),
            timeout=timedelta(seconds=int(environment["TIMEOUT_SECONDS"])),
            # CloudFormation passes every scalar as a text.
            allow_non_restored_state=str(properties.get("AllowNonRestoredState", "false")).lower() == "true",
            log_group_name=environment["LOG_GROUP_NAME"],
            log_stream_name=environment["LOG_STREAM_NAME"],
            start=str(properties.get("Start", "true")).lower() == "true",
        )


class Application:
    """The application as the service sees it: one method per question or order."""

    def __init__(self, client: KinesisAnalyticsV2Client, name: str) -> None:
        self.client = client
        self.name = name

    def detail(self) -> ApplicationDetailTypeDef | None:
        """Describe the application; None when there is none of this name."""
        try:
            return self.client.describe_application(ApplicationName=self.name)["ApplicationDetail"]
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            raise

    def newest_operation(self, *kinds: str, since: datetime) -> ApplicationOperationInfoTypeDef | None:
        """Return the newest operation of these kinds that began at or after ``since``."""
        newest: ApplicationOperationInfoTypeDef | None = None
        token: str | None = None
        while True:
            page = (
                self.client.list_application_operations(ApplicationName=self.name, NextToken=token)
                if token
                else self.client.list_application_operations(ApplicationName=self.name)
            )
            # The order of the list is not documented.
            for info in page.get("ApplicationOperationInfoList", []):
                if info["Operation"] in kinds and info["StartTime"] >= since:
                    newest = info if newest is None or info["StartTime"] > newest["StartTime"] else newest
            token = page.get("NextToken")
            if not token:
                return newest

    def failure_of(self, operation: ApplicationOperationInfoTypeDef | None) -> str:
        """Return the service's own words on why the operation failed; empty when it has none."""
        if operation is None or not operation.get("OperationId"):
            return ""
        try:
            details = self.client.describe_application_operation(
                ApplicationName=self.name, OperationId=operation["OperationId"]
            )["ApplicationOperationInfoDetails"]
        except (ClientError, BotoCoreError):
            logger.exception("%s: the failed operation could not be described", self.name)
            return ""
        return details.get("OperationFailureDetails", {}).get("ErrorInfo", {}).get("ErrorString", "")

    def start(self, detail: ApplicationDetailTypeDef, *, allow_non_restored_state: bool) -> None:
        """Start from the latest snapshot, when snapshots are on and there is one, else without state."""
        run: RunConfigurationTypeDef = {"FlinkRunConfiguration": {"AllowNonRestoredState": allow_non_restored_state}}
        # Said outright, because without it an earlier start's choice could still hold; left out without a snapshot,
        # because what "latest" does then is not documented.
        if snapshots_enabled(detail) and self.has_snapshot():
            run["ApplicationRestoreConfiguration"] = {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"}
        logger.info("%s: starting", self.name)
        self.client.start_application(ApplicationName=self.name, RunConfiguration=run)

    def has_snapshot(self) -> bool:
        """Tell whether a finished snapshot exists."""
        token: str | None = None
        while True:
            page = (
                self.client.list_application_snapshots(ApplicationName=self.name, NextToken=token)
                if token
                else self.client.list_application_snapshots(ApplicationName=self.name)
            )
            if any(one["SnapshotStatus"] == "READY" for one in page.get("SnapshotSummaries", [])):
                return True
            token = page.get("NextToken")
            if not token:
                return False

    def stop(self, *, force: bool) -> None:
        """Stop the application: with a snapshot when snapshots are on, without one by force."""
        logger.info("%s: stopping%s", self.name, " by force" if force else "")
        if force:
            self.client.stop_application(ApplicationName=self.name, Force=True)
        else:
            self.client.stop_application(ApplicationName=self.name)


def code_of(error: ClientError) -> str:
    """Return the service's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_transient(error: ClientError | BotoCoreError, elapsed: timedelta) -> bool:
    """Tell whether the same call may succeed at a later poll."""
    if not isinstance(error, ClientError):
        return isinstance(error, (ConnectionError, HTTPClientError))
    if code_of(error) in ACCESS_ERRORS:
        return elapsed < ACCESS_GRACE
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in TRANSIENT_ERRORS or status >= 500 or status == 429


def snapshots_enabled(detail: ApplicationDetailTypeDef) -> bool:
    """Tell whether the application keeps snapshots."""
    configuration = detail.get("ApplicationConfigurationDescription", {})
    return bool(configuration.get("ApplicationSnapshotConfigurationDescription", {}).get("SnapshotsEnabled", False))


def ensure_started(
    request: Request, service: KinesisAnalyticsV2Client, logs: CloudWatchLogsClient, now: datetime
) -> bool:
    """Take the next step of a create or update; True when the application runs what the stack asked for.

    Raises:
        LifecycleError: it will not run: the job did not start, the update was rolled back, or the time is over.
    """
    application = Application(service, request.application_name)
    elapsed = now - request.since
    status = "unknown"

    def fail(what: str, operation: ApplicationOperationInfoTypeDef | None) -> LifecycleError:
        began = operation["StartTime"] if operation else request.since
        cause = root_cause(logs, request.log_group_name, request.log_stream_name, began)
        return LifecycleError(failure_message(request, what, cause, application.failure_of(operation)))

    try:
        detail = application.detail()
        if detail is None:
            raise LifecycleError(f"{request.application_name} does not exist any more: it was deleted elsewhere")
        status = detail["ApplicationStatus"]
        logger.info("%s: %s", request.application_name, status)
        if status == "RUNNING":
            latest = application.newest_operation(
                "StartApplication", "UpdateApplication", since=request.since - UPDATE_WINDOW
            )
            # On a running application, an update that failed is one that the service rolled back.
            if request.kind == "Update" and latest and latest["Operation"] == "UpdateApplication":
                if latest["OperationStatus"] == "FAILED":
                    raise fail("was rolled back to its previous version", latest)
                if latest["OperationStatus"] != "IN_PROGRESS":
                    return True
            else:
                return True
        elif status == "READY":
            # The service's clock may cut off what is below a second.
            started = application.newest_operation("StartApplication", since=request.since.replace(microsecond=0))
            if started is None:
                application.start(detail, allow_non_restored_state=request.allow_non_restored_state)
            elif started["OperationStatus"] != "IN_PROGRESS":
                raise fail("did not start", started)
        elif status == "ROLLED_BACK":
            latest = application.newest_operation("UpdateApplication", since=request.since - UPDATE_WINDOW)
            raise fail("was rolled back to its previous version", latest)
        elif status == "DELETING":
            raise LifecycleError(f"{request.application_name} did not start: it is being deleted")
        # Every other status, also one that is not known yet, passes by itself.
    except (ClientError, BotoCoreError) as error:
        if not is_transient(error, elapsed):
            raise LifecycleError(failure_message(request, "did not start", "", str(error))) from error
        reason = code_of(error) if isinstance(error, ClientError) else type(error).__name__
        logger.warning("%s: trying again later: %s", request.application_name, reason)
    if elapsed >= request.timeout:
        minutes = request.timeout.total_seconds() / 60
        raise fail(f"did not start within {minutes:g} minutes (its status is {status})", None)
    return False


def failure_message(request: Request, what: str, cause: str, service_says: str) -> str:
    """Put the root cause first: the stack event is cut off at its end."""
    parts = [f"{request.application_name} {what}"]
    if cause:
        parts.append(f"root cause: {shortened(cause, 450)}")
    if service_says:
        parts.append(f"the service says: {shortened(service_says, 250)}")
    place = f"{request.log_group_name}, stream {request.log_stream_name}"
    return "; ".join([*parts, f"the whole log: {shortened(place, 200)}"])


def ensure_stopped(request: Request, service: KinesisAnalyticsV2Client, now: datetime) -> bool:
    """Take the next step of a delete; True when CloudFormation can delete the application.

    Never raises: deleting an application halts it as well, so that the worst end is an unclean stop, said in the log,
    and never a stack that cannot be deleted.
    """
    application = Application(service, request.application_name)
    elapsed = now - request.since
    patience_over = elapsed >= request.timeout / 2
    try:
        detail = application.detail()
        status = detail["ApplicationStatus"] if detail else "gone"
        logger.info("%s: %s", request.application_name, status)
        # ROLLED_BACK takes no stop that is documented; the deletion itself halts it.
        if status in {"gone", "READY", "DELETING", "ROLLED_BACK"}:
            return True
        if status == "RUNNING":
            stop_running(application, request, force=patience_over)
        elif status in FORCE_STOPPABLE and (status == "STARTING" or patience_over):
            # A start that is not over has nothing to keep; the others get their time to end cleanly.
            application.stop(force=True)
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and code_of(error) == "ResourceNotFoundException":
            return True
        if not is_transient(error, elapsed):
            logger.exception("%s: could not be stopped", request.application_name)
            # The application of before a replacement is out of this role's reach: nothing to wait for.
            if isinstance(error, ClientError) and code_of(error) in ACCESS_ERRORS:
                return True
    if elapsed >= request.timeout:
        logger.warning("%s: still not stopped; its deletion will halt it", request.application_name)
        return True
    return False


def stop_running(application: Application, request: Request, *, force: bool) -> None:
    """Stop a running application, by force once a normal stop has failed."""
    if not force:
        # Running again after a stop: its snapshot failed.
        stop = application.newest_operation("StopApplication", since=request.since.replace(microsecond=0))
        force = stop is not None and stop["OperationStatus"] in {"FAILED", "CANCELLED"}
    try:
        application.stop(force=force)
    except ClientError as error:
        # What the service answers when it cannot take the snapshot.
        if force or code_of(error) not in {"InvalidApplicationConfigurationException", "InvalidRequestException"}:
            raise
        application.stop(force=True)


@functools.cache
def clients() -> tuple[KinesisAnalyticsV2Client, CloudWatchLogsClient]:
    """Make the clients once per function instance."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5, read_timeout=15)
    return boto3.client("kinesisanalyticsv2", config=config), boto3.client("logs", config=config)


def on_event(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Note the time of the request; the work is `is_complete`'s. Returns the id and what the polls need to know."""
    name = event["ResourceProperties"]["ApplicationName"]
    if event["RequestType"] == "Delete":
        name = event["PhysicalResourceId"]
    return {"PhysicalResourceId": name, "Since": time.time()}


def step(
    request: Request, service: KinesisAnalyticsV2Client, logs: CloudWatchLogsClient, now: datetime
) -> dict[str, Any]:
    """Take one step towards what the request asks for, and tell whether it is reached.

    Raises:
        LifecycleError: a create or update failed.
    """
    if request.kind == "Delete":
        return {"IsComplete": ensure_stopped(request, service, now)}
    if not request.start:
        # Whoever starts it does so by hand; it is this resource's to stop it before it is deleted.
        return {"IsComplete": True}
    return {"IsComplete": ensure_started(request, service, logs, now)}


def is_complete(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one poll of the provider framework.

    Raises:
        LifecycleError: a create or update failed; its message ends in the stack event.
    """
    service, logs = clients()
    return step(Request.from_event(event, os.environ), service, logs, datetime.now(UTC))
