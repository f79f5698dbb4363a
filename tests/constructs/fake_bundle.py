"""A job and a jar of a few bytes: bundles without Maven."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from flink_constructs.bundle import JobBundle
from flink_constructs.connector_jar import ConnectorJar


@dataclass(frozen=True, kw_only=True)
class FakeJar(ConnectorJar):
    """A jar that holds ``content``, and whose hash is that of its content."""

    project: Path = Path("no-project")
    module: str = "prices"
    content: bytes = b"connectors"

    def input_hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:16]

    def build(self, cache: Path) -> Path:
        cache.mkdir(parents=True, exist_ok=True)
        jar = cache / f"{self.input_hash()}.jar"
        jar.write_bytes(self.content)
        return jar


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def new_job(root: Path) -> Path:
    """Write a job of two packages, one of them shared with other jobs, and return its entry script."""
    write(root / "apps" / "__init__.py", "")
    write(root / "apps" / "common" / "__init__.py", "")
    write(root / "apps" / "common" / "tables.py", "TABLE = 'prices'\n")
    write(root / "apps" / "prices" / "__init__.py", "")
    write(root / "apps" / "prices" / "job.py", "from apps.common.tables import TABLE\nANSWER = f'{TABLE}!'\n")
    write(root / "apps" / "other" / "__init__.py", "")
    main = root / "apps" / "prices" / "main.py"
    write(main, "from apps.prices import job\n")
    return main


def new_bundle(root: Path, *, jar: ConnectorJar | None = None) -> JobBundle:
    """The bundle of a new job in ``root / "source"``; it is built below ``root / "build"``."""
    main = new_job(root / "source")
    return bundle_of(main, root=root, jar=jar or FakeJar())


def bundle_of(main: Path, *, root: Path, jar: ConnectorJar) -> JobBundle:
    return JobBundle(
        main=main,
        root=root / "source",
        packages=("apps/common", "apps/prices"),
        jar=jar,
        cache=root / "build" / "bundles",
    )
