"""The report at the end of a run: a JSON file and a table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from local.account import Account
from local.errors import RunError


@dataclass(frozen=True, kw_only=True)
class Report:
    """The figures of one run."""

    scenario: str
    records_in: int
    records_out: dict[str, int]
    dead_letters: int
    duration_seconds: float
    records_per_second: float
    parallelism: int
    versions: dict[str, str]
    accounts: tuple[Account, ...] = ()

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    def check(self) -> None:
        """Refuse a run that has lost records, or repeated some.

        Raises:
            RunError: with every account that does not balance.

        """
        wrong = [f"{account.title}: {account}" for account in self.accounts if not account.balances]
        if wrong:
            raise RunError(f"the run does not balance: {'; '.join(wrong)}")

    def table(self) -> Table:
        """The report for a terminal."""
        table = Table(title=self.scenario, show_header=False, title_style="bold")
        table.add_column(style="cyan")
        table.add_column(justify="right")
        table.add_row("records in", f"{self.records_in:,}")
        for sink, count in self.records_out.items():
            table.add_row(f"records out: {sink}", f"{count:,}")
        table.add_row("dead letters", f"{self.dead_letters:,}")
        for account in self.accounts:
            table.add_row(account.title, str(account), style=None if account.balances else "red")
        table.add_row("duration", f"{self.duration_seconds:,.1f} s")
        table.add_row("throughput", f"{self.records_per_second:,.0f} records/s")
        table.add_row("parallelism", str(self.parallelism))
        table.add_row("versions", ", ".join(f"{name} {version}" for name, version in self.versions.items()))
        return table
