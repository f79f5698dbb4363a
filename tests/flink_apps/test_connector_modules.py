"""The real connector build: what the Java tests say, and what the jars hold."""

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flink_constructs.connector_jar import ConnectorJar

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "flink_apps"
FACTORIES = "META-INF/services/org.apache.flink.table.factories.Factory"


@pytest.fixture(scope="module")
def data_generator() -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(ConnectorJar(project=PROJECT, module="data_generator").build(ROOT / "build" / "jars")) as jar:
        yield jar


@pytest.mark.integration
def test_the_java_tests_of_the_connectors_pass(tmp_path: Path) -> None:
    maven = shutil.which("mvn")
    assert maven, "Maven must be on the PATH"
    command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", str(PROJECT / "pom.xml"), "test"]
    tests = subprocess.run([*command, f"-Dbuild.root={tmp_path}"], capture_output=True, text=True, check=False)
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert list(tmp_path.glob("tick/surefire-reports/*.xml"))


@pytest.mark.integration
def test_the_data_generators_jar_has_exactly_its_table_factories(data_generator: zipfile.ZipFile) -> None:
    lines = data_generator.read(FACTORIES).decode().splitlines()
    assert sorted(line for line in lines if line and not line.startswith("#")) == [
        "flinkscenarios.tick.TickTableFactory",
        "org.apache.flink.connector.kinesis.table.KinesisDynamicTableSinkFactory",
        "org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicTableFactory",
        "org.apache.flink.streaming.connectors.kafka.table.UpsertKafkaDynamicTableFactory",
        "org.apache.flink.streaming.connectors.kinesis.table.KinesisDynamicTableFactory",
    ]


@pytest.mark.integration
def test_the_data_generators_jar_has_nothing_that_flink_ships(data_generator: zipfile.ZipFile) -> None:
    shipped = (
        "org/slf4j/",
        "org/apache/logging/",
        "org/apache/log4j/",
        "org/apache/flink/api/common/",  # flink-core
        "org/apache/flink/configuration/",  # flink-core
        "org/apache/flink/table/",  # flink-table-*
        "org/apache/flink/runtime/",
    )
    names = data_generator.namelist()
    assert [name for name in names if name.startswith(shipped)] == []
    assert [name for name in names if name.endswith((".SF", ".DSA", ".RSA", "module-info.class"))] == []
    assert len(names) == len(set(names))


@pytest.mark.integration
def test_the_data_generators_jar_stays_small(data_generator: zipfile.ZipFile) -> None:
    assert data_generator.filename is not None
    assert Path(data_generator.filename).stat().st_size < 70 * 1024 * 1024
