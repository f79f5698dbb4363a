"""Snapshots: an application's own, and, for an application in enhanced mode, the account's.

Source: https://docs.aws.amazon.com/managed-flink/latest/java/how-snapshots.html, …/snapshots-how-it-works.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.services.managed_flink import configuration as rules
from local.services.managed_flink.core import Core
from local.services.managed_flink.model import RefusedError
from local.services.managed_flink.state import Snapshot

#: Snapshots of an application, beyond which nobody but the service itself takes one.
MAX_SNAPSHOTS = 1000
#: Of these a list of the account's snapshots can be told one.
_FILTERS = ("SourceApplicationName", "SnapshotInitiator", "SnapshotInitiatorOperation", "SnapshotStatus")
Parameters = Mapping[str, Any]


class SnapshotCalls(Core):
    """The calls about snapshots."""

    def create_application_snapshot(self, parameters: Parameters) -> dict[str, Any]:
        """Begin a snapshot of a running job."""
        self._take("CreateApplicationSnapshot", parameters, mode=rules.LEGACY)
        return {}

    def describe_application_snapshot(self, parameters: Parameters) -> dict[str, Any]:
        """One snapshot of an application."""
        application = self.application("DescribeApplicationSnapshot", parameters)
        return {"SnapshotDetails": _found(application.snapshots, parameters).details()}

    def list_application_snapshots(self, parameters: Parameters) -> dict[str, Any]:
        """The snapshots of an application, the oldest one first."""
        kind = "ListApplicationSnapshots"
        application = self.application(kind, parameters)
        shown, following = self.page(kind, application.snapshots, parameters, Snapshot.details)
        return {"SnapshotSummaries": shown, **following}

    def delete_application_snapshot(self, parameters: Parameters) -> dict[str, Any]:
        """Delete a snapshot of an application."""
        application = self.application("DeleteApplicationSnapshot", parameters)
        self._delete(_found(application.snapshots, parameters), parameters["SnapshotCreationTimestamp"])
        return {}

    def create_snapshot(self, parameters: Parameters) -> dict[str, Any]:
        """Begin a snapshot of a running job, which is the account's."""
        snapshot = self._take("CreateSnapshot", parameters, mode=rules.ENHANCED)
        snapshot.description = parameters.get("SnapshotDescription", "")
        return self._under_way(snapshot)

    def describe_snapshot(self, parameters: Parameters) -> dict[str, Any]:
        """One snapshot of the account."""
        return {"SnapshotInfoDetails": _found(self.account_snapshots, parameters).info_details()}

    def list_snapshots(self, parameters: Parameters) -> dict[str, Any]:
        """The snapshots of the account, the newest one first."""
        filters = {name: parameters[name] for name in _FILTERS if name in parameters}
        if len(filters) > 1:
            raise RefusedError(
                "InvalidArgumentException", f"one filter must be given at most (got {', '.join(filters)})"
            )
        found = [one for one in self.account_snapshots if filters.items() <= one.info().items()]
        found.sort(key=lambda one: one.created, reverse=True)
        shown, following = self.page("ListSnapshots", found, parameters, Snapshot.info)
        return {"SnapshotInfoList": shown, **following}

    def delete_snapshot(self, parameters: Parameters) -> dict[str, Any]:
        """Delete a snapshot of the account."""
        snapshot = _found(self.account_snapshots, parameters)
        self._delete(snapshot, parameters["SnapshotCreationTimestamp"])
        return self._under_way(snapshot)

    def _take(self, operation: str, parameters: Parameters, *, mode: str) -> Snapshot:
        application = self.application(operation, parameters, "RUNNING")
        configuration, name = application.version.configuration, parameters["SnapshotName"]
        if not rules.snapshots_enabled(configuration):
            raise RefusedError(
                "InvalidApplicationConfigurationException", f"SnapshotsEnabled must be true for {operation}"
            )
        if rules.snapshot_mode(configuration) != mode:
            raise RefusedError(
                "InvalidApplicationConfigurationException",
                f"SnapshotMode must be {mode} for {operation} (got {rules.snapshot_mode(configuration)})",
            )
        there = self.snapshots_of(application)
        if any(one.status == "CREATING" and one.application == application.name for one in there):
            raise RefusedError("ResourceInUseException", f"a snapshot of {application.name} is being taken already")
        if any(one.name == name for one in there):
            raise RefusedError("InvalidArgumentException", f"SnapshotName must be a new one (got {name!r})")
        if sum(one.application == application.name for one in there) >= MAX_SNAPSHOTS:
            raise RefusedError(
                "LimitExceededException", f"{application.name} has {MAX_SNAPSHOTS} snapshots; delete old ones"
            )
        snapshot = self.new_snapshot(application, name, version=application.version, by_user=True)
        snapshot.task = self.engine.snapshot(application.name, snapshot.key)
        return snapshot

    def _delete(self, snapshot: Snapshot, created: datetime) -> None:
        if not self.same_time(created, snapshot.created):
            raise RefusedError(
                "InvalidArgumentException",
                f"SnapshotCreationTimestamp must be {snapshot.created.isoformat()} (got {created.isoformat()})",
            )
        if snapshot.status not in ("READY", "FAILED"):
            raise RefusedError("ResourceInUseException", f"the snapshot {snapshot.name} is {snapshot.status}")
        snapshot.status, snapshot.task = "DELETING", self.engine.delete_snapshot(snapshot.key)

    def _under_way(self, snapshot: Snapshot) -> dict[str, Any]:
        return {
            "SnapshotArn": snapshot.arn,
            "SnapshotStatus": snapshot.status,
            "SnapshotOperationId": f"snapshot-operation-{self.new_id()}",
            "SnapshotOperationStatus": "IN_PROGRESS",
        }


def _found(snapshots: list[Snapshot], parameters: Parameters) -> Snapshot:
    for snapshot in snapshots:
        if snapshot.name == parameters["SnapshotName"]:
            return snapshot
    raise RefusedError("ResourceNotFoundException", f"there is no snapshot {parameters['SnapshotName']!r}")
