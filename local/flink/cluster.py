"""JobManager and TaskManagers as processes, configured from the template."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from flink_apps.common.properties import FILE_VARIABLE, PropertyGroups
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from local.errors import RunError
from local.flink.client import Client
from local.flink.final_counters import final_counts, reporter, reporter_options
from local.flink.jvm import CLIENT, FLINK_HOME, JOB_MANAGER, TASK_MANAGER, Jvm, memory
from local.flink.rest import FlinkRest, Job, root_cause
from local.flink.savepoints import OPERATORS
from local.plain import plain
from local.process import Process, free_port
from local.services.service import CREDENTIALS

#: The variable by which a submission is asked to list its operators: see flink_apps/connectors/operators.
_OPERATORS_VARIABLE = "FLINK_APPS_OPERATORS"


@dataclass(frozen=True, kw_only=True)
class ClusterSpec:
    """What the template says of the application's cluster."""

    parallelism: int
    parallelism_per_kpu: int
    checkpoint_interval_millis: int
    min_pause_between_checkpoints_millis: int
    log_level: str

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> ClusterSpec:
        """Read the ``FlinkApplicationConfiguration`` of an application."""
        parallelism = configuration["ParallelismConfiguration"]
        checkpoints = configuration["CheckpointConfiguration"]
        return cls(
            parallelism=int(parallelism["Parallelism"]),
            parallelism_per_kpu=int(parallelism["ParallelismPerKPU"]),
            checkpoint_interval_millis=int(checkpoints["CheckpointInterval"]),
            min_pause_between_checkpoints_millis=int(checkpoints["MinPauseBetweenCheckpoints"]),
            log_level=str(configuration["MonitoringConfiguration"]["LogLevel"]),
        )

    @property
    def kpus(self) -> int:
        """How many KPUs, here TaskManagers, the parallelism takes."""
        return math.ceil(self.parallelism / self.parallelism_per_kpu)


@dataclass
class FlinkCluster:
    """A JobManager, and a TaskManager for each KPU.

    Files go below ``folder``, whose path must be a plain one; ``name`` is the application's.
    """

    spec: ClusterSpec
    folder: Path
    name: str
    rest_port: int  # the one that it prefers
    flink_options: Mapping[str, str] = field(default_factory=dict)
    plugins: Sequence[Path] = ()
    #: The variables with which its processes sign their requests to AWS.
    credentials: Mapping[str, str] = field(default_factory=lambda: dict(CREDENTIALS), repr=False)
    client: Client = field(init=False)
    job_manager: Process = field(init=False)
    task_managers: list[Process] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the processes."""
        self.client = Client(
            command=CLIENT.command(self.folder, "client", "--die-on-broken-pipe", "--enable-auth", "0"),
            env={**self._environment(), FILE_VARIABLE: str(self._properties), _OPERATORS_VARIABLE: str(self.operators)},
            log=self.folder / "log" / "client-jvm.log",
        )
        self.job_manager = self._process(f"the JobManager of {self.name}", JOB_MANAGER, "jobmanager")
        self.task_managers = [self.new_task_manager(number) for number in range(1, self.spec.kpus + 1)]

    @cached_property
    def rest(self) -> FlinkRest:
        """The REST API; its address serves the web UI, too."""
        return FlinkRest(f"http://127.0.0.1:{self._rest_port}")

    @property
    def operators(self) -> Path:
        """The list of the operators of the job that was submitted last."""
        return self.folder / OPERATORS

    @property
    def client_log(self) -> Path:
        """What the latest submission has said."""
        return self.folder / "log" / "client.log"

    @property
    def processes(self) -> list[Process]:
        """All the cluster's processes."""
        return [self.job_manager, *self.task_managers]

    def gather(self, slots: int) -> None:
        """Have one TaskManager with so many slots in place of one for each KPU; to be called before the launch."""
        self.spec = replace(self.spec, parallelism_per_kpu=slots)
        del self.task_managers[1:]

    def launch(self) -> None:
        """Start the processes, and do not wait for them."""
        self._write_configuration()
        for process in self.processes:
            process.start()

    def wait(self) -> None:
        """Wait until the JobManager answers and every TaskManager has registered."""
        # Another one that has taken the port meanwhile answers there, too.
        self.job_manager.wait_until(lambda: self.rest.rpc_port() == self._rpc_port)
        for number, process in enumerate(self.task_managers, start=1):
            process.wait_until(lambda wanted=number: (self.rest.task_managers() or 0) >= wanted)  # type: ignore[misc]

    def kill(self) -> None:
        """End all processes at once."""
        self.client.close()
        for process in self.processes:
            process.kill()

    def new_task_manager(self, number: int) -> Process:
        """A TaskManager that is not started: one of the cluster's own, or one that takes a lost one's place."""
        return self._process(f"TaskManager {number} of {self.name}", TASK_MANAGER, f"taskmanager-{number}")

    def replace_job_manager(self) -> None:
        """Start a JobManager in the place of one that is gone; it knows nothing of the jobs of the old one."""
        self.job_manager = self._process(self.job_manager.name, JOB_MANAGER, "jobmanager-2")
        self.job_manager.start()

    def final_count(self, job: Job, name: str) -> int:
        """What all counters of an ended job whose name ends in ``name`` had counted at its end, since its last restart.

        Raises:
            RunError: where the job's tasks do not leave their slots.

        """
        # A task leaves its slot after its counters have been written.
        self.job_manager.wait_until(lambda: self.rest.slots_in_use() == 0, seconds=10)
        return sum(final_counts(self.folder, job.job_id, name))

    def latest_checkpoint(self, job: Job) -> Path:
        """The folder of a job's latest complete checkpoint."""
        complete = (self.folder / "checkpoints" / job.job_id).glob("chk-*/_metadata")
        return max((file.parent for file in complete), key=lambda folder: int(folder.name.removeprefix("chk-")))

    def submit(
        self,
        code: Path,
        groups: PropertyGroups,
        *,
        checkpoint: Path | None = None,
        allow_non_restored_state: bool = False,
        parallelism: int | None = None,
        once: bool = False,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> Job:
        """Submit an unpacked bundle as the service does: by the run options among its property groups.

        Args:
            code: The folder of the bundle.
            groups: The application's property groups.
            checkpoint: A checkpoint or savepoint that the job goes on from. Default: it starts without state.
            allow_non_restored_state: Whether state of operators that the job no longer has is dropped.
            parallelism: Default: the cluster's.
            once: Whether the client ends with it, since no other job comes.
            abandoned: Whether nobody waits for the job any more.

        Raises:
            RunError: with the root cause, when the application refuses to start.

        """
        self._properties.write_text(
            json.dumps(
                [{"PropertyGroupId": group, "PropertyMap": dict(keys)} for group, keys in groups.items()], indent=2
            )
        )
        options = groups[RUN_OPTIONS_GROUP]
        arguments = ["run", "--detached", "--jobmanager", self.rest.address.removeprefix("http://")]
        if checkpoint:
            arguments += ["--fromSavepoint", checkpoint.resolve().as_uri()]
        if allow_non_restored_state:
            arguments += ["--allowNonRestoredState"]
        if parallelism:
            arguments += ["--parallelism", str(parallelism)]
        for option, flag in (("jarfile", "--jarfile"), ("pyFiles", "--pyFiles"), ("pyArchives", "--pyArchives")):
            if options.get(option):
                arguments += [flag, str(code / options[option])]
        status, output = self.client.run([*arguments, "--python", str(code / options["python"])], abandoned=abandoned)
        if once:
            self.client.close()
        self.client_log.write_text(output)
        submitted = re.search(r"JobID ([0-9a-f]{32})", output)
        if status != 0 or submitted is None:
            raise RunError(f"the application did not start: {root_cause(output)}")
        return self.rest.job(submitted[1])

    @property
    def _properties(self) -> Path:
        return self.folder / "application_properties.json"

    @property
    def _flink(self) -> Path:
        """Flink's own folder, under a name that its scripts can take."""
        return plain(FLINK_HOME, self.folder / "links" / "flink")

    @property
    def _python(self) -> Path:
        """This very Python, likewise: a script starts it for functions."""
        python = Path(sys.executable)
        return plain(python.parent.parent, self.folder / "links" / "python") / "bin" / python.name

    @cached_property
    def _rest_port(self) -> int:
        return free_port(self.rest_port)

    @cached_property
    def _rpc_port(self) -> int:
        return free_port()

    def _process(self, name: str, jvm: Jvm, log: str) -> Process:
        return Process(
            name=name,
            command=[*jvm.command(self.folder, log), "--configDir", str(self.folder / "conf")],
            log=self.folder / "log" / f"{log}.log",
            env=self._environment(),
        )

    def _environment(self) -> dict[str, str]:
        return {
            "FLINK_HOME": str(self._flink),
            "FLINK_BIN_DIR": str(self._flink / "bin"),
            "FLINK_OPT_DIR": str(self._flink / "opt"),
            "FLINK_CONF_DIR": str(self.folder / "conf"),
            "FLINK_LIB_DIR": str(self._flink / "lib"),
            "FLINK_LOG_DIR": str(self.folder / "log"),
            "FLINK_PLUGINS_DIR": str(self.folder / "plugins"),
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.credentials,
        }

    def _write_configuration(self) -> None:
        for name in ("conf", "log"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        _link(self.folder / "plugins", [*(FLINK_HOME / "plugins").iterdir(), reporter(), *self.plugins])
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        configuration = {
            **memory(slots=self.spec.parallelism_per_kpu),
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.rpc.port": self._rpc_port,
            "rest.address": "127.0.0.1",
            "rest.port": self._rest_port,
            "taskmanager.host": "127.0.0.1",
            "taskmanager.numberOfTaskSlots": self.spec.parallelism_per_kpu,
            # A job of fewer tasks than there are slots has some in each TaskManager.
            "taskmanager.load-balance.mode": "SLOTS",
            "parallelism.default": self.spec.parallelism,
            # As the service: RocksDB, exactly once, restarts.
            "state.backend.type": "rocksdb",
            "execution.checkpointing.incremental": True,
            "execution.checkpointing.mode": "EXACTLY_ONCE",
            "execution.checkpointing.interval": f"{self.spec.checkpoint_interval_millis} ms",
            "execution.checkpointing.min-pause": f"{self.spec.min_pause_between_checkpoints_millis} ms",
            "execution.checkpointing.dir": (self.folder / "checkpoints").as_uri(),
            # The service restarts for ever; a local run gives up when a failure lasts for minutes.
            "restart-strategy.type": "exponential-delay",
            "restart-strategy.exponential-delay.initial-backoff": "1 s",
            "restart-strategy.exponential-delay.max-backoff": "10 s",
            "restart-strategy.exponential-delay.attempts-before-reset-backoff": 15,
            "restart-strategy.exponential-delay.reset-backoff-threshold": "1 min",
            # A TaskManager that is up before the JobManager tries again soon, not after 10 s.
            "cluster.registration.error-delay": 500,
            # A lost TaskManager is noticed when two heartbeats in a row do not reach it.
            "heartbeat.interval": "500",
            "heartbeat.timeout": "10000",
            "metrics.fetcher.update-interval": 500,
            # The REST API tells of a job as it is, not as it was up to 3 s ago.
            "web.refresh-interval": 200,
            "python.executable": str(self._python),
            "python.client.executable": str(self._python),
            "io.tmp.dirs": str(temporary),
            **reporter_options(self.folder),
            **self.flink_options,
        }
        (self.folder / "conf" / "config.yaml").write_text(yaml.safe_dump(configuration, width=10_000))
        for name in ("log4j-console.properties", "log4j-cli.properties"):
            text = (FLINK_HOME / "conf" / name).read_text()
            text = re.sub(
                r"^rootLogger.level = .*$", f"rootLogger.level = {self.spec.log_level}", text, flags=re.MULTILINE
            )
            (self.folder / "conf" / name).write_text(text)


def _link(folder: Path, targets: Iterable[Path]) -> None:
    """Put links to files and folders into a folder, under their own names."""
    folder.mkdir(parents=True, exist_ok=True)
    for target in targets:
        link = folder / target.name
        if not link.exists():
            link.symlink_to(target)
