"""What is done to an application: it is created, updated, started, stopped, rolled back and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.services.managed_flink import configuration as rules
from local.services.managed_flink.core import AT_REST, CUSTOM, LATEST, SKIP, Core
from local.services.managed_flink.engine import Result
from local.services.managed_flink.model import RefusedError
from local.services.managed_flink.options import checked_tags, logging_options
from local.services.managed_flink.state import Application, Pending, Snapshot, Version

#: Applications of an account in a Region (https://docs.aws.amazon.com/managed-flink/latest/java/limits.html).
MAX_APPLICATIONS = 100
#: Where a stop by force helps, and where a version can be taken back
#: (https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_StopApplication.html, …/API_RollbackApplication.html).
FORCE_STOPPABLE = ("STARTING", "UPDATING", "STOPPING", "AUTOSCALING", "RUNNING")
ROLLED_BACK_FROM = ("UPDATING", "AUTOSCALING", "RUNNING")
#: What can be deleted: what is not on its way somewhere else.
DELETABLE = (*AT_REST, "ROLLED_BACK")
_MAINTENANCE_WINDOW = "03:00"
Parameters = Mapping[str, Any]


class LifecycleCalls(Core):
    """The calls that change what runs."""

    def create_application(self, parameters: Parameters) -> dict[str, Any]:
        """Create an application, which is READY."""
        name, runtime = parameters["ApplicationName"], parameters["RuntimeEnvironment"]
        if name in self.applications:
            raise RefusedError("ResourceInUseException", f"the application {name!r} exists already")
        if len(self.applications) >= MAX_APPLICATIONS:
            raise RefusedError(
                "LimitExceededException", f"there are {MAX_APPLICATIONS} applications already; delete one"
            )
        if parameters.get("ApplicationMode", "STREAMING") != "STREAMING":
            raise RefusedError("UnsupportedOperationException", "ApplicationMode must be STREAMING (got INTERACTIVE)")
        rules.flink_version(runtime)
        configuration = rules.created(parameters.get("ApplicationConfiguration", {}), runtime)
        now = self.clock.now()
        version = Version(
            number=1,
            runtime=runtime,
            role=parameters["ServiceExecutionRole"],
            configuration=configuration,
            code_size=self.engine.check_code(configuration),
            created=now,
            logging_options=logging_options(parameters.get("CloudWatchLoggingOptions", []), version=1),
        )
        application = Application(
            name=name,
            arn=self.arn("application", name),
            description=parameters.get("ApplicationDescription", ""),
            created=now,
            updated=now,
            versions=[version],
            tags=checked_tags({}, parameters.get("Tags", [])),
            maintenance_window=_MAINTENANCE_WINDOW,
            current_parallelism=int(rules.parallelism(configuration)["Parallelism"]),
        )
        self.begin(application, "CreateApplication").end(now)
        self.applications[name] = application
        return {"ApplicationDetail": application.detail()}

    def update_application(self, parameters: Parameters) -> dict[str, Any]:
        """Give an application its next version; one that runs is restarted with it."""
        application = self.application("UpdateApplication", parameters, *AT_REST)
        self.check_current(application, parameters)
        before = application.version
        runtime = parameters.get("RuntimeEnvironmentUpdate", before.runtime)
        if rules.flink_version(runtime) < rules.flink_version(before.runtime):
            raise RefusedError(
                "InvalidArgumentException",
                f"RuntimeEnvironmentUpdate must not be older than {before.runtime} (got {runtime});"
                " RollbackApplication leads back",
            )
        configuration = rules.updated(
            before.configuration, parameters.get("ApplicationConfigurationUpdate", {}), runtime
        )
        changes = {
            "runtime": runtime,
            "role": parameters.get("ServiceExecutionRoleUpdate", before.role),
            "configuration": configuration,
            "code_size": self.engine.check_code(configuration),
            "logging_options": _updated_logging(before, parameters.get("CloudWatchLoggingOptionUpdates", [])),
        }
        run = parameters.get("RunConfigurationUpdate", {})
        restore: Snapshot | str = LATEST
        if "ApplicationRestoreConfiguration" in run:
            chosen = self._chosen(application, run["ApplicationRestoreConfiguration"])
            restore = chosen or SKIP
            if run["ApplicationRestoreConfiguration"]["ApplicationRestoreType"] == LATEST:
                restore = LATEST  # the one that the update takes
        self._note_run(application, run)
        operation = self.apply(application, "UpdateApplication", restore=restore, **changes)
        return {"ApplicationDetail": application.detail(), "OperationId": operation.id}

    def start_application(self, parameters: Parameters) -> dict[str, Any]:
        """Start a job from the snapshot that is asked for."""
        application = self.application("StartApplication", parameters, "READY")
        run = parameters.get("RunConfiguration", {})
        if "SqlRunConfigurations" in run:
            raise RefusedError(
                "UnsupportedOperationException",
                "SqlRunConfigurations must not be given: the application is one of Flink",
            )
        described = application.run_configuration.get("ApplicationRestoreConfigurationDescription")
        wanted = run.get("ApplicationRestoreConfiguration") or described or {"ApplicationRestoreType": LATEST}
        source = self._chosen(application, wanted)
        self._note_run(application, {**run, "ApplicationRestoreConfiguration": wanted})
        configured = rules.parallelism(application.version.configuration)
        application.current_parallelism = int(configured["Parallelism"])
        operation = self.begin(application, "StartApplication")

        def ended(result: Result) -> None:
            operation.end(result.at, result.error)
            application.status = "READY" if result.error else "RUNNING"

        task = self.engine.start(application.job(source.key if source else None))
        self.change(application, "STARTING", Pending(task, ended))
        return {"OperationId": operation.id}

    def stop_application(self, parameters: Parameters) -> dict[str, Any]:
        """Stop a job with a snapshot, if they are on, or by force without one."""
        force = parameters.get("Force", False)
        application = self.application("StopApplication", parameters, *(FORCE_STOPPABLE if force else ("RUNNING",)))
        if force:
            return {"OperationId": self._stop_by_force(application)}
        operation = self.begin(application, "StopApplication")
        taken = None
        if rules.snapshots_enabled(application.version.configuration):
            name = f"snapshot-{operation.id}"
            taken = self.new_snapshot(application, name, version=application.version, by_user=False)

        def ended(result: Result) -> None:
            operation.end(result.at, result.error)
            if taken:
                taken.status = "READY" if result.snapshot_taken else "FAILED"
            application.status = "RUNNING" if result.running else "READY"

        task = self.engine.stop(application.name, taken.key if taken else None)
        self.change(application, "STOPPING", Pending(task, ended))
        return {"OperationId": operation.id}

    def rollback_application(self, parameters: Parameters) -> dict[str, Any]:
        """Start the previous version from the latest snapshot."""
        application = self.application("RollbackApplication", parameters, *ROLLED_BACK_FROM)
        self.check_current(application, parameters)
        previous = application.version.updated_from
        if application.version.rolled_back_to is not None or previous is None:
            raise RefusedError(
                "InvalidRequestException", f"{application.name} has no version before this one to go back to"
            )
        if self.latest_snapshot(application) is None:
            raise RefusedError(
                "InvalidRequestException", f"{application.name} has no finished snapshot to go back with"
            )
        self.supersede(application)
        (target,) = (one for one in application.versions if one.number == previous)
        operation = self.roll_back(application, target)
        return {"ApplicationDetail": application.detail(), "OperationId": operation.id}

    def delete_application(self, parameters: Parameters) -> dict[str, Any]:
        """Halt an application, and delete it with its own snapshots."""
        application = self.application("DeleteApplication", parameters, *DELETABLE)
        if not self.same_time(parameters["CreateTimestamp"], application.created):
            raise RefusedError(
                "InvalidArgumentException",
                f"CreateTimestamp must be {application.created.isoformat()}"
                f" (got {parameters['CreateTimestamp'].isoformat()})",
            )
        self.supersede(application)

        def ended(_result: Result) -> None:
            for snapshot in application.snapshots:
                self.engine.delete_snapshot(snapshot.key)
            del self.applications[application.name]

        self.change(application, "DELETING", Pending(self.engine.abort(application.name), ended))
        return {}

    def _stop_by_force(self, application: Application) -> str:
        self.supersede(application)
        operation = self.begin(application, "StopApplication")

        def ended(result: Result) -> None:
            operation.end(result.at, result.error)
            application.status = "READY"

        self.change(application, "FORCE_STOPPING", Pending(self.engine.abort(application.name), ended))
        return operation.id

    def _chosen(self, application: Application, restore: Mapping[str, Any]) -> Snapshot | None:
        """The snapshot that a start restores; none without state, or where there is no latest one.

        Raises:
            RefusedError: for one that does not exist, or is not finished.

        """
        kind = restore["ApplicationRestoreType"]
        given = {name: restore[name] for name in ("SnapshotName", "SnapshotArn") if name in restore}
        if kind != CUSTOM:
            if given:
                raise RefusedError(
                    "InvalidArgumentException", f"{', '.join(given)} must be given with {CUSTOM} (got {kind})"
                )
            return self.latest_snapshot(application) if kind == LATEST else None
        enhanced = rules.snapshot_mode(application.version.configuration) == rules.ENHANCED
        member = "SnapshotArn" if enhanced else "SnapshotName"
        if set(given) != {member}:
            raise RefusedError(
                "InvalidArgumentException",
                f"{CUSTOM} must be given with {member} alone for this application"
                f" (got {', '.join(given) or 'no snapshot'})",
            )
        for snapshot in self.snapshots_of(application):
            if (snapshot.arn if enhanced else snapshot.name) == given[member] and snapshot.status == "READY":
                return snapshot
        raise RefusedError("InvalidArgumentException", f"{member} must be a finished snapshot (got {given[member]!r})")

    def _note_run(self, application: Application, run: Mapping[str, Any]) -> None:
        """Keep how the job is started; state that is not restored is only dropped where the call itself says so."""
        allowed = run.get("FlinkRunConfiguration", {}).get("AllowNonRestoredState", False)
        noted = {
            **application.run_configuration,
            "FlinkRunConfigurationDescription": {"AllowNonRestoredState": allowed},
        }
        if "ApplicationRestoreConfiguration" in run:
            noted["ApplicationRestoreConfigurationDescription"] = dict(run["ApplicationRestoreConfiguration"])
        application.run_configuration = noted


def _updated_logging(version: Version, updates: list[Mapping[str, str]]) -> list[Mapping[str, str]]:
    options = [dict(option) for option in version.logging_options]
    for update in updates:
        found = [one for one in options if one["CloudWatchLoggingOptionId"] == update["CloudWatchLoggingOptionId"]]
        if not found:
            raise RefusedError(
                "ResourceNotFoundException",
                f"there is no CloudWatchLoggingOptionId {update['CloudWatchLoggingOptionId']!r}",
            )
        found[0]["LogStreamARN"] = update.get("LogStreamARNUpdate", found[0]["LogStreamARN"])
    return list(options)
