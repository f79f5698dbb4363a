"""The consoles of the commands: standard output, and errors."""

from __future__ import annotations

from rich.console import Console

console = Console()
errors = Console(stderr=True, soft_wrap=True, highlight=False)
