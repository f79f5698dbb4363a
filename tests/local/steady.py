"""Input at a steady rate, while other things happen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Feed(threading.Thread):
    """Puts values, a batch ten times a second, until it is told to hurry."""

    def __init__(self, put: Callable[[list[T]], None], values: list[T], *, per_second: int) -> None:
        """Nothing is put yet."""
        super().__init__()
        self._put, self._values, self._batch = put, values, per_second // 10
        self._hurry = threading.Event()

    def run(self) -> None:
        """Put all values."""
        began = time.monotonic()
        for number, first in enumerate(range(0, len(self._values), self._batch)):
            self._put(self._values[first : first + self._batch])
            self._hurry.wait(max(0.0, began + (number + 1) / 10 - time.monotonic()))

    def hurry(self) -> None:
        """Put what is left at once, and wait until it is."""
        self._hurry.set()
        self.join()


def at_a_steady_rate(put: Callable[[list[T]], None], values: list[T], *, per_second: int) -> Feed:
    """Put the values, a batch ten times a second."""
    feed = Feed(put, values, per_second=per_second)
    feed.start()
    return feed


@contextmanager
def coming(put: Callable[[list[T]], None], values: list[T], *, per_second: int) -> Iterator[None]:
    """Put the values at a steady rate in the course of the block, and all of them before it ends."""
    feed = at_a_steady_rate(put, values, per_second=per_second)
    try:
        yield
    finally:
        feed.join()
