"""Readies an application for an update, before CloudFormation changes anything.

CloudFormation restarts a running application when it updates it, before the resource that starts the application is
asked. So a resource of its own, on which the application depends, refuses the name of a snapshot that does not exist,
and takes a snapshot of the running job. It finds the application by its logical id: the application depends on the
resource, so the template cannot name it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from .application import (
    ACCESS_ERRORS,
    CUSTOM,
    SKIP,
    Application,
    Choice,
    LifecycleError,
    check_enhanced,
    code_of,
    is_transient,
)
from .application import snapshots_enabled as takes_snapshots
from .retention import old_ones

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

logger = logging.getLogger(__name__)

RESOURCE_TYPE = "Custom::FlinkApplicationBeforeUpdate"
#: The names of the snapshots that are taken here begin with it.
PREFIX = "before-update-"
# Of those, so many are kept.
KEPT = 5
# Nothing runs, and nothing is about to.
AT_REST = frozenset({"READY", "ROLLED_BACK", "DELETING"})


class StackClient(Protocol):
    """The part of CloudFormation's client that is used here."""

    def describe_stacks(self, **parameters: Any) -> Any:  # noqa: ANN401, D102 - as in boto3
        ...

    def describe_stack_resource(self, **parameters: Any) -> Any:  # noqa: ANN401, D102 - as in boto3
        ...


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """One request of CloudFormation, the same at every poll."""

    kind: str
    stack_id: str
    logical_id: str
    since: datetime
    timeout: timedelta
    choice: Choice

    @classmethod
    def from_event(cls, event: Mapping[str, Any], environment: Mapping[str, str]) -> Preparation:
        """Read the event that the provider framework passes to `is_complete`."""
        properties = event["ResourceProperties"]
        return cls(
            kind=event["RequestType"],
            stack_id=event["StackId"],
            logical_id=properties["ApplicationLogicalId"],
            since=datetime.fromtimestamp(float(event["Since"]), UTC),
            timeout=timedelta(seconds=int(environment["TIMEOUT_SECONDS"])),
            choice=Choice.from_properties(properties),
        )

    @property
    def snapshot_name(self) -> str:
        """The name of the snapshot, the same at every poll."""
        return f"{PREFIX}{self.since:%Y-%m-%dT%H.%M.%SZ}"


def prepared(
    preparation: Preparation, service: KinesisAnalyticsV2Client, cloudformation: StackClient, now: datetime
) -> bool:
    """Take the next step; True when CloudFormation can update the application.

    Raises:
        LifecycleError: The update would not do what the stack asks for. Nothing was changed.

    """
    if preparation.kind == "Delete":
        return True
    elapsed = now - preparation.since
    try:
        if ready(preparation, service, cloudformation):
            return True
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and code_of(error) in ACCESS_ERRORS and not is_transient(error, elapsed):
            logger.warning("the update goes on unprepared: %s", error)
            return True
        if not is_transient(error, elapsed):
            raise LifecycleError(f"{preparation.logical_id}: nothing was changed: {error}") from error
        logger.warning("%s: trying again later: %s", preparation.logical_id, error)
    if elapsed >= preparation.timeout:
        minutes = preparation.timeout.total_seconds() / 60
        raise LifecycleError(
            f"{preparation.logical_id}: nothing was changed: no snapshot within {minutes:g} minutes; deploy again when"
            " the application is RUNNING or READY and takes snapshots"
        )
    return False


def ready(preparation: Preparation, service: KinesisAnalyticsV2Client, cloudformation: StackClient) -> bool:
    """Take the next step; errors of the services pass."""
    [stack] = cloudformation.describe_stacks(StackName=preparation.stack_id)["Stacks"]
    # The way back to the previous version is never refused.
    if "ROLLBACK" in stack["StackStatus"]:
        return True
    name = application_name(preparation, cloudformation)
    application = Application(service, name)
    detail = application.detail() if name else None
    choice = preparation.choice
    if choice.enhanced and choice.restore_type == CUSTOM:
        check_enhanced(service, choice.snapshot_name)
    if detail is None:
        if choice.enhanced:
            return True
        if choice.restore_type == CUSTOM:
            raise LifecycleError(
                f"restore must name a snapshot of the application, which does not exist yet (got"
                f" {choice.snapshot_name!r}); nothing was changed: deploy with the latest snapshot first"
            )
        return True
    if choice.restore_type == CUSTOM and not choice.enhanced:
        application.check_snapshot(choice.snapshot_name)
    status = detail["ApplicationStatus"]
    if status in AT_REST or (status == "RUNNING" and not takes_snapshots(detail)):
        return True
    if choice.enhanced:
        # The service takes one itself as it updates, under a name of its own.
        return status == "RUNNING"
    return status == "RUNNING" and snapshot_taken(preparation, application)


def application_name(preparation: Preparation, cloudformation: StackClient) -> str:
    """The name that CloudFormation gave the application; empty while there is none."""
    try:
        resource = cloudformation.describe_stack_resource(
            StackName=preparation.stack_id, LogicalResourceId=preparation.logical_id
        )
    except ClientError as error:
        # What CloudFormation answers for a resource that it has not begun to create.
        if code_of(error) == "ValidationError":
            return ""
        raise
    return str(resource["StackResourceDetail"].get("PhysicalResourceId", ""))


def snapshot_taken(preparation: Preparation, application: Application) -> bool:
    """Take a snapshot of the running job, once; True when it is finished."""
    name = preparation.snapshot_name
    snapshots = application.snapshots()
    found = [one["SnapshotStatus"] for one in snapshots if one["SnapshotName"] == name]
    if found == ["READY"]:
        delete_old(application, preparation.choice)
        return True
    if found == ["FAILED"]:
        return without_snapshot(preparation, application, "it failed; the log of the application has the reason")
    if not found:
        try:
            application.take_snapshot(name)
        except ClientError as error:
            # The service's own snapshot of the update is not subject to the limit.
            if code_of(error) == "LimitExceededException":
                logger.warning("%s: too many snapshots: delete old ones; none is taken here", application.name)
                return True
            if code_of(error) in {"InvalidApplicationConfigurationException", "InvalidRequestException"}:
                return without_snapshot(preparation, application, str(error))
            raise
    return False


def without_snapshot(preparation: Preparation, application: Application, reason: str) -> bool:
    """Go on only where the state is not wanted: CloudFormation's own update needs a snapshot as well."""
    if preparation.choice.restore_type == SKIP:
        logger.warning("%s: no snapshot before the update, whose start restores none: %s", application.name, reason)
        return True
    raise LifecycleError(
        f"{application.name} must be able to take a snapshot before its update (got {reason!r}); nothing was changed:"
        " mend what keeps the job from it, or stop the application, and deploy again; it starts from its latest"
        f" snapshot then: aws kinesisanalyticsv2 stop-application --force --application-name {application.name}"
    )


def delete_old(application: Application, choice: Choice) -> None:
    """Delete all but the newest snapshots of before an update; no failure of it matters to the update."""
    spared = {choice.snapshot_name}
    for snapshot in old_ones(application.snapshots(), prefix=PREFIX, keep=KEPT, spared=spared):
        try:
            application.delete_snapshot(snapshot)
        except (ClientError, BotoCoreError):
            logger.exception("%s: the snapshot %s stays", application.name, snapshot["SnapshotName"])
