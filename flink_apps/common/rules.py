"""Rules that a record has to keep, as SQL, which the JVM evaluates. Without Flink."""

from __future__ import annotations

from dataclasses import dataclass

from flink_apps.common.sql import literal


@dataclass(frozen=True)
class Rule:
    """A reason to refuse a record, and the SQL condition under which it applies."""

    reason: str
    broken: str


def reason(*rules: Rule, error: str) -> str:
    """The SQL expression of the first reason to refuse a record, or NULL for a good one.

    ``error`` is the column with the format's error; if it is set, all other columns are NULL.
    """
    cases = " ".join(f"WHEN {rule.broken} THEN {literal(rule.reason)}" for rule in rules)
    return f"CASE WHEN {error} IS NOT NULL THEN {error} {cases} END"
