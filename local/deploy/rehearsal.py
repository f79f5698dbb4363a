"""The running servers as the commands see them: found, started, asked, ended."""

from __future__ import annotations

import fcntl
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import requests

from local import runs
from local.deploy.access import Access
from local.deploy.daemon import ADDRESSES, STACKS
from local.errors import RunError
from local.permissions.recorder import Call
from local.process import Process
from local.services.managed_flink import DEFAULT_PORT
from stacks.project import ROOT

_NAME = "rehearsal"
_START_SECONDS, _END_SECONDS = 120, 30


@dataclass(frozen=True)
class Rehearsal:
    """The servers of all stacks."""

    folder: Path
    #: Where the servers themselves are asked for things.
    address: str
    endpoints: Mapping[str, str]

    @classmethod
    def find(cls) -> Self | None:
        """Those that run, if any do."""
        for file in sorted(runs.RUNS.glob(f"*-{_NAME}/{ADDRESSES}"), reverse=True):
            body = json.loads(file.read_text())
            if runs.same_process(body["pid"], body["created"]):
                return cls(file.parent, body["address"], body["endpoints"])
        return None

    @classmethod
    def start(cls, port: int = DEFAULT_PORT) -> Self:
        """Those that run, or new ones.

        Raises:
            RunError: where they do not start.

        """
        with _one_at_a_time():
            if running := cls.find():
                return running
            folder = runs.new_folder(_NAME)
            process = Process(
                name="the rehearsal's servers",
                command=[sys.executable, "-m", "local.deploy.daemon", str(folder), str(port)],
                log=folder / "rehearsal.log",
                cwd=ROOT,
            )
            process.start()
            try:
                process.wait_until((folder / ADDRESSES).exists, seconds=_START_SECONDS)
            except BaseException:
                process.kill()
                if (folder / runs.PROCESSES).exists():
                    runs.stop_run(folder)
                raise
            found = cls.find()
            if found is None:
                raise RunError(f"{process.name} ended at once: {process.last_log_line()}")
            return found

    @cached_property
    def access(self) -> Access:
        """How everybody reaches the services."""
        return Access(self.endpoints)

    @property
    def stacks(self) -> Path:
        """The folder of the stacks."""
        return self.folder / STACKS

    @property
    def replacements(self) -> dict[str, str]:
        """Texts that templates make of the servers' attributes, and what they are here instead."""
        answer: dict[str, str] = self._request("GET", "replacements")
        return answer

    @property
    def calls(self) -> tuple[frozenset[Call], list[str]]:
        """What was called so far, and the requests that nobody could name."""
        answer = self._request("GET", "calls")
        return frozenset(Call(**call) for call in answer["calls"]), answer["unknown"]

    def start_server(self, name: str, kind: str, resources: Mapping[str, Any], arn: str = "") -> dict[str, Any]:
        """Start a server for a resource; gives ``address``, ``server`` behind it, ``folder`` and ``pid``.

        Args:
            name: The server's.
            kind: The title of its kind.
            resources: Those of a template, by which it is configured.
            arn: What it stands for, where it is called by HTTP. Default: nobody notes who calls it.

        Raises:
            RunError: where it does not start.

        """
        answer: dict[str, Any] = self._request(
            "PUT", f"servers/{name}", {"kind": kind, "resources": resources, "arn": arn}
        )
        return answer

    def stop_server(self, name: str) -> None:
        """Stop the server of a resource, if there is one."""
        self._request("DELETE", f"servers/{name}")

    def end(self) -> None:
        """End all servers, and with them whatever they hold."""
        self._request("POST", "end")
        deadline = time.monotonic() + _END_SECONDS
        while Rehearsal.find() is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        if (self.folder / runs.PROCESSES).exists():
            runs.stop_run(self.folder)

    def _request(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
        try:
            answer = requests.request(method, f"{self.address}/{path}", json=body, timeout=300)
        except requests.RequestException as error:
            raise RunError(f"the rehearsal's servers do not answer ({error}); python -m local stop") from error
        if answer.status_code == 204:
            return None
        told = answer.json()
        if not answer.ok:
            raise RunError(told["error"])
        return told


def swept() -> bool:
    """Stop what servers have left that were killed; whether there were such."""
    swept_some = False
    for note in sorted(runs.RUNS.glob(f"*-{_NAME}/{runs.PROCESSES}")):
        run = json.loads(note.read_text())[0]
        if not runs.same_process(run["pid"], run["created"]):
            runs.stop_run(note.parent)
            swept_some = True
    return swept_some


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    runs.RUNS.mkdir(parents=True, exist_ok=True)
    with (runs.RUNS / f"{_NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
