"""What changes an application: each order checks the state first, and waits until the service is through with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flink_constructs.lifecycle_handler.application import (
    CUSTOM,
    LATEST,
    SKIP,
    Application,
    Choice,
    snapshots_enabled,
)
from ops.account import Account
from ops.errors import OpsError, UsageError
from ops.terminal import console

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2.type_defs import ApplicationDetailTypeDef, SnapshotDetailsTypeDef

POLL_SECONDS = 2.0
_RUNNING, _READY = "RUNNING", "READY"
#: What each state allows, for the one line that refuses another order.
_NEXT = {_RUNNING: "'stop' it first", _READY: "'start' it first"}


@dataclass(frozen=True)
class Operations:
    """The orders to one application."""

    account: Account
    name: str

    def start(self, restore: str, *, allow_non_restored_state: bool = False) -> None:
        """Start the job.

        Args:
            restore: ``latest``, ``none``, or the name of a snapshot.
            allow_non_restored_state: Whether state of operators that the job no longer has is dropped.

        Raises:
            UsageError: where the application is not READY, or there is no such snapshot.
            OpsError: where the job does not start, with the service's reason.

        """
        application, detail = self._expect(_READY)
        kind = {"latest": LATEST, "none": SKIP}.get(restore, CUSTOM)
        choice = Choice(kind, restore if kind == CUSTOM else "", allow_non_restored_state)
        if kind == CUSTOM:
            self._check_snapshot(application, restore)
        with self._order(application, "StartApplication", wanted=_RUNNING):
            application.start(detail, choice)

    def stop(self, *, force: bool = False) -> None:
        """Stop the job: with a snapshot where snapshots are on, unless by force.

        Raises:
            UsageError: where the application does not run; force stops what starts or updates, too.
            OpsError: where the job does not stop, with the service's reason.

        """
        states = (_RUNNING, "STARTING", "UPDATING", "STOPPING", "AUTOSCALING") if force else (_RUNNING,)
        application, _ = self._expect(*states)
        with self._order(application, "StopApplication", wanted=_READY):
            application.stop(force=force)

    def snapshot(self, name: str | None = None) -> str:
        """Take a snapshot of the running job; gives its name, by default one with the time.

        Raises:
            UsageError: where the application does not run, keeps no snapshots, or has one of this name.
            OpsError: where the snapshot fails.

        """
        application, detail = self._expect(_RUNNING)
        if not snapshots_enabled(detail):
            raise UsageError(f"{self.name} must keep snapshots (got none); turn them on in its configuration")
        name = name or f"ops-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        if name in [one["SnapshotName"] for one in application.snapshots()]:
            raise UsageError(f"--name must be new (got {name!r}); leave it out for one with the time")
        application.take_snapshot(name)
        status = self._wait(
            "snapshot", lambda: self._snapshot_status(application, name), wanted="READY", pending=("CREATING",)
        )
        if status != "READY":
            raise OpsError(f"{self.name}: the snapshot {name} is {status}; its log may say why")
        return name

    def restore(self, snapshot: str, *, force: bool = False, allow_non_restored_state: bool = False) -> None:
        """Stop the job, if it runs, and start it from a snapshot.

        Raises:
            UsageError: where there is no such snapshot, or the state does not allow it.
            OpsError: where the job does not stop, or does not start.

        """
        application, detail = self._expect(_RUNNING, _READY)
        self._check_snapshot(application, snapshot)
        if detail["ApplicationStatus"] == _RUNNING:
            self.stop(force=force)
        self.start(snapshot, allow_non_restored_state=allow_non_restored_state)

    def rollback(self) -> int:
        """Go back to the version before the last update; gives the version that runs now.

        Raises:
            UsageError: where the state does not allow it.
            OpsError: where the service does not go back.

        """
        application, detail = self._expect(_RUNNING, "UPDATING")
        with self._order(application, "RollbackApplication", wanted=_RUNNING):
            application.client.rollback_application(
                ApplicationName=self.name, CurrentApplicationVersionId=detail["ApplicationVersionId"]
            )
        return int(self.account.application(self.name)[1]["ApplicationVersionId"])

    def scale(self, parallelism: int, per_kpu: int | None = None) -> None:
        """Change the parallelism; a running job goes on from a snapshot.

        Raises:
            UsageError: where the application has these values already, or the state does not allow it.
            OpsError: where the update fails.

        """
        application, detail = self._expect(_RUNNING, _READY)
        configuration: Any = detail["ApplicationConfigurationDescription"]
        now = configuration["FlinkApplicationConfigurationDescription"]["ParallelismConfigurationDescription"]
        wanted = (parallelism, per_kpu or now["ParallelismPerKPU"])
        if wanted == (now["Parallelism"], now["ParallelismPerKPU"]):
            raise UsageError(f"--parallelism must be another one than now (got {parallelism}, {wanted[1]} per KPU)")
        update: Any = {
            "ConfigurationTypeUpdate": "CUSTOM",
            "ParallelismUpdate": wanted[0],
            "ParallelismPerKPUUpdate": wanted[1],
        }
        with self._order(application, "UpdateApplication", wanted=detail["ApplicationStatus"]):
            application.client.update_application(
                ApplicationName=self.name,
                CurrentApplicationVersionId=detail["ApplicationVersionId"],
                ApplicationConfigurationUpdate={
                    "FlinkApplicationConfigurationUpdate": {"ParallelismConfigurationUpdate": update}
                },
            )

    def dashboard(self) -> str:
        """The address of Flink's own dashboard, good for one use within three minutes.

        Raises:
            UsageError: where the application does not run.

        """
        application, _ = self._expect(_RUNNING)
        answer = application.client.create_application_presigned_url(
            ApplicationName=self.name, UrlType="FLINK_DASHBOARD_URL"
        )
        return str(answer["AuthorizedUrl"])

    def snapshots(self) -> list[SnapshotDetailsTypeDef]:
        """All snapshots, the newest one first.

        Raises:
            UsageError: where there is no such application.

        """
        return self.account.application(self.name)[0].snapshots()

    def _expect(self, *states: str) -> tuple[Application, ApplicationDetailTypeDef]:
        application, detail = self.account.application(self.name)
        status = detail["ApplicationStatus"]
        if status not in states:
            fix = _NEXT.get(status, "wait until the service is through with it, or 'stop --force' it")
            raise UsageError(f"{self.name} must be {' or '.join(states)} (got {status}); {fix}")
        return application, detail

    def _check_snapshot(self, application: Application, name: str) -> None:
        finished = application.finished_snapshots()
        if name not in finished:
            raise UsageError(
                f"the snapshot must be a finished one of {self.name} (got {name!r}); "
                f"its newest ones are {', '.join(finished[:5]) or 'none'}"
            )

    @contextmanager
    def _order(self, application: Application, operation: str, *, wanted: str) -> Iterator[None]:
        """Give an order in the block, then wait until it is carried out."""
        # The service's clock may be behind this one.
        began = max((one["StartTime"] for one in self._operations(application, operation)), default=None)
        yield
        pending = ("STARTING", "STOPPING", "FORCE_STOPPING", "UPDATING", "ROLLING_BACK", "AUTOSCALING")

        def status() -> str:
            detail = self.account.application(self.name)[1]
            return str(detail["ApplicationStatus"])

        reached = self._wait(operation, status, wanted=wanted, pending=pending)
        newest = max(self._operations(application, operation), key=lambda one: one["StartTime"], default=None)
        failed = newest and newest["StartTime"] != began and newest["OperationStatus"] in ("FAILED", "CANCELLED")
        if failed or reached != wanted:
            reason = application.failure_of(newest) if failed else ""
            raise OpsError(f"{self.name} is {reached}: {operation} failed: {reason or 'its log may say why'}")

    @staticmethod
    def _operations(application: Application, operation: str) -> list[Any]:
        pages = application.client.get_paginator("list_application_operations").paginate(
            ApplicationName=application.name, Operation=operation
        )
        return [one for page in pages for one in page["ApplicationOperationInfoList"]]

    def _snapshot_status(self, application: Application, name: str) -> str:
        return next((one["SnapshotStatus"] for one in application.snapshots() if one["SnapshotName"] == name), "FAILED")

    def _wait(self, what: str, status: Callable[[], str], *, wanted: str, pending: tuple[str, ...]) -> str:
        """Show each state that the service goes through; gives the last one."""
        begun, shown = time.monotonic(), ""
        with console.status(f"{self.name}: {what}") as progress:
            while (now := status()) in pending and now != wanted:
                if now != shown:
                    shown = now
                    console.print(f"{self.name}: {now}", markup=False, highlight=False)
                progress.update(f"{self.name}: {now} for {time.monotonic() - begun:.0f} s")
                time.sleep(POLL_SECONDS)
        console.print(f"{self.name}: {now} after {time.monotonic() - begun:.0f} s", markup=False, highlight=False)
        return now
