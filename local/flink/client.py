"""Flink's client: a JVM that submits jobs, one after another, as Flink's command line would."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaGateway  # type: ignore[import-untyped] # it ships no types
from py4j.protocol import Py4JError  # type: ignore[import-untyped] # as above

from local.errors import RunError
from local.process import environment, signal_group

#: What the JVM says first: its port, and the secret by which it knows this process.
_ADDRESS = re.compile(r"^(\d+)\n(\S+)\n", re.MULTILINE)
#: The class of the command line. Its ``main`` ends the JVM after this method of its own.
_COMMAND_LINE, _MAIN = "org.apache.flink.client.cli.CliFrontend", "mainInternal"


@dataclass
class Client:
    """Starts with its first job, and stays for the next: most of what one costs is a JVM that has to load Flink.

    It dies with this process, whatever ends that.
    """

    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    _popen: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _gateway: JavaGateway | None = field(default=None, init=False, repr=False)

    def run(self, arguments: Sequence[str], *, abandoned: Callable[[], bool] = lambda: False) -> tuple[int, str]:
        """Give Flink's command line these arguments.

        Args:
            arguments: Such as ``run --python main.py``.
            abandoned: Whether nobody waits for the end any more.

        Returns:
            The exit status, and the output of the JVM and of the Python that it started.

        Raises:
            RunError: where it was abandoned, or where the JVM does not start.

        """
        gateway = self._gateway or self._start()
        begin = self.log.stat().st_size
        with ThreadPoolExecutor(1) as thread:
            status = thread.submit(_main, gateway, arguments)
            try:
                _wait(status, abandoned)
            except BaseException:
                self.close()  # which ends the call, too
                raise
        try:
            code, error = status.result(), ""
        except Py4JError as problem:  # such as an application that ends the JVM
            self.close()
            code, error = 1, str(problem)
        with self.log.open("rb") as log:
            log.seek(begin)
            return code, log.read().decode(errors="replace") + error

    def close(self) -> None:
        """End the JVM, and what it has started; with another job it starts anew."""
        if self._popen is None:
            return
        signal_group(self._popen.pid, signal.SIGKILL)
        self._popen.communicate()
        if self._gateway:
            self._gateway.close()
        self._popen = self._gateway = None

    def _start(self) -> JavaGateway:
        self.log.unlink(missing_ok=True)
        self.log.touch(mode=0o600)
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                list(self.command),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(self.env),
                start_new_session=True,
            )
        try:
            address = self._address(self._popen)
        except BaseException:
            self.close()
            raise
        self._gateway = JavaGateway(
            gateway_parameters=GatewayParameters(
                port=int(address[1]),
                auth_token=address[2],
                # Or else it is told of each object that is gone here, which fails once it is closed.
                enable_memory_management=False,
            )
        )
        return self._gateway

    def _address(self, jvm: subprocess.Popen[bytes]) -> re.Match[str]:
        while (said := _ADDRESS.search(self.log.read_text(errors="replace"))) is None:
            if jvm.poll() is not None:
                raise RunError(f"Flink's client ended while it started (log: {self.log.resolve()})")
            time.sleep(0.05)
        return said


def _main(gateway: JavaGateway, arguments: Sequence[str]) -> int:
    java: Any = gateway.jvm.java.lang
    texts = gateway.new_array(java.String, len(arguments))
    for number, argument in enumerate(arguments):
        texts[number] = argument
    types, values = gateway.new_array(java.Class, 1), gateway.new_array(java.Object, 1)
    types[0], values[0] = texts.getClass(), texts
    method = java.Class.forName(_COMMAND_LINE).getDeclaredMethod(_MAIN, types)
    method.setAccessible(True)
    return int(method.invoke(None, values))


def _wait(status: Future[int], abandoned: Callable[[], bool]) -> None:
    while not wait([status], timeout=0.5).done:
        if abandoned():
            raise RunError("the submission was abandoned")
