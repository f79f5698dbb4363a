"""What the service knows of an application: its versions, operations and snapshots, and what is being done to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.services.managed_flink import configuration as rules
from local.services.managed_flink.engine import Job, Result, Task

#: What an operation's error holds at most.
_ERROR_LENGTH = 512


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an application; it never changes."""

    number: int
    runtime: str
    role: str
    configuration: Mapping[str, Any]
    code_size: int
    created: datetime
    #: ``CloudWatchLoggingOptionId`` and ``LogStreamARN`` of each.
    logging_options: Sequence[Mapping[str, str]] = ()
    updated_from: int | None = None
    rolled_back_from: int | None = None
    rolled_back_to: int | None = None


@dataclass
class Operation:
    """Something that somebody asked for, and what became of it."""

    id: str
    kind: str
    started: datetime
    versions: tuple[int, int] | None = None
    status: str = "IN_PROGRESS"
    error: str = ""
    ended: datetime | None = None
    rollback: str | None = None

    def end(self, at: datetime, error: str = "") -> None:
        """Note how it ended."""
        self.status, self.error, self.ended = ("FAILED" if error else "SUCCESSFUL"), error[:_ERROR_LENGTH], at

    def cancel(self, at: datetime) -> None:
        """Note that something else took its place."""
        self.status, self.ended = "CANCELLED", at

    def summary(self) -> dict[str, Any]:
        """The ``ApplicationOperationInfo``."""
        return {
            "Operation": self.kind,
            "OperationId": self.id,
            "StartTime": self.started,
            "OperationStatus": self.status,
            **({"EndTime": self.ended} if self.ended else {}),
        }

    def details(self, now: datetime) -> dict[str, Any]:
        """The ``ApplicationOperationInfoDetails``; the model wants an end also of what has none yet."""
        details: dict[str, Any] = {
            "Operation": self.kind,
            "StartTime": self.started,
            "EndTime": self.ended or now,
            "OperationStatus": self.status,
        }
        if self.versions:
            before, after = self.versions
            details["ApplicationVersionChangeDetails"] = {
                "ApplicationVersionUpdatedFrom": before,
                "ApplicationVersionUpdatedTo": after,
            }
        if self.error:
            details["OperationFailureDetails"] = {
                "ErrorInfo": {"ErrorString": self.error},
                **({"RollbackOperationId": self.rollback} if self.rollback else {}),
            }
        return details


@dataclass(kw_only=True)
class Snapshot:
    """A snapshot of an application, its own or the account's; the engine knows it by its key."""

    name: str
    key: str
    arn: str
    created: datetime
    application: str
    application_created: datetime
    version: int
    runtime: str
    encryption: Mapping[str, Any]
    #: Whether somebody asked for it, or the service took it by itself.
    by_user: bool
    description: str = ""
    status: str = "CREATING"
    task: Task | None = None

    def settle(self) -> bool:
        """Note what has become of it; False where it has been deleted."""
        result = self.task.result() if self.task else None
        if result is None:
            return True
        self.task = None
        if self.status == "DELETING":
            return False
        self.status = "READY" if result.snapshot_taken else "FAILED"
        return True

    def details(self) -> dict[str, Any]:
        """The ``SnapshotDetails`` of an application's own snapshot."""
        return {
            "SnapshotName": self.name,
            "SnapshotStatus": self.status,
            "ApplicationVersionId": self.version,
            "SnapshotCreationTimestamp": self.created,
            "RuntimeEnvironment": self.runtime,
            "ApplicationEncryptionConfigurationDescription": self.encryption,
        }

    def info(self) -> dict[str, Any]:
        """The ``SnapshotInfo`` of the account's snapshot."""
        return {
            "SnapshotName": self.name,
            "SnapshotArn": self.arn,
            "SnapshotStatus": self.status,
            "SnapshotCreationTimestamp": self.created,
            "SnapshotInitiator": "USER" if self.by_user else "SYSTEM",
            "SnapshotInitiatorOperation": "CreateSnapshot" if self.by_user else "SystemCreateSnapshot",
            "SourceApplicationName": self.application,
            "SnapshotFormat": "CANONICAL",
        }

    def info_details(self) -> dict[str, Any]:
        """The ``SnapshotInfoDetails`` of the account's snapshot."""
        details = {name: value for name, value in self.info().items() if name != "SourceApplicationName"}
        return {
            **details,
            "SnapshotDescription": self.description,
            "RuntimeEnvironment": self.runtime,
            "SnapshotEncryptionConfigurationDescription": self.encryption,
            "SnapshotSourceDescription": {
                "SourceApplicationDescription": {
                    "ApplicationName": self.application,
                    "ApplicationCreationTimestamp": self.application_created,
                    "ApplicationVersionId": self.version,
                }
            },
        }


@dataclass
class Pending:
    """What the engine is doing to an application, and what follows from its end."""

    task: Task
    ended: Callable[[Result], None]


@dataclass(kw_only=True)
class Application:
    """An application."""

    name: str
    arn: str
    description: str
    created: datetime
    updated: datetime
    versions: list[Version]
    tags: dict[str, str]
    maintenance_window: str
    status: str = "READY"
    operations: list[Operation] = field(default_factory=list)
    #: Its own; those of an application in enhanced mode are the account's.
    snapshots: list[Snapshot] = field(default_factory=list)
    #: Numbers of the versions that have been taken back.
    rolled_back: set[int] = field(default_factory=set)
    #: The ``RunConfigurationDescription``.
    run_configuration: dict[str, Any] = field(default_factory=dict)
    current_parallelism: int = 1
    pending: Pending | None = None
    #: The use of its processors in percent, one a minute since it runs as it does.
    utilization: list[float] = field(default_factory=list)
    measured: datetime | None = None

    @property
    def version(self) -> Version:
        """The current version."""
        return self.versions[-1]

    @property
    def conditional_token(self) -> str:
        """A token that changes with every change of the application."""
        state = f"{self.arn} {self.created} {self.version.number} {self.updated} {self.status}"
        return hashlib.sha256(state.encode()).hexdigest()

    def job(self, restore: str | None) -> Job:
        """The job of the current version, from a snapshot or without state."""
        version = self.version
        return Job(
            application=self.name,
            arn=self.arn,
            version=version.number,
            runtime=version.runtime,
            configuration=version.configuration,
            parallelism=self.current_parallelism,
            role=version.role,
            log_streams=[option["LogStreamARN"] for option in version.logging_options],
            restore=restore,
            allow_non_restored_state=bool(
                self.run_configuration.get("FlinkRunConfigurationDescription", {}).get("AllowNonRestoredState")
            ),
        )

    def summary(self) -> dict[str, Any]:
        """The ``ApplicationSummary``."""
        return {
            "ApplicationName": self.name,
            "ApplicationARN": self.arn,
            "ApplicationStatus": self.status,
            "ApplicationVersionId": self.version.number,
            "RuntimeEnvironment": self.version.runtime,
            "ApplicationMode": "STREAMING",
        }

    def status_of(self, version: Version) -> str:
        """The status of a version: what has been taken back, what runs, or what has been replaced."""
        if version.number in self.rolled_back:
            return "ROLLED_BACK"
        return self.status if version == self.version else "READY"

    def detail(self, version: Version | None = None, *, plan: str | None = None) -> dict[str, Any]:
        """The ``ApplicationDetail`` of the current version, or of another one."""
        version = version or self.version
        configured = int(rules.parallelism(version.configuration)["Parallelism"])
        current = self.current_parallelism if version == self.version else configured
        description = rules.described(
            version.configuration, current_parallelism=current, code_size=version.code_size, plan=plan
        )
        if self.run_configuration:
            description["RunConfigurationDescription"] = self.run_configuration
        hours, minutes = map(int, self.maintenance_window.split(":"))
        optional = {
            "ApplicationVersionUpdatedFrom": version.updated_from,
            "ApplicationVersionRolledBackFrom": version.rolled_back_from,
            "ApplicationVersionRolledBackTo": version.rolled_back_to,
        }
        return {
            **self.summary(),
            "ApplicationStatus": self.status_of(version),
            "ApplicationVersionId": version.number,
            "RuntimeEnvironment": version.runtime,
            "ApplicationDescription": self.description,
            "ServiceExecutionRole": version.role,
            "CreateTimestamp": self.created,
            "LastUpdateTimestamp": self.updated,
            "ApplicationVersionCreateTimestamp": version.created,
            "ApplicationConfigurationDescription": description,
            "CloudWatchLoggingOptionDescriptions": [dict(option) for option in version.logging_options],
            "ApplicationMaintenanceConfigurationDescription": {
                "ApplicationMaintenanceWindowStartTime": self.maintenance_window,
                "ApplicationMaintenanceWindowEndTime": f"{(hours + 8) % 24:02}:{minutes:02}",
            },
            "ConditionalToken": self.conditional_token,
            **{name: number for name, number in optional.items() if number is not None},
        }
