"""The build of connector jars, with a Maven that only pretends."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flink_constructs.connector_jar import BuildError, ConnectorJar, drop_oldest

POM = '<project xmlns="http://maven.apache.org/POM/4.0.0">{}</project>'
PARENT = POM.format(
    "<groupId>example</groupId><artifactId>parent</artifactId>"
    "<modules><module>connectors/base</module><module>connectors/clock</module><module>connectors/other</module>"
    "<module>job</module></modules>"
)


def module_pom(artifact: str, *needs: str, group: str = "example") -> str:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{need}</artifactId></dependency>" for need in needs
    )
    return POM.format(f"<artifactId>{artifact}</artifactId><dependencies>{dependencies}</dependencies>")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write(folder / "pom.xml", PARENT)
    write(folder / "job" / "pom.xml", module_pom("job-jar", "clock"))
    write(folder / "job" / "job.py", "")
    write(folder / "connectors/clock/pom.xml", module_pom("clock", "base"))
    write(folder / "connectors/clock/src/main/java/Clock.java", "class Clock {}")
    write(folder / "connectors/base/pom.xml", module_pom("base", "elsewhere", group="org.example"))
    write(folder / "connectors/base/src/main/java/Base.java", "class Base {}")
    write(folder / "connectors/other/pom.xml", module_pom("other"))
    write(folder / "connectors/other/src/main/java/Other.java", "class Other {}")
    return folder


@pytest.fixture
def jar(project: Path) -> ConnectorJar:
    return ConnectorJar(project=project, module="job")


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Maven that writes the jar where it is told to; the returned file has the arguments of each call."""
    calls = tmp_path / "calls"
    install_maven(
        tmp_path,
        monkeypatch,
        f"""
        echo "$@" >> {calls}
        for argument; do case "$argument" in -Dbuild.root=*) root="${{argument#-Dbuild.root=}}" ;; esac; done
        sleep 0.3
        mkdir -p "$root/job-jar" && echo "built with TZ=$TZ" > "$root/job-jar/job-jar.jar"
        """,
    )
    return calls


def install_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path = tmp_path / "bin" / "mvn"
    write(path, f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    "path",
    [
        "pom.xml",
        "job/pom.xml",
        "connectors/clock/pom.xml",
        "connectors/clock/src/main/java/Clock.java",
        "connectors/base/pom.xml",
        "connectors/base/src/main/java/Base.java",
    ],
)
def test_the_hash_changes_with_each_input(project: Path, jar: ConnectorJar, path: str) -> None:
    before = jar.input_hash()
    write(project / path, (project / path).read_text() + "\n")
    assert jar.input_hash() != before


@pytest.mark.parametrize("path", ["job/src/main/resources/new", "connectors/clock/src/main/java/New.java"])
def test_the_hash_changes_with_a_new_and_with_a_renamed_source(project: Path, jar: ConnectorJar, path: str) -> None:
    before = jar.input_hash()
    write(project / path, "")
    added = jar.input_hash()
    (project / path).rename((project / path).with_name("Renamed"))
    assert len({before, added, jar.input_hash()}) == 3


def test_the_hash_ignores_what_is_no_input(project: Path, jar: ConnectorJar) -> None:
    before = jar.input_hash()
    for path in ("target/clock/Old.class", "src/test/java/ClockTest.java", "README.md"):
        write(project / "connectors/clock" / path, "new")
    write(project / "connectors/other/src/main/java/Other.java", "changed")
    write(project / "job/job.py", "changed")
    os.utime(project / "pom.xml", (0, 0))
    assert jar.input_hash() == before


def test_the_hash_is_the_same_in_another_folder(project: Path, jar: ConnectorJar) -> None:
    before = jar.input_hash()
    assert re.fullmatch(r"[0-9a-f]{16}", before)
    moved = project.rename(project.with_name("moved"))
    assert ConnectorJar(project=moved, module="job").input_hash() == before


def test_a_jar_is_built_once(jar: ConnectorJar, maven: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "jars"
    first = jar.build(cache)
    assert first == cache / f"job-{jar.input_hash()}.jar"
    assert first.read_text() == "built with TZ=UTC\n"
    assert jar.build(cache) == first
    (call,) = maven.read_text().splitlines()
    assert "-pl job -am package" in call
    assert {path.suffix for path in cache.iterdir()} == {".jar", ".lock", ".log"}


def test_a_changed_input_gives_another_jar(project: Path, jar: ConnectorJar, maven: Path, tmp_path: Path) -> None:
    first = jar.build(tmp_path / "cache")
    write(project / "connectors/base/src/main/java/Base.java", "class Base { int changed; }")
    assert jar.build(tmp_path / "cache") != first
    assert len(maven.read_text().splitlines()) == 2


def test_concurrent_builds_run_maven_once(project: Path, jar: ConnectorJar, maven: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from flink_constructs.connector_jar import ConnectorJar; "
        f"print(ConnectorJar(project=Path({str(project)!r}), module='job').build(Path({str(tmp_path / 'cache')!r})))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    builds = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    paths = {build.communicate(timeout=60)[0].strip() for build in builds}
    assert paths == {str(tmp_path / "cache" / f"job-{jar.input_hash()}.jar")}
    assert len(maven.read_text().splitlines()) == 1


def test_a_failed_build_names_the_first_error_and_the_log(
    jar: ConnectorJar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_maven(
        tmp_path,
        monkeypatch,
        r"""
        printf '\033[0m[\033[1;31mERROR\033[m] COMPILATION ERROR : \n'
        printf '[ERROR] Clock.java:[3,5] cannot find symbol\n[ERROR] Failed to execute goal\n'
        exit 1
        """,
    )
    with pytest.raises(BuildError) as caught:
        jar.build(tmp_path / "cache")
    log = tmp_path / "cache" / f"job-{jar.input_hash()}.log"
    assert str(caught.value) == f"building job failed: Clock.java:[3,5] cannot find symbol; see {log}"
    assert "Failed to execute goal" in log.read_text()
    assert not list((tmp_path / "cache").glob("*.jar")), "the next call tries again"


def test_a_build_that_fails_without_a_word_names_the_status(
    jar: ConnectorJar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_maven(tmp_path, monkeypatch, "exit 7")
    with pytest.raises(BuildError, match="building job failed: Maven ended with status 7; see "):
        jar.build(tmp_path / "cache")


def test_a_missing_maven_is_named_with_how_to_get_it(
    jar: ConnectorJar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match=r"'mvn' must be on the PATH .*apt-get install maven"):
        jar.build(tmp_path / "cache")


def test_a_cached_jar_needs_no_maven(
    jar: ConnectorJar, maven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = jar.build(tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path))
    started = time.monotonic()
    assert jar.build(tmp_path / "cache") == built
    assert time.monotonic() - started < 0.3
    assert maven.exists()


def test_an_unknown_module_is_named(project: Path) -> None:
    with pytest.raises(BuildError, match=r"module 'jib' must have a pom.xml \(found none at .*jib/pom.xml\)"):
        ConnectorJar(project=project, module="jib").input_hash()


def test_a_broken_pom_is_named(project: Path, jar: ConnectorJar) -> None:
    write(project / "job/pom.xml", "<project>")
    with pytest.raises(BuildError, match=r"job/pom.xml must be well-formed XML \(got: no element found"):
        jar.input_hash()


def test_a_dependency_that_is_no_module_is_named(project: Path, jar: ConnectorJar) -> None:
    write(project / "job/pom.xml", module_pom("job-jar", "clok"))
    with pytest.raises(BuildError, match=r"job/pom.xml needs 'clok', which must be a module .*'clock'"):
        jar.input_hash()


def test_a_cache_keeps_the_newest_few_of_a_module(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "newer", "middle", "old", "oldest")):
        path = tmp_path / f"data_generator-{name}.jar"
        path.touch()
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "lottery-old.jar").touch()
    drop_oldest(tmp_path, "data_generator-*.jar")
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"data_generator-{name}.jar" for name in ("new", "newer", "middle")),
        "lottery-old.jar",
    }
