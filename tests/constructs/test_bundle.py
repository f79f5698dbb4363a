"""The zip that the service runs: its name, its bytes, and what is in it."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from flink_constructs import bundle as bundle_module
from flink_constructs.bundle import JAR, MAIN, PACKAGES, RUN_OPTIONS, BundleError, JobBundle
from tests.constructs.fake_bundle import FakeJar, bundle_of, new_bundle, write

LATE = 4_000_000_000  # the year 2096


@pytest.fixture
def bundle(tmp_path: Path) -> JobBundle:
    return new_bundle(tmp_path)


def names_in(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def read(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def set_times(root: Path) -> None:
    for path in root.rglob("*"):
        os.utime(path, (LATE, LATE))


def set_modes(root: Path) -> None:
    for path in root.rglob("*.py"):
        path.chmod(0o700)


def write_again_in_reverse_order(root: Path) -> None:
    files = {path: path.read_bytes() for path in sorted(root.rglob("*.py"), reverse=True)}
    for path in files:
        path.unlink()
    for path, content in files.items():
        path.write_bytes(content)


def add_caches(root: Path) -> None:
    write(root / "apps" / "prices" / "__pycache__" / "job.cpython-311.pyc", "cached")


def add_notes(root: Path) -> None:
    write(root / "apps" / "prices" / "README.md", "A note.")
    write(root / "apps" / "prices" / "pom.xml", "<project/>")
    write(root / "notes.txt", "Another one.")


def add_code_that_the_job_does_not_use(root: Path) -> None:
    write(root / "apps" / "other" / "job.py", "OTHER = 1\n")


@pytest.mark.parametrize(
    "change",
    [
        set_times,
        set_modes,
        write_again_in_reverse_order,
        add_caches,
        add_notes,
        add_code_that_the_job_does_not_use,
    ],
)
def test_the_same_inputs_give_the_same_name_and_bytes(
    bundle: JobBundle, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    first = bundle.build()
    content = first.read_bytes()
    change(tmp_path / "source")
    first.unlink()
    again = bundle.build()
    assert again == first
    assert again.read_bytes() == content


def test_the_folder_that_the_project_lies_in_does_not_count(tmp_path: Path) -> None:
    here, there = (new_bundle(tmp_path / name).build() for name in ("here", "there"))
    assert here.name == there.name
    assert here.read_bytes() == there.read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "apps/prices/main.py",
        "apps/prices/job.py",
        "apps/common/tables.py",
        "apps/common/__init__.py",
        "apps/__init__.py",
    ],
)
def test_a_changed_file_changes_the_hash(bundle: JobBundle, tmp_path: Path, path: str) -> None:
    before = bundle.input_hash()
    write(tmp_path / "source" / path, "CHANGED = True\n")
    assert bundle.input_hash() != before


def test_a_new_module_changes_the_hash_and_so_does_a_new_name_of_one(bundle: JobBundle, tmp_path: Path) -> None:
    package = tmp_path / "source" / "apps" / "prices"
    hashes = [bundle.input_hash()]
    write(package / "deeper" / "logic.py", "")
    hashes.append(bundle.input_hash())
    (package / "job.py").rename(package / "work.py")
    hashes.append(bundle.input_hash())
    assert len(set(hashes)) == 3


def test_another_jar_changes_the_hash(bundle: JobBundle) -> None:
    other = dataclasses.replace(bundle, jar=FakeJar(content=b"other connectors"))
    assert other.input_hash() != bundle.input_hash()


def test_another_entry_script_with_the_same_modules_changes_the_hash(bundle: JobBundle, tmp_path: Path) -> None:
    write(tmp_path / "other_main.py", "import apps.common\n")
    assert dataclasses.replace(bundle, main=tmp_path / "other_main.py").input_hash() != bundle.input_hash()


def test_a_bundle_is_named_after_its_module_and_its_inputs(bundle: JobBundle) -> None:
    assert bundle.build().name == f"prices-{bundle.input_hash()}.zip"
    assert re.fullmatch(r"[0-9a-f]{16}", bundle.input_hash())


def test_a_module_in_a_folder_of_folders_is_one_file_all_the_same(tmp_path: Path) -> None:
    bundle = new_bundle(tmp_path, jar=FakeJar(module="jobs/prices"))
    assert bundle.build().parent == bundle.cache


def test_the_zip_holds_the_entry_script_the_jar_and_the_packages(bundle: JobBundle) -> None:
    path = bundle.build()
    assert names_in(path.read_bytes()) == ["main.py", "lib/connectors.jar", "lib/packages.zip"]
    assert read(path, "main.py") == bundle.main.read_bytes()
    assert read(path, "lib/connectors.jar") == b"connectors"
    assert names_in(read(path, "lib/packages.zip")) == [
        "apps/__init__.py",
        "apps/common/__init__.py",
        "apps/common/tables.py",
        "apps/prices/__init__.py",
        "apps/prices/job.py",
        "apps/prices/main.py",
    ]


def test_the_run_options_name_what_the_zip_holds(bundle: JobBundle) -> None:
    assert RUN_OPTIONS == {"python": MAIN, "jarfile": JAR, "pyFiles": PACKAGES}
    assert set(RUN_OPTIONS.values()) == set(names_in(bundle.build().read_bytes()))


def test_the_job_is_imported_from_the_packages_zip(bundle: JobBundle, tmp_path: Path) -> None:
    packages = tmp_path / "packages.zip"
    packages.write_bytes(read(bundle.build(), PACKAGES))
    result = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(packages)!r}); "
         "import apps.prices.job as job; print(job.ANSWER, job.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert result.stdout.split() == ["prices!", str(packages / "apps" / "prices" / "job.py")], result.stderr


def test_what_is_built_is_not_built_again(bundle: JobBundle) -> None:
    first = bundle.build()
    os.utime(first, (LATE, LATE))
    assert bundle.build() == first
    assert first.stat().st_mtime == LATE


def test_a_bundle_that_the_service_would_refuse_is_refused_and_leaves_nothing_behind(
    bundle: JobBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = bundle.build().stat().st_size
    bundle.build().unlink()
    monkeypatch.setattr(bundle_module, "MAX_BYTES", size - 1)
    message = f"the bundle must have at most {size - 1:,} bytes (got {size:,}); drop a connector from the pom"
    with pytest.raises(BundleError, match=f"^{re.escape(message)}$"):
        bundle.build()
    assert list(bundle.cache.iterdir()) == []


def test_a_build_that_breaks_off_leaves_nothing_behind(bundle: JobBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(_: JobBundle) -> bytes:
        raise OSError("the disk is full")

    monkeypatch.setattr(JobBundle, "_packages_zip", break_off)
    with pytest.raises(OSError, match="the disk is full"):
        bundle.build()
    assert list(bundle.cache.iterdir()) == []


def test_a_missing_entry_script_is_refused_at_once(bundle: JobBundle, tmp_path: Path) -> None:
    missing = tmp_path / "mian.py"
    with pytest.raises(BundleError, match=rf"^main must be a file \(got {re.escape(str(missing))}\); correct"):
        bundle_of(missing, root=tmp_path, jar=bundle.jar)


@pytest.mark.parametrize("package", ["apps", "apps/common"])
def test_a_folder_that_cannot_be_imported_is_refused_at_once(bundle: JobBundle, tmp_path: Path, package: str) -> None:
    (tmp_path / "source" / package / "__init__.py").unlink()
    with pytest.raises(BundleError) as refused:
        bundle_of(bundle.main, root=tmp_path, jar=bundle.jar)
    assert str(refused.value) == (
        "packages must be a package below root: a folder with an __init__.py "
        f"(got {package}); correct its name, or add the file"
    )
