"""What can go wrong in a local run, by exit status."""

from __future__ import annotations


class UsageError(Exception):
    """Wrong use: one line, exit status 2."""


class RunError(Exception):
    """The job, or a server that it needs, failed: the root cause in a line, exit status 1."""
