"""Steady throughput and memory of one case, after its warm-up."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from flink_apps.common.properties import PropertyGroups
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from local.flink.rest import Job
from local.process import Process
from local.run import LocalRun
from local.runs import new_folder, note_processes
from local.synth import synthesize

BASELINES = Path(__file__).parent / "baselines"
#: For how long a case runs before it is measured, and is measured, unless it says otherwise.
WARM_UP_SECONDS, SECONDS = 8, 10


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What was measured of a case; without TaskManagers there is no memory."""

    records_per_second: float
    first_memory_mib: int = 0
    peak_memory_mib: int = 0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the bench: a case, and how it compares."""

    scenario: str
    case: str
    parallelism: int = 1
    measured: Measurement
    #: The row of the case that this one is compared with.
    baseline: Row | None = None
    #: Mean size of a record, where it has one.
    record_bytes: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as fast as the baseline."""
        if self.baseline is None:
            return None
        return round(self.measured.records_per_second / self.baseline.measured.records_per_second, 2)

    @property
    def megabytes_per_second(self) -> float | None:
        """Bytes of the records."""
        if self.record_bytes is None:
            return None
        return round(self.measured.records_per_second * self.record_bytes / 1e6, 1)

    def as_json(self) -> dict[str, object]:
        """The row for ``bench.json``."""
        return {
            "scenario": self.scenario,
            "case": self.case,
            "parallelism": self.parallelism,
            "records_per_second": round(self.measured.records_per_second),
            "megabytes_per_second": self.megabytes_per_second,
            "ratio": self.ratio,
            "ratio_to": self.baseline.case if self.baseline else None,
            "first_memory_mib": self.measured.first_memory_mib,
            "peak_memory_mib": self.measured.peak_memory_mib,
        }


@contextmanager
def started(scenario: str, keys: Mapping[str, object]) -> Iterator[LocalRun]:
    """A run of a scenario whose servers have been started; ``keys`` are those of its context block."""
    folder = new_folder("bench")
    context = {f"{scenario}.{key}": str(value) for key, value in keys.items()}
    with LocalRun(synthesize(scenario, context, folder / "cdk.out"), folder) as local:
        local.start()
        yield local


def submit(local: LocalRun, script: str | None = None, groups: PropertyGroups | None = None) -> Job:
    """Submit the scenario's job, or another one.

    Args:
        local: The run, whose servers have been started.
        script: The name of a file in ``baselines``. Default: the scenario's own job.
        groups: Property groups. Default: those of the template.

    """
    groups = groups or local.property_groups()
    code = local.folder / "code"
    local.assembly.unpack_code(code)
    if script:
        shutil.copy(BASELINES / script, code / script)
        groups = {**groups, RUN_OPTIONS_GROUP: {**groups[RUN_OPTIONS_GROUP], "python": script}}
    return local.cluster.submit(code, groups)


def renew_cluster(local: LocalRun) -> None:
    """End what runs, and start the cluster's processes again.

    Each case has JVMs of its own: code that an earlier one had compiled, and memory that it had used, would be counted
    for the next one.
    """
    for process in local.cluster.processes:
        process.kill()
    for process in local.cluster.processes:
        process.start()
    note_processes(local.folder, local.processes)
    local.cluster.wait()


def supports_cpu_affinity() -> bool:
    """Whether there are two cores, and the system lets processes choose among them, as Linux does."""
    return hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1


@contextmanager
def pinned_to_own_core(process: Process, others: Sequence[Process]) -> Iterator[None]:
    """Pin a running server to a core, as if it had a machine of its own, and the others and this process to the rest.

    Only where :func:`supports_cpu_affinity`.
    """
    cores = os.sched_getaffinity(0)
    first = {min(cores)}
    rest = [psutil.Process(), *(psutil.Process(other.pid) for other in others)]
    _set_affinity(psutil.Process(process.pid), first)
    for other in rest:
        _set_affinity(other, cores - first)
    try:
        yield
    finally:
        for one in (psutil.Process(process.pid), *rest):
            with suppress(psutil.NoSuchProcess):
                _set_affinity(one, cores)


def _set_affinity(process: psutil.Process, cores: set[int]) -> None:
    """Keep every thread of a process to these cores; those that it starts later inherit it."""
    for thread in process.threads():
        with suppress(ProcessLookupError):  # a thread that has just ended
            os.sched_setaffinity(thread.id, cores)


def memory_mib(processes: Sequence[Process]) -> int:
    """Resident memory of processes and their children, in MiB; children are Python workers."""
    total = 0
    for process in processes:
        head = psutil.Process(process.pid)
        for one in (head, *head.children(recursive=True)):
            try:
                total += one.memory_info().rss
            except psutil.NoSuchProcess:  # a child that has just ended
                continue
    return total // 2**20


def measure(
    count: Callable[[], int],
    processes: Sequence[Process],
    *,
    warm_up_seconds: float = WARM_UP_SECONDS,
    seconds: float = SECONDS,
) -> Measurement:
    """Records a second over ``seconds`` that follow the first record by ``warm_up_seconds``.

    If the input ends before that, the second half of the time in which records came is taken.

    Raises:
        TimeoutError: no record came within two minutes.
        RuntimeError: the input ended within seconds, so nothing could be measured.

    """
    deadline = time.monotonic() + 120
    while count() == 0:
        if time.monotonic() > deadline:
            raise TimeoutError("no record came within 120 s")
        time.sleep(0.2)
    warm = time.monotonic() + warm_up_seconds
    # Asked all the time: Flink's answer is what it knew when it was asked before.
    samples: list[tuple[float, int, int]] = []
    while not samples or samples[-1][0] < warm + seconds:
        time.sleep(1)
        samples.append((time.monotonic(), count(), memory_mib(processes)))
    last = samples[-1][1]
    if len({sample[1] for sample in samples[-3:]}) == 1:  # the input has ended: not even the last step is whole
        samples = [sample for sample in samples if sample[1] < last]
    taken = [sample for sample in samples if sample[0] >= warm]
    if len(taken) <= seconds / 2:
        taken = samples[len(samples) // 2 :]
    if len(taken) < 2:
        raise RuntimeError(f"the input must last for some seconds (got {last} records); give it more")
    (began, at_first, first_memory), *_, (ended, at_last, _) = taken
    return Measurement(
        records_per_second=(at_last - at_first) / (ended - began),
        first_memory_mib=first_memory,
        peak_memory_mib=max(memory for _, _, memory in taken),
    )


def measure_client(send: Callable[[], int], *, threads: int) -> Measurement:
    """Records a second of a client that is warmed up and measured for as long as a job is.

    Args:
        send: Sends one batch, and returns its number of records.
        threads: How many threads send at a time.

    """
    sent, end = Counter[int](), time.monotonic() + WARM_UP_SECONDS + SECONDS

    def run(thread: int) -> None:
        while time.monotonic() < end:
            sent[thread] += send()

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(run, thread) for thread in range(threads)]
        measured = measure(sent.total, [], seconds=SECONDS - 1)
        for thread in running:
            thread.result()
    return measured
