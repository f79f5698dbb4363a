"""What a run makes of the applications in a template, before anything is started."""

from pathlib import Path
from typing import Any

import pytest

from flink_apps.common.aws import ENDPOINTS_GROUP
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from local.run import LocalRun
from local.runs import remove_bulk
from local.services.opensearch import OpenSearchService
from local.services.s3 import S3Service
from local.synth import Application
from tests.local.made_by_hand import SQL_GROUP, application, assembly

FEEDER = "ReplayApplication12AB34CD"
MAIN = "FlinkApplicationE90B4624"
SETTINGS = {
    "topic": "trips",
    "security.protocol": "SASL_SSL",
    "kafka.sasl.mechanism": "AWS_MSK_IAM",
    "config.providers": "secrets-manager",
    "config.providers.secrets-manager.class": "a.Provider",
    "classless.x": "kept",
    "endpoint": {"Fn::Join": ["", ["https://", {"Fn::GetAtt": ["Search", "DomainEndpoint"]}]]},
}
RESOURCES: dict[str, Any] = {
    FEEDER: application("feeder.zip", groups={"Replay": {"bucket": {"Ref": "Archive"}}}),
    MAIN: application("main.zip", groups={SQL_GROUP: SETTINGS}, parallelism=3),
    "Archive": {"Type": "AWS::S3::Bucket"},
    "Search": {"Type": "AWS::OpenSearchService::Domain"},
}
SQL = {"feeder.zip": "SELECT 1", "main.zip": "SELECT 2"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalRun:
    monkeypatch.setattr(S3Service, "fetch", classmethod(lambda _cls: tmp_path / "s3-plugin"))
    return LocalRun(assembly(tmp_path / "cdk.out", RESOURCES, SQL), tmp_path)


@pytest.mark.parametrize(
    ("logical_id", "name"),
    [(MAIN, "Flink"), (FEEDER, "Replay"), ("Flink", "Flink"), ("LoadReplay0123CDEF", "LoadReplay")],
)
def test_an_application_is_called_by_its_constructs_id(logical_id: str, name: str) -> None:
    assert Application(logical_id, {}).name == name


def test_each_application_has_a_cluster_the_scenarios_own_first(run: LocalRun) -> None:
    assert list(run.clusters) == ["Flink", "Replay"]
    assert run.cluster is run.clusters["Flink"]
    assert [cluster.spec.parallelism for cluster in run.clusters.values()] == [3, 1]


def test_clusters_share_neither_folder_nor_preferred_port_nor_a_process_name(run: LocalRun) -> None:
    clusters = run.clusters.values()
    assert len({cluster.folder for cluster in clusters}) == 2
    assert len({cluster.rest_port for cluster in clusters}) == 2
    names = [process.name for process in run.processes]
    assert len(names) == len(set(names)) == 6


def test_every_cluster_reads_and_writes_the_local_s3(run: LocalRun, tmp_path: Path) -> None:
    for cluster in run.clusters.values():
        assert cluster.flink_options == run.service(S3Service).flink_options
        assert cluster.plugins == [tmp_path / "s3-plugin"]


def test_a_cluster_loads_flinks_own_plugins_and_those_of_its_services(run: LocalRun, tmp_path: Path) -> None:
    (tmp_path / "s3-plugin").mkdir()
    (tmp_path / "s3-plugin" / "fs.jar").touch()
    run.cluster._write_configuration()
    plugins = run.cluster.folder / "plugins"
    assert (plugins / "s3-plugin" / "fs.jar").exists()
    assert (plugins / "metrics-prometheus").is_dir()


def test_each_application_gets_its_own_code(run: LocalRun, tmp_path: Path) -> None:
    for name, statements in (("Flink", "SELECT 2"), ("Replay", "SELECT 1")):
        run.assembly.unpack_code(tmp_path / name, name)
        assert (tmp_path / name / "job.sql").read_text() == statements


def test_each_application_gets_its_own_property_groups(run: LocalRun) -> None:
    assert set(run.property_groups()) == {SQL_GROUP, RUN_OPTIONS_GROUP, ENDPOINTS_GROUP}
    assert run.property_groups("Replay")["Replay"] == {"bucket": "archive"}


def test_sign_in_to_the_broker_is_left_out_under_any_prefix(run: LocalRun) -> None:
    assert set(run.property_groups()[SQL_GROUP]) == {"topic", "classless.x", "endpoint"}


def test_the_search_nodes_address_is_plain_http(run: LocalRun) -> None:
    assert run.property_groups()[SQL_GROUP]["endpoint"] == run.service(OpenSearchService).address


def test_only_logs_are_left_of_a_run_with_several_applications(tmp_path: Path) -> None:
    for name in ("flink", "replay"):
        for folder in ("checkpoints", "lib", "log", "plugins", "tmp"):
            (tmp_path / name / folder).mkdir(parents=True)
    for folder in ("cdk.out", "code/replay", "savepoints/savepoint-1", "opensearch/data", "opensearch/log"):
        (tmp_path / folder).mkdir(parents=True)
    remove_bulk(tmp_path)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"flink", "flink/log", "replay", "replay/log", "opensearch", "opensearch/log"}
