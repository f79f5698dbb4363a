"""Input at a steady rate, while other things happen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def at_a_steady_rate(put: Callable[[list[T]], None], values: list[T], *, per_second: int) -> threading.Thread:
    """Put the values, a batch ten times a second."""

    def run() -> None:
        batch, began = per_second // 10, time.monotonic()
        for number, first in enumerate(range(0, len(values), batch)):
            put(values[first : first + batch])
            time.sleep(max(0.0, began + (number + 1) / 10 - time.monotonic()))

    thread = threading.Thread(target=run)
    thread.start()
    return thread
