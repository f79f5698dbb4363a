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


KINESIS = {
    "org.apache.flink.connector.kinesis.table.KinesisDynamicTableSinkFactory",
    "org.apache.flink.streaming.connectors.kinesis.table.KinesisDynamicTableFactory",
}
KINESIS_AND_KAFKA = KINESIS | {
    "org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicTableFactory",
    "org.apache.flink.streaming.connectors.kafka.table.UpsertKafkaDynamicTableFactory",
}
JSON = {"flinkscenarios.json.JsonLinesFormatFactory", "flinkscenarios.json.JsonRawFormatFactory"}
PARQUET = {"org.apache.flink.formats.parquet.ParquetFileFormatFactory"}
BUFFERED_PARQUET = PARQUET | {"flinkscenarios.parquet.BufferedParquetFormatFactory"}
TICK = {"flinkscenarios.tick.TickTableFactory"}
PROMETHEUS = {"flinkscenarios.prometheus.PrometheusTableFactory"}
AVRO = {
    "org.apache.flink.formats.avro.AvroFileFormatFactory",
    "org.apache.flink.formats.avro.AvroFormatFactory",
    "org.apache.flink.formats.avro.registry.confluent.RegistryAvroFormatFactory",
    "org.apache.flink.formats.avro.registry.confluent.debezium.DebeziumAvroFormatFactory",
}
OPENSEARCH = {"flinkscenarios.opensearch.OpenSearchTableFactory"}
#: The modules of the connectors, and those of them that have tests in Java.
CONNECTORS = tuple(sorted(pom.parent for pom in (PROJECT / "connectors").glob("*/pom.xml")))
TESTED_CONNECTORS = tuple(module for module in CONNECTORS if (module / "src/test/java").is_dir())
#: The table factories of each module's jar, and the most megabytes that it may have.
MODULES = {
    "data_generator": (KINESIS_AND_KAFKA | JSON | AVRO | TICK, 90),
    "lottery": (KINESIS_AND_KAFKA | JSON, 70),
    "prometheus_metrics": (JSON | PROMETHEUS | TICK, 15),
    "replay": (KINESIS_AND_KAFKA | JSON | PARQUET | {"flinkscenarios.replaysource.ReplayTableFactory"}, 130),
    "streaming_etl": (KINESIS_AND_KAFKA | JSON | BUFFERED_PARQUET | OPENSEARCH, 130),
    "taxi_analytics": (KINESIS | JSON | OPENSEARCH, 40),
}


@pytest.fixture(scope="module", params=MODULES)
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
def test_a_jar_has_exactly_its_table_factories(module: tuple[str, zipfile.ZipFile]) -> None:
    name, jar = module
    lines = jar.read(FACTORIES).decode().splitlines()
    assert {line for line in lines if line and not line.startswith("#")} == MODULES[name][0]


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
    assert Path(jar.filename).stat().st_size < MODULES[name][1] * 1024 * 1024
