"""What the types of a rehearsal know: schemas, references, updates, and functions in processes of their own."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.deploy.access import Access
from local.deploy.functions import FunctionError, Process
from local.deploy.order import needs
from local.deploy.schemas import replaced_by
from local.deploy.stack import Deployed
from local.deploy.types import WITHOUT_COUNTERPART, unknown
from local.deploy.types.application import _update
from local.services.service import CREDENTIALS
from stacks.project import ROOT
from tests.constructs.client_model import check, service_model

SNAPSHOTS = sorted((ROOT / "tests" / "stacks" / "__snapshots__" / "test_every_stack").iterdir())


def kinds() -> set[str]:
    """Every resource type of every variant of every scenario."""
    return set(re.findall(r"\b(?:AWS|Custom)::\w+(?:::\w+)?", "\n".join(file.read_text() for file in SNAPSHOTS)))


def test_every_type_of_every_variant_has_a_counterpart() -> None:
    types = {kind for kind in kinds() if kind.startswith("Custom::") or kind.count("::") == 2}
    types -= {"AWS::SSM::Parameter"}  # the type of a parameter
    assert len(types) > 30
    assert unknown(types) == []
    assert set(WITHOUT_COUNTERPART) <= types


@pytest.mark.parametrize(
    ("kind", "before", "after", "replaced"),
    [
        ("AWS::Kinesis::Stream", {"ShardCount": 1}, {"ShardCount": 2}, []),
        ("AWS::Kinesis::Stream", {"Name": "a"}, {"Name": "b"}, ["Name"]),
        ("AWS::EC2::VPC", {"InstanceTenancy": "default"}, {"InstanceTenancy": "dedicated"}, ["InstanceTenancy"]),
        (
            "AWS::MSK::Cluster",
            {"BrokerNodeGroupInfo": {"ClientSubnets": ["a", "b"], "InstanceType": "x"}},
            {"BrokerNodeGroupInfo": {"ClientSubnets": ["a", "c"], "InstanceType": "y"}},
            ["BrokerNodeGroupInfo/ClientSubnets"],
        ),
        ("AWS::KinesisAnalyticsV2::Application", {"RuntimeEnvironment": "a"}, {"RuntimeEnvironment": "b"}, []),
        ("AWS::KinesisAnalyticsV2::Application", {}, {"ApplicationName": "b"}, ["ApplicationName"]),
        ("Custom::Anything", {"Name": "a"}, {"Name": "b"}, []),
    ],
)
def test_the_schema_says_what_a_change_replaces(
    kind: str, before: dict[str, Any], after: dict[str, Any], replaced: list[str]
) -> None:
    assert replaced_by(kind, before, after) == replaced


def test_a_resource_needs_what_it_names_in_any_way() -> None:
    properties = {
        "a": [{"Ref": "A"}, {"Ref": "AWS::Region"}],
        "b": {"Fn::GetAtt": ["B", "Arn"]},
        "c": {"Fn::GetAtt": "C.Some.Thing"},
        "d": {"Fn::Sub": "${D}/${D.Arn}/${!X}/${AWS::Region}"},
        "e": {"Fn::Sub": ["${x}", {"x": {"Fn::Join": ["", [{"Ref": "E"}]]}}]},
        "f": {"Fn::If": ["Condition", {"Ref": "F"}, "no"]},
    }
    known = "ABCDEFGHX"
    assert needs({"Properties": properties, "DependsOn": "G"}, known) == tuple("ABCDEFG")
    assert needs({"DependsOn": ["G", "H"]}, known) == ("G", "H")


@pytest.mark.parametrize(
    "file", [file for file in SNAPSHOTS if file.suffix == ".json"], ids=lambda file: file.stem[-40:]
)
def test_an_update_of_the_application_is_one_that_the_service_takes(file: Path) -> None:
    document = json.loads(file.read_text())
    resources = document.get("Resources") or next(iter(document.values()))["Resources"]
    for resource in resources.values():
        if resource["Type"] == "AWS::KinesisAnalyticsV2::Application":
            configuration = _texts(resource["Properties"]["ApplicationConfiguration"])
            parameters = {
                "ApplicationName": "x",
                "CurrentApplicationVersionId": 1,
                "ApplicationConfigurationUpdate": _update(configuration),
            }
            check(service_model("kinesisanalyticsv2"), "UpdateApplication", parameters)


def _texts(value: Any) -> Any:
    """A configuration with a text for each reference."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::Join", "Fn::Sub", "Fn::If"):
            return "arn:aws:s3:::x"
        return {key: _texts(item) for key, item in value.items()}
    return [_texts(item) for item in value] if isinstance(value, list) else value


# Functions.

CODE = """
import os, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    print("this is in the log")
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("fail"):
        raise ValueError("the rate must be a number\\n(got 'many')")
    return {"calls": calls, "environment": dict(os.environ), "event": event}
"""


class Bucket:
    """A client of S3 that has one object."""

    def get_object(self, **_names: str) -> dict[str, Any]:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as bundle:
            bundle.writestr("code/index.py", CODE)
            bundle.writestr("code/__init__.py", "")
        return {"Body": io.BytesIO(data.getvalue())}


class Services(Access):
    """Services of which only S3 is there; a role is its own credentials."""

    def client(self, _service: str) -> Any:
        return Bucket()

    def credentials(self, role_arn: str) -> dict[str, str]:
        return {**CREDENTIALS, "AWS_ACCESS_KEY_ID": role_arn.rpartition("/")[2]}


def function(folder: Path, timeout: float = 30) -> Process:
    properties = {
        "Code": {"S3Bucket": "assets", "S3Key": "Lottery/0a1b.zip"},
        "Handler": "code.index.handler",
        "Role": "arn:aws:iam::000000000000:role/OnEvent",
        "Environment": {"Variables": {"TIMEOUT_SECONDS": "1200"}},
        "Timeout": timeout,
    }
    deployed = Deployed(logical_id="OnEvent", type="AWS::Lambda::Function", properties=properties, name="on-event")
    services = Services({"*": "http://127.0.0.1:1", "logs": "http://127.0.0.1:2", "cloudformation": "http://[::1]:3"})
    rehearsal: Any = SimpleNamespace(access=services, folder=folder)
    return Process(deployed, rehearsal, folder / "on-event.log")


def test_a_function_runs_with_its_code_its_variables_and_its_role_and_stays_warm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with function(tmp_path) as process:
        first, second = process.call({"RequestType": "Create"}), process.call({})
    environment = first["environment"]
    assert (first["calls"], second["calls"], first["event"]) == (1, 2, {"RequestType": "Create"})
    assert environment["AWS_ACCESS_KEY_ID"] == "OnEvent"
    assert environment["TIMEOUT_SECONDS"] == "1200"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] == "http://127.0.0.1:2"
    assert environment["AWS_ENDPOINT_URL_CLOUDFORMATION"] == "http://[::1]:3"
    assert not {"AWS_PROFILE", "PYTHONPATH"} & set(environment)
    assert (tmp_path / "on-event.log").read_text().count("this is in the log") == 2


def test_what_a_function_raises_is_told_and_its_stack_trace_is_in_the_log(tmp_path: Path) -> None:
    with function(tmp_path) as process:
        with pytest.raises(FunctionError, match=r"^the rate must be a number\n\(got 'many'\)$") as failed:
            process.call({"fail": True})
        assert failed.value.kind == "ValueError"
        assert process.call({})["calls"] == 2
    assert "Traceback" in (tmp_path / "on-event.log").read_text()


def test_a_function_that_takes_longer_than_it_may_is_ended(tmp_path: Path) -> None:
    begun = time.monotonic()
    with (
        function(tmp_path, timeout=0.5) as process,
        pytest.raises(FunctionError, match=r"Task timed out after 0.50 seconds"),
    ):
        process.call({"sleep": 60})
    assert time.monotonic() - begun < 30


def test_a_function_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    with function(tmp_path) as process:
        popen = process._popen
        assert popen is not None
        assert popen.poll() is None
    assert popen.poll() is not None
