"""The pulse's cases: none is worth measuring."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.measure import Row


def run(say: Callable[[str], None], *, long: bool = False) -> Iterator[Row]:  # noqa: ARG001 - there are no cases
    """Measure nothing."""
    say("nothing")
    return iter(())
