"""The zip that the service runs: the job's Python, and one jar with its connectors."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flink_constructs.connector_jar import ConnectorJar, drop_oldest

__all__ = ["BundleError", "JobBundle"]

#: Names inside the zip, and the property group in which the service looks for them.
MAIN = "main.py"
JAR = "lib/connectors.jar"
PACKAGES = "lib/packages.zip"
RUN_OPTIONS_GROUP = "kinesis.analytics.flink.run.options"
RUN_OPTIONS = {"python": MAIN, "jarfile": JAR, "pyFiles": PACKAGES}

#: The service refuses a larger one (https://docs.aws.amazon.com/managed-flink/latest/java/limits.html).
MAX_BYTES = 512 * 1024 * 1024


class BundleError(ValueError):
    """A bundle that cannot be made: the message has the name, the rule, the value received and the fix."""

    def __init__(self, name: str, rule: str, value: object, fix: str) -> None:
        super().__init__(f"{name} must {rule} (got {value!s}); {fix}")


@dataclass(frozen=True, kw_only=True)
class JobBundle:
    """A Python job as the service wants it: ``main.py``, its modules as one zip, its connectors as one jar.

    Args:
        main: The entry script.
        root: The folder from which the job's modules are imported.
        packages: Package folders below ``root`` that the job imports. Their ``.py`` files are bundled, and nothing
            else, so that no cache or note changes the hash.
        jar: The connectors.
        cache: Where bundles are kept; jars are kept in ``jars`` beside it. Default: ``build/bundles``.

    Raises:
        BundleError: The entry script is missing, or a folder on the way to a package has no ``__init__.py``, without
            which it could not be imported from a zip.

    """

    main: Path
    root: Path
    packages: tuple[str, ...]
    jar: ConnectorJar
    cache: Path = field(default=Path("build/bundles"))

    def __post_init__(self) -> None:
        """Look before anything is built on it."""
        if not self.main.is_file():
            raise BundleError("main", "be a file", self.main, "correct the path of the entry script")
        for package in (*self._parents(), *self.packages):
            if not (self.root / package / "__init__.py").is_file():
                rule = "be a package below root: a folder with an __init__.py"
                raise BundleError("packages", rule, package, "correct its name, or add the file")

    def input_hash(self) -> str:
        """Hash of all that the zip is made of: 16 hexadecimal digits. Same inputs, same bytes, same S3 key."""
        digest = hashlib.sha256(self.jar.input_hash().encode())
        for name, path in (("/" + MAIN, self.main), *self._modules()):
            content = path.read_bytes()
            digest.update(f"\0{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:16]

    def build(self) -> Path:
        """The zip's path; builds it, and the jar, only where they are missing.

        Raises:
            BundleError: The zip would be larger than the service takes.
            BuildError: The jar could not be built.

        """
        path = self.cache / f"{self.jar.module.replace('/', '-')}-{self.input_hash()}.zip"
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            jar = self.jar.build(self.cache.parent / "jars")
            partial = path.with_suffix(f".{os.getpid()}")
            try:
                with zipfile.ZipFile(partial, "w") as bundle:
                    _add(bundle, MAIN, self.main.read_bytes(), zipfile.ZIP_DEFLATED)
                    _add(bundle, JAR, jar.read_bytes(), zipfile.ZIP_STORED)  # compressed already
                    _add(bundle, PACKAGES, self._packages_zip(), zipfile.ZIP_STORED)
                size = partial.stat().st_size
                if size > MAX_BYTES:
                    rule = f"have at most {MAX_BYTES:,} bytes"
                    raise BundleError("the bundle", rule, f"{size:,}", "drop a connector from the pom")
                partial.replace(path)
                drop_oldest(self.cache, f"{self.jar.module.replace('/', '-')}-*.zip")
            finally:
                partial.unlink(missing_ok=True)
        return path

    def _packages_zip(self) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as packages:
            for name, path in self._modules():
                _add(packages, name, path.read_bytes(), zipfile.ZIP_DEFLATED)
        return buffer.getvalue()

    def _modules(self) -> Iterator[tuple[str, Path]]:
        files = {self.root / package / "__init__.py" for package in self._parents()}
        for package in self.packages:
            files.update((self.root / package).rglob("*.py"))
        for path in sorted(files):
            yield path.relative_to(self.root).as_posix(), path

    def _parents(self) -> Iterator[str]:
        """Packages that hold the chosen ones: their ``__init__.py`` is needed to import them."""
        for package in self.packages:
            yield from (parent.as_posix() for parent in Path(package).parents if parent.name)


def _add(target: zipfile.ZipFile, name: str, content: bytes, compression: int) -> None:
    # A fixed time and mode: the bytes depend on nothing but the content.
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    entry.compress_type = compression
    target.writestr(entry, content)
