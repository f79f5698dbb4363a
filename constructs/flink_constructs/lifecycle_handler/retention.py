"""Which snapshots have served their time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from .application import created

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2.type_defs import SnapshotDetailsTypeDef


def old_ones(
    snapshots: Sequence[SnapshotDetailsTypeDef],
    *,
    prefix: str,
    keep: int,
    spared: Collection[str],
    not_before: datetime | None = None,
) -> list[SnapshotDetailsTypeDef]:
    """Return the snapshots to delete: the failed, the surplus and the aged ones of those that were taken here.

    Args:
        snapshots: All snapshots of the application, the newest one first.
        prefix: How the names begin; all others are somebody else's, and stay.
        keep: How many finished ones stay, at least 1: the newest one stays however old it is.
        spared: Names that stay, whatever their age.
        not_before: Finished ones that were taken before go. Default: they may be of any age.

    """
    own = [one for one in snapshots if one["SnapshotName"].startswith(prefix)]
    finished = [one for one in own if one["SnapshotStatus"] == "READY"]
    aged = [one for one in finished[1:keep] if not_before is not None and created(one) < not_before]
    failed = [one for one in own if one["SnapshotStatus"] == "FAILED"]
    return [one for one in [*aged, *finished[max(keep, 1) :], *failed] if one["SnapshotName"] not in spared]
