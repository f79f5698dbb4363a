"""Takes a snapshot of a running application on a schedule, and deletes the old ones of those that it took.

An error ends in the function's metric of errors, and Lambda calls again twice. The snapshot is named after the time for
which it was scheduled, so a repeated call takes none twice.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .application import Application, LifecycleError, code_of, snapshots_enabled
from .retention import old_ones

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import ApplicationDetailTypeDef, SnapshotDetailsTypeDef

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

#: The names of the snapshots that are taken here begin with it.
PREFIX = "scheduled-"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the schedule wants: a snapshot for this time, and what is kept."""

    time: datetime
    keep: int
    max_age: timedelta

    @classmethod
    def from_event(cls, event: Mapping[str, Any], environment: Mapping[str, str]) -> Plan:
        """Read the event of the schedule, which has the time for which the call was scheduled."""
        return cls(
            time=datetime.fromisoformat(event["time"]).astimezone(UTC),
            keep=int(environment["KEEP"]),
            max_age=timedelta(seconds=int(environment["MAX_AGE_SECONDS"])),
        )

    @property
    def snapshot_name(self) -> str:
        """The name of the snapshot."""
        return f"{PREFIX}{self.time:%Y-%m-%dT%H.%M.%SZ}"


def carry_out(plan: Plan, application: Application) -> None:
    """Delete what is old, and take a snapshot if the application runs.

    Raises:
        LifecycleError: A snapshot cannot be taken, or the one before failed.

    """
    detail = application.detail()
    if detail is None:
        logger.warning("%s: it does not exist", application.name)
        return
    snapshots = application.snapshots()
    failed = delete_old(plan, application, snapshots, spared=restored_by(detail))
    status = detail["ApplicationStatus"]
    if any(one["SnapshotName"] == plan.snapshot_name for one in snapshots):
        logger.info("%s: %s is there already", application.name, plan.snapshot_name)
    elif any(one["SnapshotStatus"] == "CREATING" for one in snapshots):
        logger.info("%s: a snapshot is being taken already", application.name)
    elif status != "RUNNING" or not snapshots_enabled(detail):
        logger.info("%s: no snapshot of what is %s, or takes none", application.name, status)
    else:
        take(plan, application)
    if failed:
        raise LifecycleError(f"{application.name}: the snapshot {failed[0]} failed; the application's log says why")


def restored_by(detail: ApplicationDetailTypeDef) -> str:
    """Return the name of the snapshot that the application is configured to restore; empty where there is none."""
    run = detail.get("ApplicationConfigurationDescription", {}).get("RunConfigurationDescription", {})
    return run.get("ApplicationRestoreConfigurationDescription", {}).get("SnapshotName", "")


def delete_old(
    plan: Plan, application: Application, snapshots: list[SnapshotDetailsTypeDef], *, spared: str
) -> list[str]:
    """Delete the old ones of the snapshots that were taken here, and return the names of those that had failed."""
    failed = []
    old = old_ones(
        snapshots,
        prefix=PREFIX,
        keep=plan.keep,
        spared={spared, plan.snapshot_name},
        not_before=plan.time - plan.max_age,
    )
    for snapshot in old:
        try:
            application.delete_snapshot(snapshot)
        except (ClientError, BotoCoreError):
            # It is tried again the next time.
            logger.exception("%s: the snapshot %s stays", application.name, snapshot["SnapshotName"])
        if snapshot["SnapshotStatus"] == "FAILED":
            failed.append(snapshot["SnapshotName"])
    return failed


def take(plan: Plan, application: Application) -> None:
    """Take the snapshot.

    Raises:
        LifecycleError: The service does not take it.

    """
    try:
        application.take_snapshot(plan.snapshot_name)
    except ClientError as error:
        fix = "delete some" if code_of(error) == "LimitExceededException" else "the application's log says why"
        raise LifecycleError(f"{application.name}: no snapshot {plan.snapshot_name}: {error}; {fix}") from error


@functools.cache
def client() -> KinesisAnalyticsV2Client:
    """Make the client once per function instance."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5, read_timeout=15)
    return boto3.client("kinesisanalyticsv2", config=config)


def on_schedule(event: Mapping[str, Any], _context: object) -> None:
    """Answer one call of the schedule.

    Raises:
        LifecycleError: A snapshot cannot be taken, or the one before failed.

    """
    carry_out(Plan.from_event(event, os.environ), Application(client(), os.environ["APPLICATION_NAME"]))
