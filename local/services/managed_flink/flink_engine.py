"""Jobs on real Flink clusters: one of its own for each running application, with its zip from S3."""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pyflink.version
from requests import RequestException

from flink_apps.common.aws import ENDPOINTS_GROUP
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from local.errors import RunError
from local.flink import rest
from local.flink.cluster import ClusterSpec, FlinkCluster
from local.plain import plain
from local.process import Process
from local.services.managed_flink.clock import Clock
from local.services.managed_flink.code import CodeStore
from local.services.managed_flink.configuration import flink_version
from local.services.managed_flink.engine import Job, Result
from local.services.managed_flink.log_events import LogForwarder
from local.services.managed_flink.model import RefusedError
from local.services.service import CREDENTIALS

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client

logger = logging.getLogger(__name__)

#: The port that the first cluster's web UI prefers.
FIRST_REST_PORT = 8081
#: Orders that are carried out at the same time; others wait.
_WORKERS = 16
#: The property groups of an application.
Groups = dict[str, dict[str, str]]


class _AbandonedError(RunError):
    """Another order has taken the place of this one."""


@dataclass
class _Run:
    """One start of a job: its cluster, and its log."""

    job: Job
    folder: Path
    code: Path
    cluster: FlinkCluster
    log: LogForwarder
    flink_job: rest.Job | None = None
    abandoned: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _measured: dict[int, psutil.Process] = field(default_factory=dict)

    def launch(self) -> None:
        """Start the cluster's processes, unless it is too late."""
        with self._lock:
            self.check()
            self.cluster.launch()
            self.log.start()

    def end(self) -> None:
        """End all of it at once, whatever it is doing."""
        self.abandoned = True
        with self._lock:
            self.cluster.kill()
        self.log.stop()
        for bulky in (self.code, self.folder / "checkpoints", self.folder / "tmp"):
            shutil.rmtree(bulky, ignore_errors=True)

    def check(self) -> None:
        """Go no further where something else has taken the place of this."""
        if self.abandoned:
            raise _AbandonedError("another order came")

    @property
    def running_job(self) -> rest.Job:
        """The job, which must have been submitted."""
        if self.flink_job is None:
            raise RunError("no job runs")
        return self.flink_job

    def has_started(self) -> bool:
        """Whether all tasks of the job run, or it has begun to restart, or has ended."""
        state = self.running_job.state
        return state in rest.ENDED | {"RESTARTING"} or (state == "RUNNING" and self.running_job.running_seconds() > 0)

    @property
    def runs(self) -> bool:
        """Whether the job goes on."""
        try:
            return not self.abandoned and self.flink_job is not None and self.flink_job.state not in rest.ENDED
        except RequestException:
            return False

    def cpu_percent(self) -> float | None:
        """The use of one processor by the busiest TaskManager since the last time; None the first time."""
        used = []
        for process in self.cluster.task_managers:
            if process.running:
                first = process.pid not in self._measured
                measured = self._measured.setdefault(process.pid, psutil.Process(process.pid))
                percent = sum(one.cpu_percent() for one in (measured, *self._children(measured)))
                used += [] if first else [percent]
        return max(used, default=None)

    def _children(self, process: psutil.Process) -> list[psutil.Process]:
        """Python below the JVM; the same objects each time."""
        return [self._measured.setdefault(one.pid, one) for one in process.children(recursive=True)]


@dataclass(frozen=True)
class _Order:
    """Something that a thread carries out."""

    future: Future[Result]

    def result(self) -> Result | None:
        return self.future.result() if self.future.done() else None


class FlinkEngine:
    """An engine on this machine's own Flink."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        s3: S3Client,
        logs: CloudWatchLogsClient,
        *,
        endpoints: Mapping[str, str],
        flink_options: Mapping[str, str],
        plugins: Sequence[Path] = (),
        started: Callable[[], None] = lambda: None,
        credentials: Callable[[str], Mapping[str, str]] = lambda _role: CREDENTIALS,
        localized: Callable[[Groups], Groups] = lambda groups: groups,
    ) -> None:
        """Begin without jobs.

        Args:
            folder: Where the files of jobs go.
            clock: The service's time.
            s3: A client of the S3 that has the code.
            logs: A client of the service that has the log streams.
            endpoints: Addresses of AWS services, by their ids, that the jobs shall use.
            flink_options: Configuration of the clusters beside what an application says.
            plugins: Folders of plugins that the clusters load.
            started: Called when processes have been started.
            credentials: Gives the variables with which a job signs its requests, for the ARN of its role.
            localized: Gives the property groups as they are on this machine.

        """
        self._folder = plain(folder)
        self._clock = clock
        self._code = CodeStore(s3)
        self._logs = logs
        self._endpoints = endpoints
        self._flink_options = dict(flink_options)
        self._plugins = list(plugins)
        self._started = started
        self._credentials = credentials
        self._localized = localized
        self._runs: dict[str, _Run] = {}
        self._all_runs: list[_Run] = []
        self._savepoints: dict[str, Path] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="flink-engine")

    @property
    def processes(self) -> list[Process]:
        """The processes that live."""
        return [process for run in self._all_runs for process in run.cluster.processes if process.running]

    def close(self) -> None:
        """End all jobs."""
        for run in self._all_runs:
            run.abandoned = True
        for run in self._all_runs:
            run.end()
        self._workers.shutdown(wait=True, cancel_futures=True)
        for run in self._all_runs:  # what an order has started meanwhile
            run.end()

    # The engine's interface.

    def check_code(self, configuration: Mapping[str, Any]) -> int:
        """The size of an application's code in bytes; see :class:`Engine`."""
        return len(self._code.read(configuration))

    def start(self, job: Job) -> _Order:
        """Start a job; see :class:`Engine`."""
        previous = self._take(job.application)
        run = self._new_run(job)

        def work() -> Result:
            if previous:
                previous.end()
            return self._start(run)

        return self._order(work)

    def restart(self, job: Job, snapshot: str | None) -> _Order:
        """Stop with a snapshot, and start another job in the place of the one before; see :class:`Engine`."""
        previous = self._runs.get(job.application)

        def work() -> Result:
            if snapshot and (failed := self._stop(previous, snapshot)):
                return failed
            with self._lock:
                if previous:
                    previous.check()
                run = self._new_run(job)
            if previous:
                previous.end()
            # The snapshot is there, whatever becomes of the start.
            return dataclasses.replace(self._outcome(lambda: self._start(run)), snapshot_taken=snapshot is not None)

        return self._order(work)

    def stop(self, application: str, snapshot: str | None) -> _Order:
        """Stop a job; see :class:`Engine`."""
        run = self._runs.get(application)

        def work() -> Result:
            if snapshot and (failed := self._stop(run, snapshot)):
                return failed
            if run:
                run.end()
            return self._ended(snapshot_taken=snapshot is not None)

        return self._order(work)

    def abort(self, application: str) -> _Order:
        """End a job at once; see :class:`Engine`."""
        run = self._take(application)

        def work() -> Result:
            if run:
                run.end()
            return self._ended()

        return self._order(work)

    def snapshot(self, application: str, snapshot: str) -> _Order:
        """Take a savepoint; see :class:`Engine`."""
        run = self._runs.get(application)

        def work() -> Result:
            running = self._required(run)
            try:
                savepoint = running.running_job.savepoint(self._savepoint_folder(snapshot).as_uri())
            except (RunError, RequestException) as error:
                running.log.error(f"the snapshot failed: {_line(error)}")
                raise
            self._savepoints[snapshot] = savepoint
            return self._ended(running=True, snapshot_taken=True)

        return self._order(work)

    def delete_snapshot(self, snapshot: str) -> _Order:
        """Delete a savepoint; see :class:`Engine`."""

        def work() -> Result:
            self._savepoints.pop(snapshot, None)
            shutil.rmtree(self._savepoint_folder(snapshot), ignore_errors=True)
            return self._ended()

        return self._order(work)

    def cpu_utilization(self, application: str) -> float | None:
        """What the busiest TaskManager uses of a KPU's processor; see :class:`Engine`."""
        run = self._runs.get(application)
        try:
            percent = run.cpu_percent() if run else None
        except psutil.Error:  # one that ends at this moment
            return None
        return None if percent is None else min(percent, 100.0)

    def dashboard(self, application: str) -> str | None:
        """Flink's web UI; see :class:`Engine`."""
        run = self._runs.get(application)
        return run.cluster.rest.address if run and run.flink_job else None

    def plan(self, application: str) -> str | None:
        """The job's plan; see :class:`Engine`."""
        run = self._runs.get(application)
        if run is None or run.flink_job is None:
            return None
        try:
            return json.dumps(run.cluster.rest.get(f"/jobs/{run.flink_job.job_id}/plan")["plan"])
        except RequestException:
            return None

    # How it is done.

    def _take(self, application: str) -> _Run | None:
        """What runs of an application, whose place something else takes from now on."""
        with self._lock:
            run = self._runs.pop(application, None)
            if run:
                run.abandoned = True
            return run

    def _new_run(self, job: Job) -> _Run:
        flink = job.configuration["FlinkApplicationConfiguration"]
        number = next(self._numbers)
        folder = self._folder / f"{job.application}-{number}"
        cluster = FlinkCluster(
            spec=dataclasses.replace(ClusterSpec.from_configuration(flink), parallelism=job.parallelism),
            folder=folder,
            name=job.application,
            rest_port=FIRST_REST_PORT,
            flink_options=self._flink_options,
            plugins=self._plugins,
            credentials=self._credentials(job.role),
        )
        log = LogForwarder(job, folder / "log", self._clock, self._logs)
        run = _Run(job=job, folder=folder, code=self._folder / "code" / folder.name, cluster=cluster, log=log)
        self._runs[job.application] = run
        self._all_runs.append(run)
        return run

    def _start(self, run: _Run) -> Result:
        try:
            groups = self._property_groups(run.job.configuration)
            _check_runnable(run.job)
            run.launch()
            with self._lock:
                self._started()
            self._code.unpack(run.job.configuration, run.code)
            run.cluster.wait()
            run.check()
            run.flink_job = run.cluster.submit(
                run.code,
                groups,
                checkpoint=self._savepoint(run.job.restore) if run.job.restore else None,
                allow_non_restored_state=run.job.allow_non_restored_state,
                parallelism=run.job.parallelism,
                once=True,
                abandoned=lambda: run.abandoned,
            )
            run.cluster.job_manager.wait_until(run.has_started)
            if (state := run.running_job.state) in ("FAILED", "CANCELED"):
                raise RunError(f"the job is {state}: {run.running_job.root_cause()}")
        except BaseException as error:
            if not run.abandoned:
                run.log.error(f"the application did not start: {_line(error)}")
            run.end()
            raise
        run.cpu_percent()  # from now on
        return self._ended(running=True)

    def _stop(self, run: _Run | None, snapshot: str) -> Result | None:
        """Stop a job with a savepoint; gives how it failed, if it did."""
        try:
            job = self._required(run).running_job
            savepoint = job.stopped(savepoint_folder=self._savepoint_folder(snapshot).as_uri(), drain=False)
            if savepoint is None:
                raise RunError("the job had ended by itself, and left no savepoint")
        except (RunError, RequestException) as error:
            if run:
                run.log.error(f"the snapshot failed: {_line(error)}")
            if run and not run.runs:
                run.end()
            return self._ended(error=_line(error), running=bool(run and run.runs))
        self._savepoints[snapshot] = savepoint
        return None

    def _property_groups(self, configuration: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        """The property groups, with the addresses of the local services beside those that they name themselves."""
        given = configuration["EnvironmentProperties"]["PropertyGroups"]
        groups = {group["PropertyGroupId"]: dict(group["PropertyMap"]) for group in given}
        if "python" not in groups.get(RUN_OPTIONS_GROUP, {}):
            raise RunError(
                f"the property group {RUN_OPTIONS_GROUP} must name the Python program as 'python' (got none)"
            )
        own = groups.get(ENDPOINTS_GROUP, {})
        return {**self._localized(groups), ENDPOINTS_GROUP: {**self._endpoints, **own}}

    def _savepoint(self, snapshot: str) -> Path:
        if snapshot not in self._savepoints:
            raise RunError("the snapshot has no savepoint any more")
        return self._savepoints[snapshot]

    def _savepoint_folder(self, snapshot: str) -> Path:
        return self._folder / "savepoints" / snapshot

    def _required(self, run: _Run | None) -> _Run:
        if run is None:
            raise RunError("no job runs")
        return run

    def _order(self, work: Callable[[], Result]) -> _Order:
        return _Order(self._workers.submit(self._outcome, work))

    def _outcome(self, work: Callable[[], Result]) -> Result:
        """The result of some work; whatever it raises is one, too."""
        try:
            return work()
        except Exception as error:
            if not isinstance(error, RunError | RefusedError | RequestException):
                logger.exception("the engine failed")
            return self._ended(error=_line(error))

    def _ended(self, *, error: str = "", running: bool = False, snapshot_taken: bool = False) -> Result:
        return Result(at=self._clock.now(), error=error, running=running, snapshot_taken=snapshot_taken)


def _check_runnable(job: Job) -> None:
    version = ".".join(map(str, flink_version(job.runtime)))
    if not pyflink.version.__version__.startswith(f"{version}."):
        raise RunError(f"RuntimeEnvironment must be of Flink {pyflink.version.__version__} here (got {job.runtime})")
    if not job.configuration["FlinkApplicationConfiguration"]["CheckpointConfiguration"]["CheckpointingEnabled"]:
        raise RunError("CheckpointingEnabled must be true here (got false)")


def _line(error: BaseException) -> str:
    """What went wrong, in one line."""
    text = error.message if isinstance(error, RefusedError) else str(error)
    return " ".join(text.split()) or type(error).__name__
