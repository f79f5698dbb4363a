"""Where the run tells what it does, and what went wrong."""

from __future__ import annotations

from rich.console import Console

console = Console()
errors = Console(stderr=True, soft_wrap=True, highlight=False)
