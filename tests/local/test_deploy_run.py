"""`python -m local deploy` and `destroy` as a user has them, on real servers: a stack and all that happens to it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from stacks.project import ROOT

pytestmark = pytest.mark.integration

SCENARIO = "data-generator"
#: The command line with folders of its own, so that nobody's rehearsal is disturbed. What follows ``--`` is a change of
#: the template, as somebody makes it who edits a property by hand.
COMMAND = """
import json, sys
from pathlib import Path
from local import runs
from local.cli import app
from local.deploy import commands
from local.synth import Assembly
from local.template import Template

runs.RUNS = commands.WORK = Path(sys.argv.pop(1))
change = json.loads(sys.argv.pop(1))
synthesize = commands.synthesize

def changed(*arguments):
    assembly = synthesize(*arguments)
    text = json.dumps(assembly.template.document)
    for before, after in change.items():
        assert before in text, before
        text = text.replace(before, after)
    return Assembly(assembly.folder, assembly.stack, Template(json.loads(text)))

commands.synthesize = changed
app()
"""
#: The job refuses the rate; the digest is that of another configuration, as the construct would write it.
BROKEN = {
    '"records.per.second": "20"': '"records.per.second": "many"',
    '"ConfigurationDigest": "': '"ConfigurationDigest": "0',
}
QUICK = ("-c", "data-generator.stable-for-seconds=2")


@dataclass
class Machine:
    """A folder in which the commands work, and clients of what they start."""

    folder: Path

    def start(self, *arguments: str, change: dict[str, str] | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(self.folder), json.dumps(change or {}), *arguments],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell has what it starts in the background ignore Ctrl-C, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *arguments: str, change: dict[str, str] | None = None, status: int = 0) -> tuple[str, str]:
        process = self.start(*arguments, change=change)
        output, complaints = process.communicate(timeout=600)
        assert process.returncode == status, (output[-3000:], complaints)
        return output, complaints

    def deploy(self, *options: str, change: dict[str, str] | None = None, status: int = 0) -> tuple[str, str]:
        return self.run("deploy", SCENARIO, *options, change=change, status=status)

    @property
    def addresses(self) -> dict[str, Any]:
        (file,) = [file for file in self.folder.glob("*-rehearsal/rehearsal.json") if lives(file)]
        found: dict[str, Any] = json.loads(file.read_text())
        return found

    def client(self, service: str) -> Any:
        endpoints = self.addresses["endpoints"]
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=endpoints.get(service, endpoints["*"]),
            region_name="us-east-1",
            **{"aws_access_key_id": "any", "aws_secret_access_key": "any"},
        )

    @property
    def application(self) -> dict[str, Any]:
        (summary,) = self.client("kinesisanalyticsv2").list_applications()["ApplicationSummaries"]
        detail: dict[str, Any] = self.client("kinesisanalyticsv2").describe_application(
            ApplicationName=summary["ApplicationName"]
        )["ApplicationDetail"]
        return detail

    @property
    def rate(self) -> str:
        groups = self.application["ApplicationConfigurationDescription"]["EnvironmentPropertyDescriptions"]
        (group,) = [one for one in groups["PropertyGroupDescriptions"] if one["PropertyGroupId"] == "DataGen"]
        return str(group["PropertyMap"]["records.per.second"])

    def snapshots(self) -> list[str]:
        listed = self.client("kinesisanalyticsv2").list_application_snapshots(
            ApplicationName=self.application["ApplicationName"]
        )
        return [one["SnapshotName"] for one in listed["SnapshotSummaries"] if one["SnapshotStatus"] == "READY"]

    def records(self) -> int:
        """How many records the first shard of the latest stream holds."""
        client = self.client("kinesis")
        count = 0
        for name in client.list_streams()["StreamNames"]:
            for shard in client.list_shards(StreamName=name)["Shards"]:
                iterator = client.get_shard_iterator(
                    StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
                count += len(client.get_records(ShardIterator=iterator)["Records"])
        return count

    def status(self) -> str:
        return str(self.client("cloudformation").describe_stacks(StackName="DataGenerator")["Stacks"][0]["StackStatus"])


def lives(file: Path) -> bool:
    body = json.loads(file.read_text())
    try:
        process = psutil.Process(body["pid"])
        return abs(process.create_time() - body["created"]) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def of_folder(folder: Path) -> list[psutil.Process]:
    """The processes that know a folder."""
    return [one for one in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(one.info["cmdline"] or [])]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    machine = Machine(folder)
    yield machine
    machine.run("stop")
    assert of_folder(folder) == []


@pytest.fixture(scope="module")
def deployed(machine: Machine) -> str:
    """What a first deployment says, where another program has the port that it is told to take."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = machine.deploy("--port", str(port), "-c", "data-generator.records-per-second=10", *QUICK)[0]
    assert f"http://127.0.0.1:{port}" not in said
    return said


def test_a_deployment_ends_when_the_job_runs_and_tells_where_it_is(machine: Machine, deployed: str) -> None:
    assert re.search(r"CREATE_COMPLETE \| Custom::FlinkApplicationLifecycle", deployed)
    assert "CREATE_COMPLETE | Stack | DataGenerator" in deployed
    assert f"control plane (kinesisanalyticsv2): {machine.addresses['endpoints']['kinesisanalyticsv2']}" in deployed
    assert deployed.count("without a counterpart: AWS::Kinesis::Stream: ") == 1
    assert machine.application["ApplicationStatus"] == "RUNNING"
    assert machine.application["ApplicationName"] in deployed
    assert machine.rate == "10"
    deadline = time.monotonic() + 60
    while not machine.records():  # the job has begun, the first record may be on its way
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_changed_option_is_an_update_that_goes_on_from_a_snapshot(machine: Machine, deployed: str) -> None:
    assert deployed
    before = machine.application
    output, _ = machine.deploy("-c", "data-generator.records-per-second=20", *QUICK)
    assert "UPDATE_COMPLETE | AWS::KinesisAnalyticsV2::Application" in output
    assert "AWS::Kinesis::Stream | " not in output
    after = machine.application
    assert (after["ApplicationStatus"], machine.rate) == ("RUNNING", "20")
    assert after["ApplicationVersionId"] == before["ApplicationVersionId"] + 1
    assert any(name.startswith("before-update-") for name in machine.snapshots())
    run = after["ApplicationConfigurationDescription"]["RunConfigurationDescription"]
    assert run["ApplicationRestoreConfigurationDescription"] == {
        "ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"
    }
    output, _ = machine.deploy("-c", "data-generator.records-per-second=20", *QUICK)
    assert "DataGenerator is as the template says already: no changes" in output
    assert machine.application["ApplicationVersionId"] == after["ApplicationVersionId"]


def test_a_job_that_cannot_start_is_rolled_back_with_its_root_cause_and_the_old_one_runs(
    machine: Machine, deployed: str
) -> None:
    assert deployed
    output, complaints = machine.deploy("-c", "data-generator.records-per-second=20", *QUICK, change=BROKEN, status=1)
    cause = "records.per.second must be an integer from 1 to 1000000000 (got 'many')"
    (failed,) = [line for line in output.splitlines() if "UPDATE_FAILED" in line]
    assert "Custom::FlinkApplicationLifecycle" in failed
    assert cause in failed
    assert complaints.startswith("error: DataGenerator was rolled back: FlinkLifecycle")
    assert cause in complaints
    assert complaints.count("\n") == 1
    assert machine.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert (machine.application["ApplicationStatus"], machine.rate) == ("RUNNING", "20")


def test_every_call_of_jobs_and_functions_is_one_that_the_policies_allow(machine: Machine, deployed: str) -> None:
    """After a deployment, an update, and one that was rolled back."""
    assert deployed
    output, _ = machine.run("permissions", SCENARIO)
    calls = re.match(r"permissions: (\d+) calls, 0 refused\n", output)
    assert calls, output
    assert int(calls[1]) >= 9
    # More updates would delete old snapshots; the service itself stops what it rolls back.
    unused = set(re.findall(r"so far, \w+: (\S+) on", output))
    assert unused <= {"kinesisanalytics:DeleteApplicationSnapshot", "kinesisanalytics:StopApplication"}


def test_any_client_stops_the_application_with_a_snapshot_and_starts_it_from_that(
    machine: Machine, deployed: str
) -> None:
    assert deployed
    client, name = machine.client("kinesisanalyticsv2"), machine.application["ApplicationName"]
    before = set(machine.snapshots())
    client.stop_application(ApplicationName=name)
    wait_for(machine, "READY")
    (taken,) = set(machine.snapshots()) - before
    restore = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": taken}
    client.start_application(ApplicationName=name, RunConfiguration={"ApplicationRestoreConfiguration": restore})
    wait_for(machine, "RUNNING")


def test_a_deletion_leaves_what_is_retained_and_the_next_stack_stands_beside_it(
    machine: Machine, deployed: str
) -> None:
    assert deployed
    output, _ = machine.run("destroy", SCENARIO)
    retained = re.findall(r"^retained: (\S+)", output, re.MULTILINE)
    assert sorted(retained) == ["AWS::Kinesis::Stream", "AWS::Logs::LogGroup", "AWS::Logs::LogStream"]
    assert output.endswith("the servers go on; python -m local stop ends them\n")
    assert machine.client("kinesisanalyticsv2").list_applications()["ApplicationSummaries"] == []
    assert machine.client("iam").list_roles()["Roles"] == []
    assert machine.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    (group,) = machine.client("logs").describe_log_groups()["logGroups"]
    assert group["logGroupName"].startswith("DataGenerator-FlinkLogs")
    assert machine.records() > 0
    machine.deploy("-c", "data-generator.start=false")
    assert machine.application["ApplicationStatus"] == "READY"
    assert len(machine.client("kinesis").list_streams()["StreamNames"]) == 2
    machine.run("destroy", SCENARIO)


def test_a_second_deployment_at_once_is_refused_and_a_killed_one_is_ended_by_the_next(machine: Machine) -> None:
    process = machine.start("deploy", SCENARIO, "-c", "data-generator.start=false")
    try:
        assert process.stdout
        while "AWS::IAM::Role" not in process.stdout.readline():
            assert process.poll() is None
        _, complaints = machine.deploy(status=1)
        assert complaints == (
            "error: the stack DataGenerator is being changed by another process; wait until it has ended\n"
        )
    finally:
        process.kill()
        process.communicate()
    roles = len(machine.client("iam").list_roles()["Roles"])
    assert roles > 0
    output, _ = machine.deploy("-c", "data-generator.start=false")
    assert re.search(r"^the last change of DataGenerator was interrupted \(CREATE_IN_PROGRESS\)", output, re.MULTILINE)
    assert "ROLLBACK_COMPLETE | Stack | DataGenerator | the process that deployed it was killed" in output
    assert machine.application["ApplicationStatus"] == "READY"


def test_servers_that_were_killed_are_told_and_nothing_of_them_stays(machine: Machine) -> None:
    pid = machine.addresses["pid"]
    (noted,) = [json.loads(file.read_text()) for file in machine.folder.glob("*-rehearsal/processes.json")]
    os.kill(pid, signal.SIGKILL)
    _, complaints = machine.run("destroy", SCENARIO, status=2)
    assert complaints == (
        "error: SCENARIO must be one that is deployed here"
        " (got 'data-generator', stack DataGenerator: its servers had been killed; what they left has been stopped)\n"
    )
    for process in noted:
        assert not psutil.pid_exists(process["pid"]), process["name"]


def test_an_interruption_rolls_back_and_the_last_stack_takes_the_servers_along(machine: Machine) -> None:
    process = machine.start("deploy", SCENARIO, "-c", "data-generator.start=false")
    assert process.stdout
    while "AWS::IAM::Policy" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, complaints = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "ROLLBACK_COMPLETE | Stack | DataGenerator" in output
    assert re.fullmatch(r"error: DataGenerator was rolled back: (\w+: )?interrupted\n", complaints)
    assert not [file for file in machine.folder.glob("*-rehearsal/rehearsal.json") if lives(file)]
    assert of_folder(machine.folder) == []


def wait_for(machine: Machine, status: str) -> None:
    deadline = time.monotonic() + 240
    while machine.application["ApplicationStatus"] != status:
        assert time.monotonic() < deadline, machine.application["ApplicationStatus"]
        time.sleep(0.5)
