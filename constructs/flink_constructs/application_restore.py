"""Which state an application starts with, after a create, an update and a stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from aws_cdk import Stack
from aws_cdk.aws_kinesisanalyticsv2 import CfnApplication

from flink_constructs import validation

__all__ = ["Restore"]

LATEST = "RESTORE_FROM_LATEST_SNAPSHOT"
CUSTOM = "RESTORE_FROM_CUSTOM_SNAPSHOT"
SKIP = "SKIP_RESTORE_FROM_SNAPSHOT"


@dataclass(frozen=True)
class Restore:
    """The state that a start restores: that of the latest snapshot, of a named one, or none.

    It holds for every start by a deployment: take a name, or ``none``, back after the deployment that it was meant for.
    """

    restore_type: str
    """The service's name of the choice."""

    snapshot_name: str | None = None
    """The snapshot that is chosen by its name."""

    @classmethod
    def latest_snapshot(cls) -> Self:
        """The latest snapshot of the application; without one, or with snapshots off, it starts without state."""
        return cls(LATEST)

    @classmethod
    def snapshot(cls, name: str) -> Self:
        """One snapshot of the application, by its name.

        Raises:
            InvalidArgumentError: for what cannot be the name of a snapshot.

        """
        validation.matching(
            "the name of a snapshot",
            name,
            pattern=r"[a-zA-Z0-9_.-]{1,256}",
            rule="have 1 to 256 letters, digits, '_', '.' or '-'",
            fix="'aws kinesisanalyticsv2 list-application-snapshots --application-name …' lists them",
        )
        return cls(CUSTOM, name)

    @classmethod
    def none(cls) -> Self:
        """No state: sources begin where their options say, windows and keyed state are empty."""
        return cls(SKIP)

    def arn(self, stack: Stack) -> str:
        """The ARN of the named snapshot, if it is an enhanced one."""
        return stack.format_arn(service="kinesisanalytics", resource="snapshot", resource_name=str(self.snapshot_name))

    def where(self, *, snapshots: bool) -> Restore:
        """The choice for an application that takes snapshots, or does not.

        Without them the latest one may be of any age, and the service may have none.
        """
        return self if snapshots or self.restore_type != LATEST else Restore.none()

    def run_configuration(self, *, allow_non_restored_state: bool) -> CfnApplication.RunConfigurationProperty:
        """The choice as the template has it.

        CloudFormation uses it when it updates a running application, and resets whatever is left out.
        """
        return CfnApplication.RunConfigurationProperty(
            application_restore_configuration=CfnApplication.ApplicationRestoreConfigurationProperty(
                application_restore_type=self.restore_type, snapshot_name=self.snapshot_name
            ),
            flink_run_configuration=CfnApplication.FlinkRunConfigurationProperty(
                allow_non_restored_state=allow_non_restored_state
            ),
        )
