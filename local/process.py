"""Processes of the local run: each a session of its own, waited for while it starts, killed as a group."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from local.errors import RunError

#: Where this Python's own tools are: node, npx.
TOOLS = Path(sys.executable).parent


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give this process's environment with the virtual environment's tools first on the ``PATH``, and ``extra``."""
    given = {**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}", **(extra or {})}
    if given.get("LC_ALL") in ("C", "POSIX"):  # Java has no name then for a file whose path is not ASCII
        given["LC_ALL"] = "C.UTF-8"
    return given


def java() -> str:
    """The ``java`` command that ``JAVA_HOME`` or the ``PATH`` names."""
    home = os.environ.get("JAVA_HOME")
    command = shutil.which(str(Path(home) / "bin" / "java") if home else "java")
    if command is None:
        where = f"in JAVA_HOME={home}" if home else "on the PATH"
        raise RunError(f"missing: Java 11 or 17 {where}; get it: apt-get install openjdk-17-jdk-headless")
    return command


#: The ports of servers that prefer none. Those above are the clients', of any program: one may take a port between the
#: moment at which it is chosen here and that at which the server binds it.
_PORTS = range(20_000, 32_000)
#: The lock of each port that this process has chosen by its number.
_LOCKS: dict[int, int] = {}
#: Not in the folder for temporary files: ports are the machine's, that folder may be one run's.
_LOCKS_OF_ALL_RUNS = "/tmp/flink-scenarios-port-"  # noqa: S108


def free_port(preferred: int | None = None) -> int:
    """``preferred`` if it is free, else another one.

    A port stays this process's own until it ends: a server binds its port seconds after it is chosen, and another run
    that starts meanwhile must not choose the same one.
    """
    others = random.sample(_PORTS, len(_PORTS))
    for port in others if preferred is None else (preferred, *others):
        if not _locked(port):
            continue
        with closing(socket.socket()) as probe:
            # As servers do: a port whose last connections are still winding down is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RunError("no free TCP port on 127.0.0.1")


def _locked(port: int) -> bool:
    """Whether the port is this process's among all that ask by :func:`free_port`."""
    if port in _LOCKS:
        return True
    try:
        lock = os.open(f"{_LOCKS_OF_ALL_RUNS}{port}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError:  # another user's: a port that is taken is still seen when it is probed
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    _LOCKS[port] = lock
    return True


@dataclass
class Process:
    """One server, in a session of its own: Ctrl-C reaches the run alone, which then stops the server."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    _popen: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def start(self) -> None:
        """Start it; its output goes to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(self.env),
                cwd=self.cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id, which is the process group's too."""
        if self._popen is None:
            raise RunError(f"{self.name} has not been started")
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._popen is not None and self._popen.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 180) -> None:
        """Wait for ``ready()``; a process that ends or takes longer is a :class:`RunError` with its last line.

        One that ends is noticed at once: the time is that of a slow start on a busy machine.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise RunError(f"{self.name} ended while it started: {self._last_words()}")
            if time.monotonic() > deadline:
                raise RunError(f"{self.name} was not ready after {seconds:.0f} s: {self._last_words()}")
            time.sleep(0.1)

    def last_log_line(self) -> str:
        """The last line of the log."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1].strip() if lines else "it logged nothing"

    def _last_words(self) -> str:
        return f"{self.last_log_line()} (log: {self.log.resolve()})"

    def kill(self) -> None:
        """End the process and its children at once, as a crash would.

        An orderly shutdown would only cost time: nothing that a server writes at its end outlives the run.
        """
        if self._popen is None:
            return
        children = self._children()
        self._signal(signal.SIGKILL)
        self._popen.wait()
        deadline = time.monotonic() + 10
        while any(map(_lives, children)) and time.monotonic() < deadline:
            time.sleep(0.02)

    def freeze(self) -> None:
        """Suspend it until :meth:`thaw`, as if the network were broken."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume it after :meth:`freeze`."""
        self._signal(signal.SIGCONT)

    def _children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _signal(self, number: signal.Signals) -> None:
        signal_group(self.pid, number)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM for a while: an interrupted clean-up would leave processes behind."""
    previous = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def run_to_end(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a tool and give its output; an interruption of the wait kills the tool and its children, too.

    Args:
        command: The tool and its arguments.
        env: Variables beside those of this process.
        cwd: The folder in which it runs.

    """
    with subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(env),
        cwd=cwd,
        start_new_session=True,
    ) as tool:
        try:
            output, complaints = tool.communicate()
        except BaseException:
            signal_group(tool.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, tool.returncode, output, complaints)


def _lives(process: psutil.Process) -> bool:
    """Whether a process is neither gone nor a zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def signal_group(pid: int, number: signal.Signals) -> bool:
    """Send a signal to a process group; False where it is gone."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    return True


def listening(port: int) -> bool:
    """Whether the port accepts connections."""
    with closing(socket.socket()) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
