"""The commands against a control plane in memory, and the emulators of CloudWatch and of its logs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from local.deploy.api import respond
from local.deploy.stack import RECORD, STACK_TYPE
from local.process import free_port
from local.services.managed_flink.clock import StandingClock
from local.services.managed_flink.server import Server
from ops.cli import app
from tests.managed_flink import ACCOUNT, REGION, Stage

GROUP, STREAM = "/flink/lottery", "log"
#: What gives an application its log.
LOG = [{"LogStreamARN": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:log-stream:{STREAM}"}]


@dataclass(frozen=True)
class Answer:
    """How a command has ended, and what it has said."""

    status: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """Where the commands are given, and the service that they reach."""

    stage: Stage
    emulator: str
    stacks: Path

    def ops(self, *arguments: str) -> Answer:
        """Give a command."""
        result = CliRunner().invoke(app, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, " ".join(result.stderr.split()))

    def refused(self, *arguments: str) -> str:
        """The one line that a command is refused with, which has changed nothing."""
        before = self.calls_that_change
        answer = self.ops(*arguments)
        assert (answer.status, self.calls_that_change) == (2, before), answer
        return answer.error

    @property
    def calls_that_change(self) -> list[str]:
        reading = ("Describe", "List")
        return [call.operation for call in self.stage.plane.calls if not call.operation.startswith(reading)]

    def has_stack(self, name: str, **applications: str) -> None:
        """Have a stack with applications, by their logical ids."""
        kind = "AWS::KinesisAnalyticsV2::Application"
        record = {
            "id": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1",
            "name": name,
            "resources": {
                logical: {"type": kind, "physical_id": physical, "status": "CREATE_COMPLETE"}
                for logical, physical in applications.items()
            },
            "events": [{"type": STACK_TYPE, "at": "2025-03-01T12:00:00Z"}],
        }
        (self.stacks / name).mkdir()
        (self.stacks / name / RECORD).write_text(json.dumps(record))

    def client(self, service: str) -> Any:
        """A client of an emulator."""
        return boto3.client(service, endpoint_url=self.emulator, region_name=REGION)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    port = free_port()
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def stacks(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """The folder with the records of rehearsed stacks, and the address at which CloudFormation is asked for them."""
    port = free_port()

    @Request.application
    def answer(request: Request) -> Response:
        return respond(request, tmp_path)

    server = make_server("127.0.0.1", port, answer)
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    yield tmp_path, f"http://127.0.0.1:{port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def desk(emulator: str, stacks: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    stage = Stage(clock=StandingClock(datetime.now(UTC) - timedelta(hours=1)))
    with Server(stage.plane, free_port()) as server:
        for name, value in {
            "AWS_ENDPOINT_URL": emulator,
            "AWS_ENDPOINT_URL_KINESIS_ANALYTICS_V2": server.address,
            "AWS_ENDPOINT_URL_CLOUDFORMATION": stacks[1],
            "AWS_ACCESS_KEY_ID": "AKIAOPERATOR",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "COLUMNS": "200",
        }.items():
            monkeypatch.setenv(name, value)
        # While a command waits, the service's time passes.
        monkeypatch.setattr("ops.operations.time.sleep", lambda _: stage.passes())
        desk = Desk(stage, emulator, stacks[0])
        logs = desk.client("logs")
        yield desk
        for group in logs.describe_log_groups()["logGroups"]:
            logs.delete_log_group(logGroupName=group["logGroupName"])
