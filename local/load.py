"""A load that the run itself makes: what feeds a job from outside of Flink."""

from __future__ import annotations

import threading
from collections.abc import Callable

from local.errors import RunError


class Load:
    """A thread that calls ``step`` again and again, from its start until it is stopped or a step fails."""

    def __init__(self, name: str, step: Callable[[], object], *, interval_seconds: float = 0.1) -> None:
        """Prepare the load, which a message calls by its ``name``."""
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
        """Nothing, as long as no step has failed.

        Raises:
            RunError: with the failure, where one has.

        """
        if self._failure is not None:
            raise RunError(f"{self.name} failed: {self._failure}") from self._failure

    def stop(self) -> None:
        """End with the step that is under way; one that has ended, or never began, stays as it is."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception as error:  # whatever it is, check() hands it on
                self._failure = error
                return
            self._stopping.wait(self._interval_seconds)
