"""A client of the part of Flink's REST API that the run needs."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from local.errors import RunError

#: States in which a job stays (org.apache.flink.api.common.JobStatus).
ENDED = frozenset({"FAILED", "CANCELED", "FINISHED"})


#: More than half of a second.
_MOSTLY_MILLIS = 500


@dataclass(frozen=True)
class FlinkRest:
    """A client of the REST API at ``address``."""

    address: str

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - any JSON
        """The JSON at a path."""
        response = requests.get(f"{self.address}{path}", params=query, timeout=10)
        response.raise_for_status()
        return response.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        """The JSON that a request answers."""
        response = requests.post(f"{self.address}{path}", json=body, timeout=30)
        response.raise_for_status()
        return response.json()

    def task_managers(self) -> int | None:
        """How many TaskManagers have registered; None while the JobManager does not answer."""
        try:
            return len(self.get("/taskmanagers")["taskmanagers"])
        except requests.RequestException:
            return None

    def rpc_port(self) -> int | None:
        """The port at which its TaskManagers find the JobManager, as no other; None while it starts."""
        try:
            entries = self.get("/jobmanager/config")
        except (requests.RequestException, ValueError):
            return None
        return next((int(entry["value"]) for entry in entries if entry["key"] == "jobmanager.rpc.port"), None)

    def slots_in_use(self) -> int:
        """How many slots of all TaskManagers hold a task."""
        managers = self.get("/taskmanagers")["taskmanagers"]
        return sum(int(manager["slotsNumber"]) - int(manager["freeSlots"]) for manager in managers)

    def job(self, job_id: str) -> Job:
        """A handle of a job."""
        return Job(rest=self, job_id=job_id)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What made a job fail: the name of the task, if it was one, and Java's stack trace."""

    task: str
    stack_trace: str


@dataclass(frozen=True)
class Job:
    """One job of the cluster."""

    rest: FlinkRest
    job_id: str

    @property
    def state(self) -> str:
        """The job's state, such as RUNNING."""
        return str(self.rest.get(f"/jobs/{self.job_id}")["state"])

    def running_seconds(self) -> float:
        """For how long the job has been running, since its first subtask, its source's, did; 0 while one is not."""
        longest = 0.0
        for vertex in self._vertices():
            for subtask in self.rest.get(f"/jobs/{self.job_id}/vertices/{vertex}")["subtasks"]:
                if subtask["status"] != "RUNNING":
                    return 0.0
                longest = max(longest, subtask["status-duration"]["RUNNING"] / 1000)
        return longest

    def metric_values(self, name: str, *, operator: str = "") -> list[float]:
        """The values, one a subtask, of the metrics whose name ends in ``name``; none before the first report.

        ``operator`` is the beginning of the one operator's name that is asked, as metrics write it.
        """
        pattern = re.compile(rf"\d+\.{re.escape(operator)}.*\.{re.escape(name)}")
        values = []
        for vertex in self._vertices():
            path = f"/jobs/{self.job_id}/vertices/{vertex}/metrics"
            ids = [metric["id"] for metric in self.rest.get(path) if pattern.fullmatch(metric["id"])]
            if ids:
                values += [float(metric["value"]) for metric in self.rest.get(path, get=",".join(ids))]
        return values

    def records_read(self, vertex: str) -> int:
        """The records that the vertex whose name begins so has read from others: exact, also once the job has ended."""
        vertices = self.rest.get(f"/jobs/{self.job_id}")["vertices"]
        return sum(int(one["metrics"]["read-records"]) for one in vertices if one["name"].startswith(vertex))

    def checkpoints_completed(self) -> int:
        """How many checkpoints have been completed."""
        return int(self.rest.get(f"/jobs/{self.job_id}/checkpoints")["counts"]["completed"])

    def records_emitted(self) -> float:
        """How many records the job's sources have emitted, as far as is known, since its last restart."""
        return sum(self.metric_values("numRecordsOut", operator="Source__"))

    def sources_idle(self) -> bool:
        """Whether all subtasks of all sources mostly wait for records, and neither work nor wait for a sink."""
        vertices = self.rest.get(f"/jobs/{self.job_id}")["vertices"]
        sources = [one["id"] for one in vertices if one["name"].startswith("Source: ")]
        return bool(sources) and all(self._idle_millis(source) > _MOSTLY_MILLIS for source in sources)

    def failures(self) -> list[int]:
        """When the job failed, each time, in milliseconds: the latest ones first, as many as Flink remembers."""
        return [int(failure["timestamp"]) for failure in self._exceptions()]

    def failure(self) -> Failure | None:
        """The first failure, as far as there is one."""
        history = self._exceptions()
        if history:
            return Failure(task=history[-1].get("taskName") or "", stack_trace=history[-1]["stacktrace"])
        before_all_tasks = self.rest.get(f"/jobs/{self.job_id}/exceptions").get("root-exception")
        return Failure(task="", stack_trace=before_all_tasks) if before_all_tasks else None

    def root_cause(self) -> str:
        """The innermost cause of the latest failure that is not merely what another one led to, in one line."""
        failures = [one for failure in self._exceptions() for one in (failure, *failure["concurrentExceptions"])]
        causes = [root_cause(failure["stacktrace"]) for failure in failures]
        return next(
            (cause for cause in causes if not follows(cause)), next(iter(causes), "Flink recorded no exception")
        )

    def savepoint(self, folder: str, *, seconds: float = 60) -> Path:
        """Take a savepoint, and give its folder; the job goes on.

        Raises:
            RunError: where it fails, or takes longer.

        """
        taken = self._take("savepoint", {"target-directory": folder, "cancel-job": False}, seconds)
        return _folder(taken["location"])

    def checkpoint(self, *, seconds: float = 60) -> None:
        """Take a checkpoint, and wait until it is complete: exactly-once sinks have committed what they got before.

        Raises:
            RunError: where it fails, or takes longer.

        """
        self._take("checkpoint", {"checkpointType": "CONFIGURED"}, seconds)

    def _take(self, kind: str, body: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Have Flink take a savepoint or checkpoint; what it says of it."""
        begun = self.rest.post(f"/jobs/{self.job_id}/{kind}s", body)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.rest.get(f"/jobs/{self.job_id}/{kind}s/{begun['request-id']}")
            operation: dict[str, Any] = answer.get("operation") or {}
            if failure := operation.get("failure-cause") or operation.get("failureCause"):
                raise RunError(f"there is no {kind}: {root_cause(failure['stack-trace'])}")
            if answer["status"]["id"] == "COMPLETED":
                return operation
            time.sleep(0.1)
        raise RunError(f"there is no {kind} after {seconds:.0f} s")

    def stop(self, *, savepoint_folder: str, drain: bool = True) -> str:
        """Begin to stop: the sources end, every sink commits what it got. Gives the id to ask about.

        With ``drain`` the operators write what they still hold, as at the end of their input.
        """
        body = {"drain": drain, "targetDirectory": savepoint_folder}
        return str(self.rest.post(f"/jobs/{self.job_id}/stop", body)["request-id"])

    def stopped(self, *, savepoint_folder: str, drain: bool = True, seconds: float = 120) -> Path | None:
        """Stop, and wait until the job has finished; gives its savepoint, or None where the job ended by itself.

        Raises:
            RunError: where the job fails instead, or takes longer.

        """
        request = self.stop(savepoint_folder=savepoint_folder, drain=drain)
        deadline = time.monotonic() + seconds
        while (state := self.state) != "FINISHED":
            failure = self.stop_failure(request)
            if self.state == "FINISHED":
                break  # perhaps by itself, before the request reached it
            if failure or state in ("FAILED", "CANCELED"):
                cause = self.root_cause() if failure is None or (follows(failure) and self.failures()) else failure
                raise RunError(f"the job did not stop cleanly: {cause}")
            if time.monotonic() > deadline:
                raise RunError(f"the job did not stop within {seconds:.0f} s")
            time.sleep(0.2)
        return self.stop_savepoint(request)

    def stop_savepoint(self, request_id: str) -> Path | None:
        """The savepoint with which a job has stopped; None where it ended by itself."""
        for _ in range(50):  # the operation ends a moment after the job
            answer = self.rest.get(f"/jobs/{self.job_id}/savepoints/{request_id}")
            if answer["status"]["id"] == "COMPLETED":
                location = (answer.get("operation") or {}).get("location")
                return _folder(location) if location else None
            time.sleep(0.1)
        return None

    def cancel(self, *, seconds: float = 60) -> None:
        """End the job at once, if it has not ended, and wait until it has."""
        response = requests.patch(f"{self.rest.address}/jobs/{self.job_id}", params={"mode": "cancel"}, timeout=30)
        if response.status_code not in (202, 404, 409):  # accepted; or it has ended by itself
            response.raise_for_status()
        deadline = time.monotonic() + seconds
        while self.state not in ENDED:
            if time.monotonic() > deadline:
                raise RunError(f"the job was not cancelled within {seconds:.0f} s")
            time.sleep(0.1)

    def stop_failure(self, request_id: str) -> str | None:
        """Why a stop failed, as far as it has."""
        operation = self.rest.get(f"/jobs/{self.job_id}/savepoints/{request_id}").get("operation") or {}
        cause = operation.get("failure-cause")
        return root_cause(cause["stack-trace"]) if cause else None

    def _idle_millis(self, vertex: str) -> float:
        """For how many milliseconds of a second the busiest subtask of a vertex was idle; 0 before the first report."""
        path = f"/jobs/{self.job_id}/vertices/{vertex}/subtasks/metrics"
        return float(next((one["min"] for one in self.rest.get(path, get="idleTimeMsPerSecond", agg="min")), 0))

    def _exceptions(self) -> list[dict[str, Any]]:
        history: list[dict[str, Any]] = self.rest.get(f"/jobs/{self.job_id}/exceptions")["exceptionHistory"]["entries"]
        return history

    def _vertices(self) -> list[str]:
        return [vertex["id"] for vertex in self.rest.get(f"/jobs/{self.job_id}")["vertices"]]


#: Exceptions that only say that there was another one.
_WRAPPERS = ("ProgramAbortException", "Python process exits with code", "Py4JJavaError")
#: What another failure leads to: its own cause is the one to look for.
_CONSEQUENCES = re.compile(
    r"Checkpoint Coordinator is (suspending|shutting down)|Exceeded checkpoint tolerable failure threshold"
    r"|CancellationException|CancelTaskException|PartitionNotFoundException|NoResourceAvailableException"
    r"|Could not acquire the minimum required resources|(Connection|channel)\b.*\bclosed by remote task manager"
)


def _folder(location: str) -> Path:
    """The folder of a savepoint's address."""
    return Path(unquote(urlsplit(location).path))


def follows(cause: str) -> bool:
    """Whether a cause is merely what another failure led to."""
    return _CONSEQUENCES.search(cause) is not None


def root_cause(text: str) -> str:
    """The innermost cause in a Java stack trace or a job's output, in one line.

    A line that the application itself logged as its error comes before all; a Python error inside a Java trace counts
    as the innermost.
    """
    logged = re.search(r"^ERROR flink_apps: (.+)$", text, re.MULTILINE)
    if logged:
        return logged[1]
    lines = [line for line in _without_suppressed(text) if line.strip() and not any(one in line for one in _WRAPPERS)]
    _, traceback, after = "\n".join(lines).partition("Traceback (most recent call last)")
    python = re.findall(r"^(\w[\w.]*(?:Error|Exception): .+)$", after, re.MULTILINE) if traceback else []
    own = [cause for cause in python if not cause.startswith("pyflink.util.exceptions.")]  # those repeat Java's
    java = [found[1] for line in lines if (found := re.match(r"\s*(?:Caused by: |: )(.+)", line))]
    plain = [line.strip() for line in lines if not line.lstrip().startswith(("at ", "..."))]
    for causes in (own[-1:], java[-1:], python[-1:], plain):
        if causes:
            return str(causes[0])
    return "it said nothing"


def _without_suppressed(text: str) -> list[str]:
    """The lines of a trace without the exceptions that came on top of one, while it was being handled."""
    lines, suppressed = [], None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if suppressed is not None and line.strip() and indent < suppressed:
            suppressed = None
        if suppressed is None and line.lstrip().startswith("Suppressed: "):
            suppressed = indent
        if suppressed is None:
            lines.append(line)
    return lines
