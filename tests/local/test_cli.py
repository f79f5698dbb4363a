import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import scenarios
from flink_constructs.bundle import JobBundle
from local.cli import app
from local.flink.rest import Job
from local.permissions.names import named
from local.permissions.recorder import Recorder
from local.permissions.requests import HttpRequest, Signature
from local.scenarios import Outcome, Scenario, scenario_type
from local.template import Template
from stacks.project import ROOT, job_folder
from stacks.registry import stack_type

runner = CliRunner()


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_every_scenario_that_has_a_stack_can_be_run(name: str) -> None:
    assert stack_type(name).config_type.scenario == name
    assert issubclass(scenario_type(name), Scenario)


#: Takes long to import, and is of no use before a run begins.
CLIENTS = {"boto3", "confluent_kafka", "plotly", "pyarrow", "pyflink"}


def imported_by(code: str) -> set[str]:
    """The modules that some code imports, in a process of its own."""
    program = f"import sys; {code}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


def test_a_synthesis_imports_neither_flink_nor_the_clients_of_the_servers() -> None:
    """With every scenario's part of it: they are imported when their stack is made."""
    parts = [f"{room}.{scenarios.folder(name)}" for room in ("stacks", "dashboards") for name in scenarios.NAMES]
    assert imported_by(f"import app, {', '.join(parts)}").isdisjoint(CLIENTS)


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["run", "lotery"], ["deploy", "x"]])
def test_a_command_that_starts_nothing_imports_neither_flink_nor_the_clients(arguments: list[str]) -> None:
    code = f"from typer.testing import CliRunner; from local.cli import app; CliRunner().invoke(app, {arguments!r})"
    assert imported_by(code).isdisjoint({*CLIENTS, "aws_cdk"})


def test_a_run_imports_its_own_scenario_alone() -> None:
    modules = imported_by("import local.execute; local.execute.scenario_type('data-generator')")
    rooms = {f"local.scenarios.{scenarios.folder(name)}" for name in scenarios.NAMES}
    assert modules & rooms == {"local.scenarios.data_generator"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data-generatr"], "SCENARIO must be a known scenario (got 'data-generatr'); did you mean data-generator?"),
        (["data-generator", "-c", "x"], "-c must be KEY=VALUE (got 'x')"),
        (["data-generator", "--duration", "soon"], "--duration must be a time above 0 (got 'soon'); write"),
        (["data-generator", "--duration", "0s"], "--duration must be a time above 0 (got '0s')"),
        (["data-generator", "--duration", "5s", "--records", "5"], "--records, --duration and --interactive exclude"),
        (
            ["lottery", "--interactive", "--duration", "5s"],
            "--records, --duration and --interactive exclude each other",
        ),
        (
            ["streaming-etl", "--interactive"],
            "--interactive must be for a scenario that takes typed events (got 'streaming-etl'); known is lottery",
        ),
        (["lottery", "--permissions", "--keep"], "--permissions and --keep exclude each other: the recording ends"),
        (["data-generator", "--report", "/nowhere/r.json"], "--report must be a file in a folder that exists"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(arguments: list[str], message: str) -> None:
    result = runner.invoke(app, ["run", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["deploy", "lotery"], "SCENARIO must be a known scenario (got 'lotery'); did you mean lottery?"),
        (
            ["deploy", "lottery", "--port", "80"],
            "--port must be from 1024 to 65535 (got 80); leave it out for one that",
        ),
        (["deploy", "lottery", "-c", "x"], "-c must be KEY=VALUE (got 'x')"),
        (
            ["deploy", "lottery", "-c", "stage=../x"],
            "stage must be up to 20 small letters, digits and dashes (got '../x')",
        ),
        (["deploy", "lottery", "-c", "lottery.prizes=-1"], "lottery.prizes must be an integer"),
        (["destroy", "lotery"], "SCENARIO must be a known scenario (got 'lotery'); did you mean lottery?"),
        (
            ["destroy", "lottery", "-c", "stage=load"],
            "SCENARIO must be one that is deployed here (got 'lottery', stack Lottery-load: nothing has deployed it)",
        ),
    ],
)
def test_a_wrong_deployment_is_one_line_and_starts_nothing(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.runs.RUNS", tmp_path / "runs")
    monkeypatch.setattr("local.deploy.commands.WORK", tmp_path / "work")
    result = runner.invoke(app, arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.glob("runs/*"))
    assert not list(tmp_path.glob("work/*.cdk.out"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("records-per-second=0", "data-generator.records-per-second must be an integer from 1 to 1000000000 (got '0')"),
        ("record-per-second=5", "did you mean records-per-second?"),
        ("parallelism=65", "parallelism must fit into 64 KPUs of 1"),
    ],
)
def test_a_wrong_context_is_refused_before_anything_starts(override: str, message: str) -> None:
    """Through the process, as a user sees it: without the virtual environment on the PATH, from the synthesis."""
    result = subprocess.run(
        [sys.executable, "-m", "local", "run", "data-generator", "-c", f"data-generator.{override}", "--records", "1"],
        cwd=ROOT,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2, result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.strip().count("\n") == 0


def test_help_teaches_every_command_and_option() -> None:
    help_text = runner.invoke(app, ["--help"]).stdout
    assert all(command in help_text for command in ("run", "deploy", "destroy", "stop", "setup"))
    run_help = re.sub(r"\x1b\[[0-9;]*m", "", runner.invoke(app, ["run", "--help"]).stdout)
    assert all(
        option in run_help
        for option in ("--records", "--duration", "--interactive", "--keep", "--report", "--context", "--permissions")
    )


def test_setup_builds_the_bundle_of_each_module_that_is_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    def note(bundle: JobBundle) -> Path:
        built.append(bundle.jar.module)
        return bundle.main

    monkeypatch.setattr(JobBundle, "build", note)
    monkeypatch.setattr("local.services.registry.SERVICES", ())
    assert runner.invoke(app, ["setup"]).exit_code == 0
    modules = re.findall(r"<module>(.*)</module>", (ROOT / "flink_apps" / "pom.xml").read_text(encoding="utf-8"))
    assert sorted(built) == sorted(module for module in modules if not module.startswith("connectors/"))
    assert {job_folder(scenario) for scenario in scenarios.NAMES} < set(built)


def test_stop_says_when_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.runs.RUNS", tmp_path)
    assert "nothing was running" in runner.invoke(app, ["stop"]).stdout


# The page of a run.

PAGE_ADDRESS = "http://127.0.0.1:8000/page.html"


class WithPage(Scenario):
    """A scenario that draws a page."""

    def records_so_far(self, job: Job) -> int:  # noqa: ARG002 - there is no job
        return 1

    def outcome(self, job: Job) -> Outcome:  # noqa: ARG002 - as above
        return Outcome(records_in=1, records_out={})

    def page(self) -> Path | None:
        path = self.run.folder / "page.html"
        path.write_text("<h1>a map</h1>", encoding="utf-8")
        return path


class WithoutPage(WithPage):
    """A scenario that draws none."""

    def page(self) -> None:
        return None


@dataclass
class FakeRun:
    """A run that starts nothing, and serves a page by telling an address."""

    folder: Path
    keep: bool
    served: list[Path] = field(default_factory=list)
    services: tuple[()] = ()
    clusters: dict[str, Any] = field(default_factory=dict)
    cluster: Any = field(default_factory=lambda: SimpleNamespace(spec=SimpleNamespace(parallelism=1)))
    assembly: Any = None
    attribute: Any = field(default=named)

    def start(self) -> None:
        """Nothing is there to start."""

    def submit(self, *, once: bool) -> None:
        """Nothing is there to submit to."""

    def stop_job(self, _job: None, *, drain: bool) -> None:
        """Nothing is there to stop."""

    def serve(self, page: Path) -> str:
        self.served.append(page)
        return PAGE_ADDRESS


@dataclass
class Command:
    """``local run`` without servers, in a folder of its own."""

    folder: Path
    runs: list[FakeRun] = field(default_factory=list)

    def local_run(
        self, _assembly: object, folder: Path, *, keep: bool, **_more: Any
    ) -> AbstractContextManager[FakeRun]:
        self.runs.append(FakeRun(folder, keep))
        return nullcontext(self.runs[-1])

    def told(self, scenario: type[Scenario], *options: str) -> list[str]:
        """What the command writes of pages, without the word before each."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("local.execute.scenario_type", lambda _name: scenario)
            result = runner.invoke(app, ["run", "taxi-analytics", "--records", "1", *options])
        assert result.exit_code == 0, result.output
        return [line.removeprefix("page: ") for line in result.stdout.splitlines() if line.startswith("page: ")]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    made = Command(tmp_path)
    (tmp_path / "run").mkdir()
    for name, stand_in in {
        "ROOT": tmp_path,
        "new_folder": lambda _scenario: tmp_path / "run",
        "synthesize": lambda *_: None,
        "LocalRun": made.local_run,
        "feed": lambda *_: 1.0,
        "drain": lambda *_: None,
    }.items():
        monkeypatch.setattr(f"local.execute.{name}", stand_in)
    return made


def test_a_page_is_told_by_its_file_in_the_runs_folder(command: Command) -> None:
    assert command.told(WithPage) == [(command.folder / "run" / "page.html").as_uri()]


@pytest.mark.parametrize("options", [(), ("--report", "figures.json")])
def test_a_page_is_found_also_where_the_run_went_through_a_link_to_its_folder(
    command: Command, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    link = command.folder / "link"
    link.symlink_to(command.folder / "run")

    @contextmanager
    def local_run(_assembly: object, _folder: Path, *, keep: bool, **_more: Any) -> Iterator[FakeRun]:
        yield FakeRun(link, keep)
        link.unlink()

    monkeypatch.chdir(command.folder)
    monkeypatch.setattr("local.execute.LocalRun", local_run)
    page = command.folder / ("figures.html" if options else "run/page.html")
    assert command.told(WithPage, *options) == [page.as_uri()]
    assert page.read_text(encoding="utf-8") == "<h1>a map</h1>"


def test_a_page_is_copied_beside_the_report_and_told_there(command: Command) -> None:
    told = command.told(WithPage, "--report", str(command.folder / "figures.json"))
    beside = command.folder / "figures.html"
    assert told == [beside.as_uri()]
    assert beside.read_text(encoding="utf-8") == "<h1>a map</h1>"


def test_the_page_of_a_kept_run_is_served(command: Command) -> None:
    assert command.told(WithPage, "--keep") == [PAGE_ADDRESS]
    assert [run.served for run in command.runs] == [[command.folder / "run" / "page.html"]]


def test_the_page_of_a_kept_run_is_copied_beside_the_report_too(command: Command) -> None:
    assert command.told(WithPage, "--keep", "--report", str(command.folder / "figures.json")) == [PAGE_ADDRESS]
    assert (command.folder / "figures.html").read_text(encoding="utf-8") == "<h1>a map</h1>"


def test_the_page_of_a_run_that_ends_is_not_served(command: Command) -> None:
    command.told(WithPage)
    assert [run.served for run in command.runs] == [[]]


def test_a_scenario_without_a_page_tells_of_none(command: Command) -> None:
    assert command.told(WithoutPage, "--keep", "--report", str(command.folder / "figures.json")) == []
    assert not (command.folder / "figures.html").exists()


# The permissions of a run's jobs.


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(("action", "status"), [("PutRecords", 0), ("DeleteStream", 1)])
def test_what_the_jobs_call_is_told_and_a_call_that_is_not_allowed_is_an_error(
    monkeypatch: pytest.MonkeyPatch, action: str, status: int
) -> None:
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/Clicks"
    actions = ["kinesis:PutRecords", "kinesis:ListShards"]
    policy = {"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": actions, "Resource": arn}}}
    trust = {"Statement": {"Principal": {"Service": "kinesisanalytics.amazonaws.com"}}}
    role = {"AssumeRolePolicyDocument": trust, "Policies": [policy]}
    template = Template({"Resources": {"Job": {"Type": "AWS::IAM::Role", "Properties": role}}})

    def local_run(
        _assembly: object, folder: Path, *, keep: bool, recorder: Recorder
    ) -> AbstractContextManager[FakeRun]:
        body = json.dumps({"StreamARN": arn}).encode()
        request = HttpRequest(method="POST", target="/", headers={"X-Amz-Target": f"Kinesis.{action}"}, body=body)
        recorder.note(request, Signature("Job", "us-east-1", "kinesis"), "")
        return nullcontext(FakeRun(folder, keep, assembly=SimpleNamespace(template=template)))

    monkeypatch.setattr("local.execute.LocalRun", local_run)
    monkeypatch.setattr("local.execute.scenario_type", lambda _name: WithoutPage)
    result = runner.invoke(app, ["run", "taxi-analytics", "--records", "1", "--permissions"])
    assert result.exit_code == status, result.output
    assert f"permissions: 1 calls, {status} refused\n" in result.stdout
    assert f"so far, Job: kinesis:ListShards on {arn} must be used by a call (got none)" in result.stdout
    if status:
        assert f"Job must be allowed kinesis:DeleteStream on {arn} (got no statement)\n" in result.stdout
        assert result.stderr == "error: the template's policies must allow all calls (got 1 that they refuse)\n"
