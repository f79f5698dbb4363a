"""The command lines of Flink's JVMs: a client, a JobManager, a TaskManager.

Flink's own scripts start up to three more JVMs before each, only to read the configuration: half of what a start costs.
So this says itself what they would read, above all the parts of the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyflink
import yaml

from local.process import java

FLINK_HOME = Path(pyflink.__file__).absolute().parent
#: Options of a JVM that is soon up, rather than fast later.
QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
#: In MiB, of 1 GiB for the process; Flink derives the same.
_JOB_MANAGER = {"heap": 448, "off-heap": 128, "jvm-metaspace": 256, "jvm-overhead": 192}
#: In MiB, of 2 GiB for the process; Flink derives the same, to a MiB.
_TASK_MANAGER = {
    "framework.heap": 128,
    "task.heap": 538,
    "framework.off-heap": 128,
    "task.off-heap": 0,
    "network": 159,
    "managed": 634,
    "jvm-metaspace": 256,
    "jvm-overhead": 205,
}


@dataclass(frozen=True, kw_only=True)
class Jvm:
    """One kind of Flink's JVMs: the options of its memory and speed, its class and arguments, its logging."""

    options: Sequence[str]
    main: Sequence[str]
    log4j: str

    def command(self, folder: Path, log: str, *arguments: str) -> list[str]:
        """The command line.

        Args:
            folder: The cluster's, with the configuration in ``conf``.
            log: The name of the log, for Flink's own web interface.
            arguments: Further ones of the class.

        """
        shipped = yaml.safe_load((FLINK_HOME / "conf" / "config.yaml").read_text())
        log4j = (folder / "conf" / self.log4j).as_uri()
        return [
            java(),
            *self.options,
            # They open the JDK's packages that py4j and Arrow reach into.
            *shipped["env"]["java"]["opts"]["all"].split(),
            # PyFlink unpacks into a folder below Java's own for such files: on a shared machine somebody else's.
            f"-Djava.io.tmpdir={folder / 'tmp'}",
            f"-Dlog.file={folder / 'log' / log}-flink.log",
            f"-Dlog4j.configuration={log4j}",
            f"-Dlog4j.configurationFile={log4j}",
            "-classpath",
            classpath(),
            *self.main,
            *arguments,
        ]


def classpath() -> str:
    """The service's: Flink's own jars, and the Python support that the distribution keeps apart."""
    jars = [*(FLINK_HOME / "lib").glob("*.jar"), *(FLINK_HOME / "opt").glob("flink-python-*.jar")]
    return ":".join(map(str, sorted(jars, key=lambda jar: (jar.name.startswith("flink-dist"), jar.name))))


def _sizes(heap: int, metaspace: int) -> tuple[str, ...]:
    return f"-Xmx{heap}m", f"-Xms{heap}m", f"-XX:MaxMetaspaceSize={metaspace}m"


#: The client plans one job and ends, the JobManager moves no record: the JVM's second compiler would win nothing there.
CLIENT = Jvm(
    options=QUICK_START,
    main=("org.apache.flink.api.python.shaded.py4j.GatewayServer",),
    log4j="log4j-cli.properties",
)
JOB_MANAGER = Jvm(
    options=(*_sizes(_JOB_MANAGER["heap"], _JOB_MANAGER["jvm-metaspace"]), *QUICK_START),
    main=("org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",),
    log4j="log4j-console.properties",
)
TASK_MANAGER = Jvm(
    options=(
        *_sizes(_TASK_MANAGER["framework.heap"] + _TASK_MANAGER["task.heap"], _TASK_MANAGER["jvm-metaspace"]),
        f"-XX:MaxDirectMemorySize={_TASK_MANAGER['framework.off-heap'] + _TASK_MANAGER['network']}m",
    ),
    main=("org.apache.flink.runtime.taskexecutor.TaskManagerRunner",),
    log4j="log4j-console.properties",
)


def memory(*, slots: int) -> dict[str, str | float]:
    """Flink's options for the memory of both processes, and for the CPU of a TaskManager with so many slots."""
    found: dict[str, str | float] = {"taskmanager.cpu.cores": float(slots)}
    for process, parts in (("jobmanager", _JOB_MANAGER), ("taskmanager", _TASK_MANAGER)):
        for part, size in parts.items():
            ends = ("min", "max") if part in ("network", "jvm-overhead") else ("size",)
            found |= {f"{process}.memory.{part}.{end}": f"{size}m" for end in ends}
    return found
