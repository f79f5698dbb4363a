"""Starts and stops one application of Amazon Managed Service for Apache Flink, for a CloudFormation custom resource.

`on_event` only notes when the request came in; `is_complete`, which the provider framework polls, looks at the
application and takes the next step. Nothing is remembered between two polls: what was asked before is read from the
service's own account of operations, so a retried or repeated call does no harm.

Detected: a job that fails to start (the application is READY again), an update that the service rolled back, a start
that takes too long, and a job that restarts in a loop or whose Python process failed while the service says RUNNING.
Such a job is stopped by force before the request fails, so that CloudFormation's way back to the previous version
needs no snapshot of it. Not detected: a job that fails later; only its metrics (`fullRestarts`, `downtime`) show it.

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
from botocore.exceptions import BotoCoreError, ClientError

from . import before_update
from .application import ACCESS_ERRORS, Application, Choice, LifecycleError, code_of, is_transient
from .root_cause import root_cause, shortened
from .stability import Course, course

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import ApplicationDetailTypeDef, ApplicationOperationInfoTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

# CloudFormation updates the application within this time before it calls here.
UPDATE_WINDOW = timedelta(hours=1)
# Where StopApplication takes Force=True; a normal stop needs RUNNING.
FORCE_STOPPABLE = frozenset({"STARTING", "UPDATING", "STOPPING", "AUTOSCALING", "RUNNING"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of CloudFormation, the same at every poll."""

    kind: str
    application_name: str
    since: datetime
    timeout: timedelta
    stable_for: timedelta
    choice: Choice
    log_group_name: str
    log_stream_name: str
    start: bool = True

    @classmethod
    def from_event(cls, event: Mapping[str, Any], environment: Mapping[str, str]) -> Request:
        """Read the event that the provider framework passes to `is_complete`."""
        return cls(
            kind=event["RequestType"],
            # A delete is about the application that this resource stood for, also after a replacement.
            application_name=event["PhysicalResourceId"],
            since=datetime.fromtimestamp(float(event["Since"]), UTC),
            timeout=timedelta(seconds=int(environment["TIMEOUT_SECONDS"])),
            stable_for=timedelta(seconds=int(environment["STABLE_SECONDS"])),
            choice=Choice.from_properties(event["ResourceProperties"]),
            log_group_name=environment["LOG_GROUP_NAME"],
            log_stream_name=environment["LOG_STREAM_NAME"],
            start=str(event["ResourceProperties"].get("Start", "true")).lower() == "true",
        )


class Start:
    """One start of an application, by this handler or by CloudFormation's update, as one poll sees it."""

    def __init__(
        self, request: Request, service: KinesisAnalyticsV2Client, logs: CloudWatchLogsClient, now: datetime
    ) -> None:
        self.request = request
        self.application = Application(service, request.application_name)
        self.logs = logs
        self.now = now

    def next_step(self, detail: ApplicationDetailTypeDef) -> bool:
        """Take the next step; True when the job runs and has kept running.

        Raises:
            LifecycleError: it will not.

        """
        status = detail["ApplicationStatus"]
        if status == "RUNNING":
            return self.keeps_running(detail)
        if status == "READY":
            # The service's clock may cut off what is below a second.
            since = self.request.since.replace(microsecond=0)
            newest = self.application.newest_operation("StartApplication", "StopApplication", since=since)
            if newest is None:
                self.application.start(detail, self.request.choice)
            elif newest["Operation"] == "StopApplication":
                begun = self.begun()
                trouble = self.course(detail, begun).trouble
                what = f"does not keep running ({trouble}); it is stopped now" if trouble else "was stopped meanwhile"
                raise self.failure(what, begun)
            elif newest["OperationStatus"] != "IN_PROGRESS":
                raise self.failure("did not start", newest)
        elif status == "ROLLED_BACK":
            latest = self.application.newest_operation("UpdateApplication", since=self.request.since - UPDATE_WINDOW)
            raise self.failure("was rolled back to its previous version", latest)
        elif status == "DELETING":
            raise LifecycleError(f"{self.request.application_name} did not start: it is being deleted")
        # Every other status, also one that is not known yet, passes by itself.
        return False

    def begun(self) -> ApplicationOperationInfoTypeDef | None:
        """The operation that started the version which runs; none where it has run for long."""
        return self.application.newest_operation(
            "StartApplication", "UpdateApplication", since=self.request.since - UPDATE_WINDOW
        )

    def keeps_running(self, detail: ApplicationDetailTypeDef) -> bool:
        """Tell whether the job has run for long enough without a restart; stop one that restarts in a loop."""
        begun = self.begun()
        if begun is not None and begun["OperationStatus"] == "IN_PROGRESS":
            return False
        # On a running application, an update that failed is one that the service rolled back.
        if (
            self.request.kind == "Update"
            and begun is not None
            and (begun["Operation"], begun["OperationStatus"]) == ("UpdateApplication", "FAILED")
        ):
            raise self.failure("was rolled back to its previous version", begun)
        if not self.request.stable_for:
            return True
        course = self.course(detail, begun)
        running_since = begun.get("EndTime", self.request.since) if begun else self.request.since
        if not course.ended and self.now - course.quiet_since(running_since) >= self.request.stable_for:
            return True
        if course.trouble:
            if begun is None:
                raise self.failure(f"does not keep running ({course.trouble})", None)
            # The failure is told once it is stopped: CloudFormation cannot update what is being stopped.
            logger.warning("%s: %s", self.request.application_name, course.trouble)
            self.application.stop(force=True)
        return False

    def course(self, detail: ApplicationDetailTypeDef, begun: ApplicationOperationInfoTypeDef | None) -> Course:
        """The course of the job since it was started."""
        return course(
            self.logs,
            self.request.log_group_name,
            self.request.log_stream_name,
            since=begun["StartTime"] if begun else self.request.since,
            version=detail["ApplicationVersionId"],
        )

    def failure(self, what: str, operation: ApplicationOperationInfoTypeDef | None) -> LifecycleError:
        """The error with its root cause."""
        began = operation["StartTime"] if operation else self.request.since
        cause = root_cause(self.logs, self.request.log_group_name, self.request.log_stream_name, began)
        return LifecycleError(failure_message(self.request, what, cause, self.application.failure_of(operation)))


def ensure_started(
    request: Request, service: KinesisAnalyticsV2Client, logs: CloudWatchLogsClient, now: datetime
) -> bool:
    """Take the next step of a create or update; True when the application runs what the stack asked for.

    Raises:
        LifecycleError: it will not run: the job did not start or does not keep running, the update was rolled back, or
            the time is over.

    """
    start = Start(request, service, logs, now)
    elapsed = now - request.since
    status = "unknown"
    try:
        detail = start.application.detail()
        if detail is None:
            raise LifecycleError(f"{request.application_name} does not exist any more: it was deleted elsewhere")
        status = detail["ApplicationStatus"]
        logger.info("%s: %s", request.application_name, status)
        if start.next_step(detail):
            return True
    except (ClientError, BotoCoreError) as error:
        if not is_transient(error, elapsed):
            raise LifecycleError(failure_message(request, "did not start", "", str(error))) from error
        reason = code_of(error) if isinstance(error, ClientError) else type(error).__name__
        logger.warning("%s: trying again later: %s", request.application_name, reason)
    if elapsed >= request.timeout:
        minutes = request.timeout.total_seconds() / 60
        what = "keep running" if status == "RUNNING" else "start"
        raise start.failure(f"did not {what} within {minutes:g} minutes (its status is {status})", None)
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


@dataclass(frozen=True)
class Clients:
    """The services that the handler asks."""

    service: KinesisAnalyticsV2Client
    logs: CloudWatchLogsClient
    cloudformation: before_update.StackClient


@functools.cache
def clients() -> Clients:
    """Make the clients once per function instance."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5, read_timeout=15)
    return Clients(
        boto3.client("kinesisanalyticsv2", config=config),
        boto3.client("logs", config=config),
        boto3.client("cloudformation", config=config),
    )


def on_event(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Note the time of the request; the work is `is_complete`'s. Returns the id and what the polls need to know."""
    properties = event["ResourceProperties"]
    if event["ResourceType"] == before_update.RESOURCE_TYPE:
        return {"PhysicalResourceId": properties["ApplicationLogicalId"], "Since": time.time()}
    name = properties["ApplicationName"]
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
    made, now = clients(), datetime.now(UTC)
    if event["ResourceType"] == before_update.RESOURCE_TYPE:
        preparation = before_update.Preparation.from_event(event, os.environ)
        return {"IsComplete": before_update.prepared(preparation, made.service, made.cloudformation, now)}
    return step(Request.from_event(event, os.environ), made.service, made.logs, now)
