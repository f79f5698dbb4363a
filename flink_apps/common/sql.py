"""SQL expressions that every job needs. Standard library only."""

from __future__ import annotations


def literal(text: str) -> str:
    """``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def interval(millis: int) -> str:
    """The SQL text after INTERVAL for a number of milliseconds, at most 99 days."""
    seconds, millis = divmod(millis, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"'{days} {hours:02}:{minutes:02}:{seconds:02}.{millis:03}' DAY TO SECOND"


def beginning(column: str, length: int) -> str:
    """The SQL expression of the first bytes of a column; SQL's own functions do this only for text."""
    return f"ENCODE(SUBSTRING(DECODE({column}, 'ISO-8859-1') FROM 1 FOR {length}), 'ISO-8859-1')"
