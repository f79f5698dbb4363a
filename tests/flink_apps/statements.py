"""SQL statements that several tests of sinks begin with."""

from __future__ import annotations


def numbers(count: int, *, per_second: int = 1_000_000) -> str:
    """A table ``numbers`` with a column ``n`` from 1 to ``count``."""
    return (
        f"CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '{count}', "
        f"'rows-per-second' = '{per_second}', 'fields.n.kind' = 'sequence', 'fields.n.start' = '1', "
        f"'fields.n.end' = '{count}')"
    )


#: A table ``endless`` like ``numbers``, for a job that shall not end by itself; leave its rows out.
ENDLESS = "CREATE TABLE endless (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1')"
