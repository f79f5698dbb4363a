"""Java classes of the local run: compiled once, against the Flink that it runs."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from local.errors import RunError
from local.flink.jvm import classpath
from local.process import java, run_to_end
from stacks.project import BUILD


def compiled(source: Path, *, name: str, resources: Mapping[str, str] | None = None) -> Path:
    """The folder with the jar of a class; compiled only where it is missing, or of another source.

    Args:
        source: The Java file.
        name: Of the jar, as a user knows it.
        resources: Further files of the jar, by their paths in it.

    Raises:
        RunError: without a Java compiler, or where it refuses the source.

    """
    folder = BUILD / "services" / f"{name}-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        compiler = shutil.which(Path(java()).resolve().with_name("javac"))
        if compiler is None:
            raise RunError("missing: the Java compiler; get it: apt-get install openjdk-17-jdk-headless")
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        classes = partial / "classes"
        done = run_to_end(
            [compiler, "--release", "11", "-cp", classpath(), "-d", str(classes), str(source)],
            env={"LC_ALL": "C.UTF-8"},  # or Java finds no file whose path is not ASCII
        )
        if done.returncode != 0:
            raise RunError(f"{name} was not compiled: {done.stdout}{done.stderr}")
        with zipfile.ZipFile(partial / f"{name}.jar", "w") as jar:
            for file in sorted(classes.rglob("*.class")):
                jar.write(file, file.relative_to(classes))
            for path, text in (resources or {}).items():
                jar.writestr(path, text)
        shutil.rmtree(classes)
        partial.rename(folder)
    return folder
