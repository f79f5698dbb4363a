"""Servers of a local run by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from local.services.service import Service

S = TypeVar("S", bound=Service)


@contextmanager
def started(service: S) -> Iterator[S]:
    """The service with the resources of its template, until the end of the block."""
    try:
        service.launch()
        service.create_resources()
        yield service
    finally:
        service.process.kill()
