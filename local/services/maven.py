"""Jars that the local servers need, from Maven."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from local.errors import RunError
from local.process import run_to_end
from stacks.project import BUILD


def maven_libraries(name: str, pom: Path) -> Path:
    """The folder with the dependencies of ``pom``; fetched only when they are missing or other ones.

    ``name`` is part of the folder's name and of the error.

    Raises:
        RunError: where Maven is missing or cannot fetch them.

    """
    folder = BUILD / "services" / f"{name}-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        maven = shutil.which("mvn")
        if maven is None:
            raise RunError("missing: Maven; get it: apt-get install maven, or brew install maven")
        partial = folder.with_name(folder.name + ".partial")
        fetched = run_to_end(
            [
                *(maven, "-q", "-B", "-f", str(pom)),
                *("dependency:copy-dependencies", f"-DoutputDirectory={partial}"),
            ]
        )
        if fetched.returncode != 0:
            lines = [line for line in fetched.stdout.splitlines() if "[ERROR]" in line] or ["Maven said nothing"]
            raise RunError(f"the libraries of {name} could not be fetched: {lines[0]}")
        partial.rename(folder)
    return folder
