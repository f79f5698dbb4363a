"""A load from outside of Flink, which the run itself makes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from local.errors import RunError


class Load:
    """A thread that calls ``step`` again and again, from its start until it is stopped or a step fails."""

    def __init__(self, name: str, step: Callable[[], object], *, interval_seconds: float = 0.1) -> None:
        """Prepare the load; ``name`` stands in error messages."""
        self.name = name
        self._step = step
        self._interval_seconds = interval_seconds
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._thread.ident is None:
            self._thread.start()

    def check(self) -> None:
        """Do nothing, unless a step has failed.

        Raises:
            RunError: with the failure, where one has.

        """
        if self._failure is not None:
            raise RunError(f"{self.name} failed: {self._failure}") from self._failure

    def stop(self) -> None:
        """Stop after the current step; no effect on a load that has ended or never began."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception as error:  # whatever it is, check() raises it
                self._failure = error
                return
            self._stopping.wait(self._interval_seconds)
