"""Why a record is refused: as SQL, for the JVM evaluates it. No Flink in here."""

from __future__ import annotations

from dataclasses import dataclass

from flink_apps.common.sql import literal


@dataclass(frozen=True)
class Rule:
    """Why a record is refused, and the SQL condition under which it is."""

    reason: str
    broken: str


def reason(*rules: Rule, error: str) -> str:
    """The SQL expression that gives the first reason to refuse a record, or NULL for a good one.

    ``error`` is the column with what the format found wrong: then the other columns are NULL.
    """
    cases = " ".join(f"WHEN {rule.broken} THEN {literal(rule.reason)}" for rule in rules)
    return f"CASE WHEN {error} IS NOT NULL THEN {error} {cases} END"
