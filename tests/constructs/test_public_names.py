from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys

import pytest
from constructs import Construct

from stacks.project import ROOT

PUBLIC = {
    "alarms": ["ApplicationAlarms"],
    "application": ["FlinkApplication", "LogLevel", "MetricsLevel", "Runtime"],
    "application_base": ["FlinkApplicationBase"],
    "application_restore": ["Restore"],
    "application_code": ["ApplicationCode", "CodeLocation", "PythonOptions"],
    "bundle": ["BundleError", "JobBundle"],
    "connector_jar": ["BuildError", "ConnectorJar"],
    "data_stream": ["DataStream", "DataStreamBase", "StreamCapacity"],
    "kafka_authentication": ["KafkaAuthentication"],
    "kafka_cluster": ["EnhancedMonitoring", "KafkaCluster"],
    "kafka_cluster_base": ["KafkaClusterBase", "KafkaTopic"],
    "lifecycle": ["ApplicationLifecycle"],
    "metric_math": ["increase", "total", "total_increase"],
    "metrics_workspace": ["MetricsWorkspace"],
    "network": ["EndpointService", "Network", "NetworkBase"],
    "search_domain": ["SearchDomain"],
    "search_domain_base": ["SearchDomainBase"],
    "search_sign_in": ["SearchSignIn"],
    "snapshot_schedule": ["SnapshotSchedule"],
    "stream_archive": ["StreamArchive", "StreamArchiveBase"],
    "stream_delivery": ["StreamDelivery"],
    "validation": ["InvalidArgumentError"],
}


@pytest.mark.parametrize(("name", "names"), PUBLIC.items())
def test_a_module_names_what_is_there_to_build_on(name: str, names: list[str]) -> None:
    module = importlib.import_module(f"flink_constructs.{name}")
    assert module.__all__ == names
    for public in names:
        assert getattr(module, public).__module__ == module.__name__


@pytest.mark.parametrize(("name", "names"), PUBLIC.items())
def test_every_public_name_and_method_says_what_it_is(name: str, names: list[str]) -> None:
    module = importlib.import_module(f"flink_constructs.{name}")
    for public in names:
        found = getattr(module, public)
        assert found.__doc__
        own = {key: value for key, value in vars(found).items() if not key.startswith("_")}
        undocumented = [key for key, value in own.items() if inspect.isfunction(value) and not value.__doc__]
        assert undocumented == []


@pytest.mark.parametrize(("name", "names"), PUBLIC.items())
def test_every_argument_of_a_construct_is_a_keyword_and_says_its_default(name: str, names: list[str]) -> None:
    module = importlib.import_module(f"flink_constructs.{name}")
    for construct in (getattr(module, public) for public in names):
        if not (inspect.isclass(construct) and issubclass(construct, Construct) and "__init__" in vars(construct)):
            continue
        _, scope, construct_id, *others = inspect.signature(construct.__init__).parameters.values()
        assert (scope.name, construct_id.name) == ("scope", "construct_id")
        assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in others)
        arguments, _, _ = str(construct.__init__.__doc__).partition("Raises:")
        _, *entries = re.split(r"\n {12}(?=\w+: )", arguments)
        documented = dict(entry.split(": ", 1) for entry in entries)
        assert list(documented) == ["scope", "construct_id", *(parameter.name for parameter in others)]
        for parameter in others:
            if parameter.default is not inspect.Parameter.empty:
                assert "default" in documented[parameter.name].lower(), parameter.name


def test_a_bundle_can_be_built_without_the_cdk() -> None:
    script = "import sys, flink_constructs.bundle; print('aws_cdk' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT / "constructs", capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"
