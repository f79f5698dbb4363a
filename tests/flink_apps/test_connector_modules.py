"""The real connector build: what the Java tests say, and what the jars hold."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from flink_constructs.connector_jar import ConnectorJar

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "flink_apps"
FACTORIES = "META-INF/services/org.apache.flink.table.factories.Factory"


class Part(NamedTuple):
    """What a dependency adds to a jar."""

    factories: set[str]
    megabytes: int


#: The dependencies that bring table factories, or much else.
PARTS = {
    "json": Part({"flinkscenarios.json.JsonLinesFormatFactory", "flinkscenarios.json.JsonRawFormatFactory"}, 0),
    "kinesis": Part({"flinkscenarios.kinesis.KinesisTableFactory"}, 10),
    "opensearch": Part({"flinkscenarios.opensearch.OpenSearchTableFactory"}, 1),
    "parquet": Part({"flinkscenarios.parquet.BufferedParquetFormatFactory"}, 0),
    "prometheus": Part({"flinkscenarios.prometheus.PrometheusTableFactory"}, 10),
    "replaysource": Part({"flinkscenarios.replaysource.ReplayTableFactory"}, 0),
    "tick": Part({"flinkscenarios.tick.TickTableFactory"}, 0),
    "flink-parquet": Part({"org.apache.flink.formats.parquet.ParquetFileFormatFactory"}, 0),
    "hadoop-client-runtime": Part(set(), 60),
    "flink-connector-kafka": Part(
        {
            "org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicTableFactory",
            "org.apache.flink.streaming.connectors.kafka.table.UpsertKafkaDynamicTableFactory",
        },
        30,
    ),
    "flink-sql-avro-confluent-registry": Part(
        {
            "org.apache.flink.formats.avro.AvroFileFormatFactory",
            "org.apache.flink.formats.avro.AvroFormatFactory",
            "org.apache.flink.formats.avro.registry.confluent.RegistryAvroFormatFactory",
            "org.apache.flink.formats.avro.registry.confluent.debezium.DebeziumAvroFormatFactory",
        },
        20,
    ),
}
#: What a jar may have beside the above.
MORE_MEGABYTES = 5


def modules() -> list[str]:
    """The modules that are a job's: those with a jar of their own."""
    names = re.findall(r"<module>(.*)</module>", (PROJECT / "pom.xml").read_text(encoding="utf-8"))
    return [name for name in names if not name.startswith("connectors/")]


def parts(module: str) -> list[Part]:
    """What the dependencies of a module add to its jar."""
    pom = (PROJECT / module / "pom.xml").read_text(encoding="utf-8")
    names = re.findall(r"<dependency>.*?<artifactId>(.*?)</artifactId>", pom, re.DOTALL)
    return [PARTS[name] for name in names if name in PARTS]


#: The modules of the connectors, and those of them that have tests in Java.
CONNECTORS = tuple(sorted(pom.parent for pom in (PROJECT / "connectors").glob("*/pom.xml")))
TESTED_CONNECTORS = tuple(module for module in CONNECTORS if (module / "src/test/java").is_dir())


@pytest.fixture(scope="module", params=modules())
def module(request: pytest.FixtureRequest) -> Iterator[tuple[str, zipfile.ZipFile]]:
    with zipfile.ZipFile(ConnectorJar(project=PROJECT, module=request.param).build(ROOT / "build" / "jars")) as jar:
        yield request.param, jar


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda folder: folder.name)
def test_folder_artifact_and_package_of_a_connector_have_one_name(connector: Path) -> None:
    assert f"  <artifactId>{connector.name}</artifactId>\n" in (connector / "pom.xml").read_text(encoding="utf-8")
    packages = {folder.name for folder in connector.glob("src/*/java/flinkscenarios/*")}
    assert packages == {connector.name}


@pytest.mark.integration
def test_the_java_tests_of_the_connectors_pass(tmp_path: Path) -> None:
    maven = shutil.which("mvn")
    assert maven, "Maven must be on the PATH"
    command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", str(PROJECT / "pom.xml"), "test"]
    tests = subprocess.run([*command, f"-Dbuild.root={tmp_path}"], capture_output=True, text=True, check=False)
    assert tests.returncode == 0, tests.stdout + tests.stderr
    for connector in TESTED_CONNECTORS:
        assert list(tmp_path.glob(f"{connector.name}/surefire-reports/*.xml")), connector.name


@pytest.mark.integration
def test_the_kinesis_connector_compiles_with_flink_2(tmp_path: Path) -> None:
    maven = shutil.which("mvn")
    assert maven, "Maven must be on the PATH"
    command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", str(PROJECT / "pom.xml"), "-Pflink-2.2"]
    module = ["-pl", "connectors/kinesis", "-am", "compile", f"-Dbuild.root={tmp_path}"]
    done = subprocess.run([*command, *module], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.glob("kinesis/classes/flinkscenarios/kinesis/*.class"))


@pytest.mark.integration
def test_a_jar_has_exactly_its_table_factories(module: tuple[str, zipfile.ZipFile]) -> None:
    name, jar = module
    lines = jar.read(FACTORIES).decode().splitlines()
    assert {line for line in lines if line and not line.startswith("#")} == set().union(
        *(part.factories for part in parts(name))
    )


@pytest.mark.integration
def test_a_jar_has_nothing_that_flink_ships(module: tuple[str, zipfile.ZipFile]) -> None:
    shipped = (
        "org/slf4j/",
        "org/apache/logging/",
        "org/apache/log4j/",
        "org/apache/flink/api/common/",  # flink-core
        "org/apache/flink/configuration/",  # flink-core
        "org/apache/flink/table/",  # flink-table-*
        "org/apache/flink/runtime/",
    )
    names = module[1].namelist()
    assert [name for name in names if name.startswith(shipped)] == []
    assert [name for name in names if name.endswith((".SF", ".DSA", ".RSA", "module-info.class"))] == []
    assert len(names) == len(set(names))


@pytest.mark.integration
def test_a_jar_stays_small(module: tuple[str, zipfile.ZipFile]) -> None:
    name, jar = module
    assert jar.filename is not None
    most = MORE_MEGABYTES + sum(part.megabytes for part in parts(name))
    assert Path(jar.filename).stat().st_size < most * 1024 * 1024
