"""The jar of a scenario's connectors: built by Maven, cached by the hash of its inputs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_POM = "{http://maven.apache.org/POM/4.0.0}"


class BuildError(RuntimeError):
    """A build that failed: what, the first error that Maven names, and where its log is."""


@dataclass(frozen=True, kw_only=True)
class ConnectorJar:
    """The jar of a scenario's connectors.

    ``project`` is the folder of the parent pom, ``module`` the folder of the scenario's own pom below it, such as
    ``data_generator``.
    """

    project: Path
    module: str

    def input_hash(self) -> str:
        """Hash of the poms and sources that the jar is built from: 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for path in sorted(self._inputs()):
            content = path.read_bytes()
            digest.update(f"\0{path.relative_to(self.project).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:16]

    def build(self, cache: Path) -> Path:
        """The jar's path below ``cache``; runs Maven only where it is missing.

        :raises BuildError: when Maven is missing or fails.
        """
        jar = cache / f"{self.module}-{self.input_hash()}.jar"
        if jar.exists():
            return jar
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not jar.exists():  # another process may have built it while this one waited
                self._run_maven(cache / f"{self.module}.log")
                partial = jar.with_suffix(f".{os.getpid()}")
                shutil.copyfile(self._built(), partial)
                partial.rename(jar)
        return jar

    def _built(self) -> Path:
        name = self.module.replace("_", "-")
        return self.project / self.module / "target" / name / f"{name}.jar"

    def _run_maven(self, log: Path) -> None:
        maven = shutil.which("mvn")
        if maven is None:
            raise BuildError("missing: Maven, for the connector build; get it: apt-get install maven")
        arguments = [
            "-q",
            "-B",
            "-f",
            str(self.project / "pom.xml"),
            "-pl",
            self.module,
            "-am",
            "package",
            "-DskipTests",
        ]
        with log.open("w") as output:
            status = subprocess.run([maven, *arguments], stdout=output, stderr=output, check=False).returncode
        if status != 0:
            errors = [line for line in log.read_text(errors="replace").splitlines() if "[ERROR]" in line]
            raise BuildError(f"the connectors of {self.module} could not be built: {(errors or ['?'])[0]} (log: {log})")

    def _inputs(self) -> Iterator[Path]:
        yield self.project / "pom.xml"
        for module in (self.module, *self._connectors()):
            yield self.project / module / "pom.xml"
            sources = self.project / module / "src" / "main"
            yield from (path for path in sources.rglob("*") if path.is_file())

    def _connectors(self) -> list[str]:
        pom = ElementTree.parse(self.project / self.module / "pom.xml")  # noqa: S314 - the project's own file
        return [
            f"connectors/{dependency.findtext(_POM + 'artifactId')}"
            for dependency in pom.iter(_POM + "dependency")
            if dependency.findtext(_POM + "groupId") in ("${project.groupId}", "flinkscenarios")
        ]
