"""The applications of one account and Region, and how they change: what the calls have in common."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from local.services.managed_flink import configuration as rules
from local.services.managed_flink.autoscaling import SCALE_DOWN_MINUTES, scaled
from local.services.managed_flink.clock import Clock
from local.services.managed_flink.engine import Engine, Result
from local.services.managed_flink.model import RefusedError, one_of
from local.services.managed_flink.state import Application, Operation, Pending, Snapshot, Version

#: Where nothing is under way, and a change can begin.
AT_REST = ("READY", "RUNNING")
LATEST, CUSTOM, SKIP = "RESTORE_FROM_LATEST_SNAPSHOT", "RESTORE_FROM_CUSTOM_SNAPSHOT", "SKIP_RESTORE_FROM_SNAPSHOT"
_PER_PAGE = 50
_MINUTE = timedelta(minutes=1)
T = TypeVar("T")


class Core:
    """The applications, and the rules of their changes.

    Nothing happens by itself: whoever calls first has every application take note of what the engine has ended by then
    (:meth:`settle`). One call is carried out at a time.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        *,
        region: str = "us-east-1",
        account: str = "000000000000",
        per_page: int = _PER_PAGE,
    ) -> None:
        """Begin without applications.

        Args:
            engine: What runs the jobs.
            clock: The service's time.
            region: The Region that ARNs name.
            account: The account that ARNs name.
            per_page: How many items a list has at most, where the call does not say less.

        """
        self.engine = engine
        self.clock = clock
        self.region = region
        self.account = account
        self.per_page = per_page
        self.applications: dict[str, Application] = {}
        #: The account's own, which no deletion of an application takes along.
        self.account_snapshots: list[Snapshot] = []
        #: Where the API listens: the addresses of UIs lead there first.
        self.address = ""
        #: The application of each such address, and until when the address can be used.
        self.ui_tokens: dict[str, tuple[str, datetime]] = {}
        self.lock = threading.RLock()
        self._ids = itertools.count(1)

    # What has ended, and what follows.

    def settle(self) -> None:
        """Take note of all that the engine has ended, and scale what has to be scaled."""
        with self.lock:
            for application in list(self.applications.values()):
                self._settle(application)
            self.account_snapshots = [one for one in self.account_snapshots if one.settle()]

    def _settle(self, application: Application) -> None:
        while application.pending and (result := application.pending.task.result()):
            pending, application.pending = application.pending, None
            pending.ended(result)
        application.snapshots = [one for one in application.snapshots if one.settle()]
        self._measure(application)

    def _measure(self, application: Application) -> None:
        """Note the use of the processors of each minute that has passed, and scale by it."""
        parallelism = rules.parallelism(application.version.configuration)
        if application.status != "RUNNING" or not parallelism["AutoScalingEnabled"]:
            application.utilization, application.measured = [], None
            return
        now = self.clock.now()
        application.measured = application.measured or now
        minutes = (now - application.measured) // _MINUTE
        if not minutes:
            return
        application.measured += minutes * _MINUTE
        used = self.engine.cpu_utilization(application.name)
        if used is None:  # the measurements have to follow each other
            application.utilization = []
            return
        kept = application.utilization + [used] * min(minutes, SCALE_DOWN_MINUTES)
        application.utilization = kept[-SCALE_DOWN_MINUTES:]
        wanted = scaled(
            application.utilization,
            current=application.current_parallelism,
            configured=int(parallelism["Parallelism"]),
            maximum=rules.maximum_parallelism(application.version.configuration),
        )
        if wanted != application.current_parallelism:
            self.scale(application.name, wanted)

    # What the service does by itself.

    def scale(self, name: str, parallelism: int) -> None:
        """Restart a running application with another parallelism, as automatic scaling does."""
        with self.lock:
            application = self.applications[name]
            before = application.current_parallelism
            application.current_parallelism = parallelism
            application.utilization, application.measured = [], None
            operation = self.begin(application, "AutoScaling")
            self.restart(application, "AUTOSCALING", operation, before=application.version, parallelism=before)

    def maintain(self, name: str) -> None:
        """Restart a running application, as the service's maintenance does."""
        with self.lock:
            application = self.applications[name]
            operation = self.begin(application, "Maintenance")
            self.restart(application, "MAINTENANCE", operation, before=application.version)

    # Who may be asked for what.

    def application(self, operation: str, parameters: Mapping[str, Any], *statuses: str) -> Application:
        """The application that a call is about, in a status that allows it.

        Args:
            operation: The call's name.
            parameters: The call's parameters.
            statuses: Those that allow the call. Default: all do.

        Raises:
            RefusedError: where there is none of this name, or it has another status.

        """
        name = parameters["ApplicationName"]
        application = self.applications.get(name)
        if application is None:
            code = one_of(operation, "ResourceNotFoundException", "InvalidArgumentException")
            raise RefusedError(code, f"the application {name!r} does not exist")
        if statuses and application.status not in statuses:
            raise RefusedError(
                "ResourceInUseException",
                f"{operation} takes an application that is {' or '.join(statuses)} ({name} is {application.status})",
            )
        return application

    def check_current(self, application: Application, parameters: Mapping[str, Any]) -> None:
        """Check that the caller knows the application as it is now.

        Raises:
            RefusedError: where the caller does not say which version it knows, or it is not the current one.

        """
        number, token = parameters.get("CurrentApplicationVersionId"), parameters.get("ConditionalToken")
        if number is None and token is None:
            raise RefusedError(
                "InvalidArgumentException",
                "CurrentApplicationVersionId or ConditionalToken must be given (got neither)",
            )
        if number is not None and number != application.version.number:
            raise RefusedError(
                "ConcurrentModificationException",
                f"CurrentApplicationVersionId must be {application.version.number} (got {number})",
            )
        if token is not None and token != application.conditional_token:
            raise RefusedError(
                "ConcurrentModificationException",
                "ConditionalToken must be the application's current one (got another); DescribeApplication has it",
            )

    def page(
        self, operation: str, items: Sequence[T], parameters: Mapping[str, Any], shown: Callable[[T], dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """A page of a list, and the token of the next one, if there is one.

        Raises:
            RefusedError: for a token that no answer has had.

        """
        token = parameters.get("NextToken", "0")
        if not token.isdecimal() or int(token) > len(items):
            code = one_of(operation, "InvalidArgumentException", "InvalidRequestException")
            raise RefusedError(code, f"NextToken must be one of an earlier answer (got {token!r})")
        begin, end = int(token), int(token) + min(parameters.get("Limit", self.per_page), self.per_page)
        following = {"NextToken": str(end)} if end < len(items) else {}
        return [shown(item) for item in items[begin:end]], following

    # Changes.

    def new_id(self) -> str:
        """A new identifier."""
        return f"{next(self._ids):06}"

    def begin(self, application: Application, kind: str, versions: tuple[int, int] | None = None) -> Operation:
        """Note an operation that begins."""
        operation = Operation(f"{kind}-{self.new_id()}", kind, self.clock.now(), versions)
        application.operations.append(operation)
        return operation

    def change(self, application: Application, status: str, pending: Pending) -> None:
        """Have an application be what it is while the engine works on it."""
        application.status, application.pending = status, pending

    def supersede(self, application: Application) -> None:
        """Let go of what is being done to an application, for something else takes its place."""
        now = self.clock.now()
        application.pending = None
        for operation in application.operations:
            if operation.status == "IN_PROGRESS":
                operation.cancel(now)
        for snapshot in (*application.snapshots, *self.account_snapshots):
            if snapshot.status == "CREATING" and snapshot.application == application.name:
                snapshot.status, snapshot.task = "FAILED", None

    def add_version(self, application: Application, **changes: Any) -> Version:  # noqa: ANN401 - a version's own
        """Give an application its next version: the current one with changes."""
        now = self.clock.now()
        before = application.version
        version = replace(
            before,
            number=before.number + 1,
            created=now,
            updated_from=before.number,
            **{"rolled_back_from": None, "rolled_back_to": None, **changes},
        )
        application.versions.append(version)
        application.updated = now
        return version

    def apply(
        self,
        application: Application,
        kind: str,
        *,
        restore: Snapshot | str = LATEST,
        **changes: Any,  # noqa: ANN401 - a version's own
    ) -> Operation:
        """Give an application its next version, and restart it with it where it runs."""
        before = application.version
        version = self.add_version(application, **changes)
        operation = self.begin(application, kind, (before.number, version.number))
        kept = application.current_parallelism
        old, new = rules.parallelism(before.configuration), rules.parallelism(version.configuration)
        if old != new:
            application.current_parallelism = int(new["Parallelism"])
        if application.status == "READY":
            operation.end(self.clock.now())
            return operation
        self.restart(application, "UPDATING", operation, before=before, restore=restore, parallelism=kept)
        return operation

    def restart(
        self,
        application: Application,
        status: str,
        operation: Operation,
        *,
        before: Version,
        restore: Snapshot | str = LATEST,
        parallelism: int | None = None,
    ) -> None:
        """Restart a running application as it is described now.

        A snapshot is taken first where snapshots are on. Where that fails, the job goes on as it was. Where the job
        does not start again, the service takes the change back if that was asked for, and else leaves it READY.

        Args:
            application: The application.
            status: What it is meanwhile.
            operation: What ends with it.
            before: The version that runs so far.
            restore: A snapshot, ``LATEST`` for the one that is taken now, or ``SKIP``.
            parallelism: The parallelism with which it runs so far. Default: the present one.

        """
        taken = None
        if rules.snapshots_enabled(before.configuration):
            taken = self.new_snapshot(application, f"snapshot-{operation.id}", version=before, by_user=False)
        source = taken if restore == LATEST else restore
        key = source.key if isinstance(source, Snapshot) else None

        def ended(result: Result) -> None:
            operation.end(result.at, result.error)
            if taken:
                taken.status = "READY" if result.snapshot_taken else "FAILED"
            if not result.error:
                application.status = "RUNNING"
                return
            failed = application.version
            if result.running:
                application.status = "RUNNING"
                if parallelism is not None:
                    application.current_parallelism = parallelism
                if failed != before:
                    self.revert(application, before)
            elif rules.rollback_enabled(before.configuration) or rules.rollback_enabled(failed.configuration):
                if parallelism is not None:
                    application.current_parallelism = parallelism
                operation.rollback = self.roll_back(application, before).id
            else:
                application.status = "READY"

        self.change(
            application, status, Pending(self.engine.restart(application.job(key), taken.key if taken else None), ended)
        )

    def revert(self, application: Application, target: Version) -> Version:
        """Take the current version back: the next one is as an earlier one was."""
        failed = application.version
        application.rolled_back.add(failed.number)
        return self.add_version(
            application,
            runtime=target.runtime,
            role=target.role,
            configuration=target.configuration,
            code_size=target.code_size,
            logging_options=target.logging_options,
            rolled_back_from=failed.number,
            rolled_back_to=target.number,
        )

    def roll_back(self, application: Application, target: Version) -> Operation:
        """Start an earlier version from the latest snapshot, whatever runs now; gives the operation."""
        number = application.version.number
        if target != application.version:
            self.revert(application, target)
            application.current_parallelism = int(rules.parallelism(target.configuration)["Parallelism"])
        operation = self.begin(application, "RollbackApplication", (number, application.version.number))
        latest = self.latest_snapshot(application)

        def ended(result: Result) -> None:
            operation.end(result.at, result.error)
            application.status = "READY" if result.error else "RUNNING"

        task = self.engine.start(application.job(latest.key if latest else None))
        self.change(application, "ROLLING_BACK", Pending(task, ended))
        return operation

    # Snapshots.

    def snapshots_of(self, application: Application) -> list[Snapshot]:
        """Where the snapshots of an application are: with itself, or with the account."""
        enhanced = rules.snapshot_mode(application.version.configuration) == rules.ENHANCED
        return self.account_snapshots if enhanced else application.snapshots

    def new_snapshot(self, application: Application, name: str, *, version: Version, by_user: bool) -> Snapshot:
        """Note a snapshot that is going to be taken."""
        snapshot = Snapshot(
            name=name,
            key=f"{application.name}-{self.new_id()}",
            arn=self.arn("snapshot", name),
            created=self.clock.now(),
            application=application.name,
            application_created=application.created,
            version=version.number,
            runtime=version.runtime,
            encryption=version.configuration["ApplicationEncryptionConfiguration"],
            by_user=by_user,
        )
        self.snapshots_of(application).append(snapshot)
        return snapshot

    def latest_snapshot(self, application: Application) -> Snapshot | None:
        """The newest snapshot of an application that is finished."""
        finished = [
            one
            for one in self.snapshots_of(application)
            if one.status == "READY"
            and (one.application, one.application_created) == (application.name, application.created)
        ]
        return max(finished, key=lambda one: one.created, default=None)

    def arn(self, kind: str, name: str) -> str:
        """The ARN of an application or a snapshot."""
        return f"arn:aws:kinesisanalytics:{self.region}:{self.account}:{kind}/{name}"

    def same_time(self, given: datetime, real: datetime) -> bool:
        """Whether a caller means this very time: clients send whole seconds."""
        return int(given.timestamp()) == int(real.timestamp())
