"""The account of a run: every record that went in came out, or was refused or skipped for a reason that was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Account:
    """What became of the records of a run at one sink.

    Attributes:
        title: What is counted, and where.
        went_in: Records that went in.
        came_out: What became of them, and of how many.
        at_least_once: Whether a record may come out more than once, after a restart or a request that was repeated.
        unknown: What else became of records that nothing can count; with it, none is missed.

    """

    title: str
    went_in: int
    came_out: Mapping[str, int] = field(default_factory=dict)
    at_least_once: bool = False
    unknown: str | None = None

    @property
    def missing(self) -> int:
        """Records that went in and did not come out; below 0, records that came out once too often."""
        return self.went_in - sum(self.came_out.values())

    @property
    def balances(self) -> bool:
        """Whether every record is accounted for."""
        if self.missing > 0:
            return self.unknown is not None
        return self.missing == 0 or self.at_least_once

    def __str__(self) -> str:
        """One line: what went in = what came out."""
        parts = {name: count for name, count in self.came_out.items() if count}
        if self.missing and self.balances:
            parts[self.unknown or "repeated"] = self.missing
        told = " + ".join(f"{count:,} {name}" for name, count in parts.items()).replace("+ -", "- ") or "0"
        difference = f", {abs(self.missing):,} {'missing' if self.missing > 0 else 'too many'}"
        return f"{self.went_in:,} = {told}{'' if self.balances else difference}"
