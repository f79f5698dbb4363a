"""Slices of a generator's time line, for tests of what is drawn for them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy

from flink_apps.data_generator.records import Slice

#: When the time lines of the tests begin.
BEGIN = datetime(2024, 1, 15, 12, tzinfo=UTC)


def a_slice(size: int, *, start: int = 0, millis: int = 20, seed: int = 1, first: int = 0) -> Slice:
    """A slice with ``size`` records, of ``millis`` from ``start`` on, after ``first`` other records."""
    return Slice(
        random=numpy.random.default_rng((seed, start)),
        seed=seed,
        start_millis=start,
        end_millis=start + millis,
        now_millis=round(BEGIN.timestamp() * 1000) + start + millis,
        first=first,
        size=size,
    )
