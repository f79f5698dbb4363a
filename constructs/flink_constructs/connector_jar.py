"""The connectors of a job as one jar: built by Maven, cached by the hash of what it is built from."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BuildError", "ConnectorJar"]

_POM = "{http://maven.apache.org/POM/4.0.0}"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class BuildError(RuntimeError):
    """A jar that could not be built: one line with what failed, Maven's first error, and where its output is."""


#: Each is tens of megabytes; a few let one go back and forth between versions.
VERSIONS_KEPT = 3


def drop_oldest(cache: Path, pattern: str) -> None:
    """Remove all but the newest few files of a cache that match ``pattern``."""
    newest_first = sorted(cache.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[VERSIONS_KEPT:]:
        path.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class ConnectorJar:
    """The jar of a job's connectors, built by Maven and cached by the hash of its inputs.

    The parent pom must send each module's output to ``${build.root}/${project.artifactId}``, and name its jar after
    the artifact.

    Args:
        project: The folder of the parent pom.
        module: The folder of the job's own pom below ``project``, for example ``trips``.

    """

    project: Path
    module: str

    def input_hash(self) -> str:
        """Hash of what the jar is built from: 16 hexadecimal digits.

        It covers the parent pom, the module's pom and sources, and the same of the project's own modules that it
        depends on; paths and contents, nothing else. A module's tests do not count.
        """
        inputs = {self.project / "pom.xml"}
        for folder in self._module_folders():
            inputs.add(folder / "pom.xml")
            inputs.update(path for path in (folder / "src" / "main").rglob("*") if path.is_file())
        digest = hashlib.sha256()
        for path in sorted(inputs, key=self._name):
            content = path.read_bytes()
            digest.update(f"{self._name(path)}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:16]

    def build(self, cache: Path) -> Path:
        """The jar's path in ``cache``; builds it only where it is missing.

        Safe when several processes build at once: the first one runs Maven, the others wait for its jar.

        Raises:
            BuildError: Maven is missing, or it failed.

        """
        name = f"{self.module.replace('/', '-')}-{self.input_hash()}"
        jar = cache / f"{name}.jar"
        if jar.exists():
            return jar
        maven = shutil.which("mvn")
        if maven is None:
            raise BuildError(
                f"building {self.module} needs Maven: 'mvn' must be on the PATH (found none); "
                "get it with apt-get install maven, or brew install maven"
            )
        cache.mkdir(parents=True, exist_ok=True)
        # One lock for all modules: Maven does not guard its own repository of downloads against a second process.
        with _locked(cache / "maven.lock"):
            if not jar.exists():
                # Not in target/: what an earlier build left there would be part of the jar, but not of the hash.
                with tempfile.TemporaryDirectory(dir=cache, prefix=f"{name}.") as root:
                    self._run(maven, Path(root), cache / f"{name}.log")
                    artifact = _artifact_id(self._pom(self.project / self.module))
                    (Path(root) / artifact / f"{artifact}.jar").replace(jar)
                drop_oldest(cache, f"{self.module.replace('/', '-')}-*.jar")
        return jar

    def _run(self, maven: str, root: Path, log: Path) -> None:
        command = [
            maven,
            "-q",
            "-B",
            "-Dstyle.color=never",
            "-f",
            str(self.project / "pom.xml"),
            "-pl",
            self.module,
            "-am",
        ]
        command += ["package", "-Dmaven.test.skip=true", f"-Dbuild.root={root.resolve()}"]
        with log.open("wb") as output:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Times inside a jar are local ones, and without UTF-8 Java finds no file whose path is not ASCII.
                env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
                check=False,
            )
        if done.returncode:
            raise BuildError(f"building {self.module} failed: {_first_error(log, done.returncode)}; see {log}")

    def _module_folders(self) -> list[Path]:
        """The module's folder and those of the project's own modules that it depends on, directly or not."""
        parent = self._pom(self.project)
        group = parent.findtext(f"{_POM}groupId", "")
        folders = [
            self.project / (module.text or "").strip() for module in parent.iterfind(f"{_POM}modules/{_POM}module")
        ]
        by_artifact = {_artifact_id(self._pom(folder)): folder for folder in folders if (folder / "pom.xml").is_file()}
        found: list[Path] = []
        waiting = [self.project / self.module]
        while waiting:
            folder = waiting.pop()
            if folder in found:
                continue
            found.append(folder)
            for dependency in self._pom(folder).iterfind(f"{_POM}dependencies/{_POM}dependency"):
                if dependency.findtext(f"{_POM}groupId") in (group, "${project.groupId}"):
                    waiting.append(self._folder_of(by_artifact, _artifact_id(dependency), needed_by=folder))
        return found

    def _folder_of(self, by_artifact: dict[str, Path], artifact: str, *, needed_by: Path) -> Path:
        if artifact not in by_artifact:
            raise BuildError(
                f"{self._name(needed_by)}/pom.xml needs {artifact!r}, which must be a module of the project "
                f"(got {sorted(by_artifact)}); add its folder to {self.project / 'pom.xml'}"
            )
        return by_artifact[artifact]

    def _pom(self, folder: Path) -> ET.Element:
        path = folder / "pom.xml"
        if not path.is_file():
            raise BuildError(
                f"module {self.module!r} must have a pom.xml (found none at {path}); check the module's name"
            )
        try:
            return ET.fromstring(path.read_bytes())  # noqa: S314 - the project's own file
        except ET.ParseError as error:
            raise BuildError(f"{path} must be well-formed XML (got: {error}); correct it") from error

    def _name(self, path: Path) -> str:
        return path.relative_to(self.project).as_posix()


def _artifact_id(element: ET.Element) -> str:
    return element.findtext(f"{_POM}artifactId", "").strip()


def _first_error(log: Path, status: int) -> str:
    """Maven's first error that says something: the headings above it end with a colon."""
    for line in _COLOUR.sub("", log.read_text(errors="replace")).splitlines():
        _, mark, message = line.partition("[ERROR]")
        if mark and message.strip() and not message.rstrip().endswith(":"):
            return message.strip()
    return f"Maven ended with status {status}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of the file; the system frees it when the process dies. The file stays: removing it would race."""
    import fcntl  # not everywhere, and needed only where a jar is built

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
