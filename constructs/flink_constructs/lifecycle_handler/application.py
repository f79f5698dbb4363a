"""The application as the service sees it, and which of the service's errors pass by themselves."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - its name

from .root_cause import MESSAGE_LIMIT, shortened

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import (
        ApplicationDetailTypeDef,
        ApplicationOperationInfoTypeDef,
        ApplicationRestoreConfigurationTypeDef,
        SnapshotDetailsTypeDef,
    )

logger = logging.getLogger(__name__)

LATEST: Final = "RESTORE_FROM_LATEST_SNAPSHOT"
CUSTOM: Final = "RESTORE_FROM_CUSTOM_SNAPSHOT"
SKIP: Final = "SKIP_RESTORE_FROM_SNAPSHOT"
# How many snapshots an error lists.
LISTED = 5

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


class LifecycleError(Exception):
    """The application is not as the stack wants it; the message is what the stack event shows."""

    def __init__(self, message: str) -> None:
        super().__init__(shortened(message, MESSAGE_LIMIT))


@dataclass(frozen=True)
class Choice:
    """The state that a start restores, as the stack wants it."""

    restore_type: str
    snapshot_name: str
    allow_non_restored_state: bool
    snapshot_arn: str = ""
    enhanced: bool = False

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Choice:
        """Read the properties of the custom resource; CloudFormation passes every scalar as a text."""
        return cls(
            restore_type=properties.get("RestoreType", LATEST),
            snapshot_name=properties.get("SnapshotName", ""),
            allow_non_restored_state=is_true(properties.get("AllowNonRestoredState")),
            snapshot_arn=properties.get("SnapshotArn", ""),
            enhanced=is_true(properties.get("EnhancedSnapshots")),
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

    def start(self, detail: ApplicationDetailTypeDef, choice: Choice) -> None:
        """Start with the chosen state.

        Raises:
            LifecycleError: The chosen snapshot does not exist.

        """
        restore = self.restore_configuration(detail, choice)
        logger.info("%s: starting, %s", self.name, restore["ApplicationRestoreType"])
        self.client.start_application(
            ApplicationName=self.name,
            RunConfiguration={
                "FlinkRunConfiguration": {"AllowNonRestoredState": choice.allow_non_restored_state},
                # Said outright, because without it an earlier start's choice could still hold.
                "ApplicationRestoreConfiguration": restore,
            },
        )

    def restore_configuration(
        self, detail: ApplicationDetailTypeDef, choice: Choice
    ) -> ApplicationRestoreConfigurationTypeDef:
        """Tell the service what to restore: what "latest" does without a snapshot is not documented.

        Raises:
            LifecycleError: The chosen snapshot does not exist.

        """
        if choice.enhanced:
            return self.enhanced_configuration(detail, choice)
        if choice.restore_type == CUSTOM:
            self.check_snapshot(choice.snapshot_name)
            return {"ApplicationRestoreType": CUSTOM, "SnapshotName": choice.snapshot_name}
        if choice.restore_type == LATEST and snapshots_enabled(detail) and self.finished_snapshots():
            return {"ApplicationRestoreType": LATEST}
        return {"ApplicationRestoreType": SKIP}

    def enhanced_configuration(
        self, detail: ApplicationDetailTypeDef, choice: Choice
    ) -> ApplicationRestoreConfigurationTypeDef:
        """Tell the service which of the account's snapshots to restore; to list them takes a role on all of them."""
        if choice.restore_type == CUSTOM:
            check_enhanced(self.client, choice.snapshot_name)
            restore = {"ApplicationRestoreType": CUSTOM, "SnapshotArn": choice.snapshot_arn}
            return cast("ApplicationRestoreConfigurationTypeDef", restore)
        if choice.restore_type == LATEST and snapshots_enabled(detail):
            return {"ApplicationRestoreType": LATEST}
        return {"ApplicationRestoreType": SKIP}

    def check_snapshot(self, name: str) -> None:
        """Refuse a snapshot that does not exist, or is not finished.

        Raises:
            LifecycleError: There is no such snapshot.

        """
        finished = self.finished_snapshots()
        if name not in finished:
            newest = ", ".join(finished[:LISTED]) or "none"
            raise LifecycleError(
                f"restore must name a finished snapshot of {self.name} (got {shortened(name, 100)!r});"
                f" its newest ones are: {shortened(newest, 500)}"
            )

    def snapshots(self) -> list[SnapshotDetailsTypeDef]:
        """Return all snapshots, the newest one first."""
        found: list[SnapshotDetailsTypeDef] = []
        token: str | None = None
        while True:
            page = (
                self.client.list_application_snapshots(ApplicationName=self.name, NextToken=token)
                if token
                else self.client.list_application_snapshots(ApplicationName=self.name)
            )
            found += page.get("SnapshotSummaries", [])
            token = page.get("NextToken")
            if not token:
                return sorted(found, key=created, reverse=True)

    def finished_snapshots(self) -> list[str]:
        """Return the names of the snapshots that can be restored, the newest one first."""
        return [one["SnapshotName"] for one in self.snapshots() if one["SnapshotStatus"] == "READY"]

    def take_snapshot(self, name: str) -> None:
        """Begin a snapshot of the running job."""
        logger.info("%s: taking the snapshot %s", self.name, name)
        self.client.create_application_snapshot(ApplicationName=self.name, SnapshotName=name)

    def delete_snapshot(self, snapshot: SnapshotDetailsTypeDef) -> None:
        """Delete a snapshot that is not being taken."""
        logger.info("%s: deleting the snapshot %s", self.name, snapshot["SnapshotName"])
        self.client.delete_application_snapshot(
            ApplicationName=self.name,
            SnapshotName=snapshot["SnapshotName"],
            SnapshotCreationTimestamp=snapshot["SnapshotCreationTimestamp"],
        )

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


def is_true(text: object) -> bool:
    """Tell what CloudFormation's text for a boolean says; what is left out is false."""
    return str(text).lower() == "true"


def check_enhanced(client: Any, name: str) -> None:  # noqa: ANN401 - the types do not know these snapshots yet
    """Refuse an enhanced snapshot that does not exist, or is not finished.

    Raises:
        LifecycleError: There is no such snapshot.

    """
    try:
        status = client.describe_snapshot(SnapshotName=name)["SnapshotInfoDetails"]["SnapshotStatus"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        status = "none"
    except AttributeError:
        logger.warning("the SDK does not know enhanced snapshots yet: %s is not looked up", name)
        return
    if status != "READY":
        raise LifecycleError(
            f"restore must name a finished enhanced snapshot of this account and Region (got {shortened(name, 100)!r},"
            f" whose status is {status}); 'aws kinesisanalyticsv2 list-snapshots' lists them"
        )


def created(snapshot: SnapshotDetailsTypeDef) -> datetime:
    """Return when the snapshot was begun; the service does not promise to say."""
    return snapshot.get("SnapshotCreationTimestamp") or datetime.min.replace(tzinfo=UTC)
