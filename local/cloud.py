"""The managed service on this machine by itself: its control plane, and the S3 and the logs that it uses."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

from local.process import Process, uninterrupted
from local.runs import new_folder, note_processes, remove_bulk
from local.services.managed_flink import DEFAULT_PORT
from local.services.managed_flink.clock import RunningClock
from local.services.managed_flink.control_plane import ControlPlane
from local.services.managed_flink.flink_engine import FlinkEngine
from local.services.managed_flink.server import Server
from local.services.registry import client_errors
from local.services.s3 import S3Service
from local.services.service import CREDENTIALS
from local.template import PSEUDO_PARAMETERS, Template
from local.terminal import console
from stacks.project import ROOT


class Cloud:
    """The service and what it needs; a context manager that leaves nothing behind.

    The address of S3 is that of the logs, too: one emulator has both.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = DEFAULT_PORT,
        speed: float = 1.0,
        endpoints: Mapping[str, str] | None = None,
        detached: bool = False,
        **engine_options: Any,  # noqa: ANN401 - those of the engine
    ) -> None:
        """Prepare it; nothing is started yet.

        Args:
            folder: Where all files go.
            port: The port that the control plane prefers.
            speed: How many times as fast the service's time passes.
            endpoints: Addresses of AWS services, by their ids, that the jobs shall use besides.
            detached: Whether nobody waits for it, so that ``stop`` ends it.
            engine_options: What the engine takes besides.

        """
        self.folder = folder
        self.s3 = S3Service(Template({"Resources": {}}), folder / "s3")
        #: Processes of others, which ``stop`` ends as well.
        self.others: list[Process] = []
        self._port, self._speed, self._endpoints = port, speed, endpoints or {}
        self._detached, self._engine_options = detached, engine_options
        self._jobs: Callable[[], list[Process]] = list

    def __enter__(self) -> Self:
        """Start it, and wait until it answers."""
        with ExitStack() as stack:
            stack.callback(self._end)
            self.s3.launch()
            self.note()
            clock = RunningClock(self._speed)
            self.engine = FlinkEngine(
                self.folder,
                clock,
                self.s3.client,
                self._client("logs"),
                endpoints={**self.s3.aws_endpoints, **self._endpoints},
                flink_options=self.s3.flink_options,
                plugins=self.s3.plugins,
                started=self.note,
                **self._engine_options,
            )
            stack.callback(self.engine.close)
            self._jobs = lambda: self.engine.processes
            region, account = PSEUDO_PARAMETERS["AWS::Region"], PSEUDO_PARAMETERS["AWS::AccountId"]
            self.control_plane = ControlPlane(self.engine, clock, region=region, account=account)
            self.s3.create_resources()
            self.server = stack.enter_context(Server(self.control_plane, self._port))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End all of it."""
        with uninterrupted():
            self._stack.close()

    def note(self) -> None:
        """Write down what has been started."""
        processes = [self.s3.process, *self.others, *self._jobs()]
        note_processes(self.folder, processes, detached=self._detached)

    def _end(self) -> None:
        self.s3.process.kill()
        remove_bulk(self.folder)

    def _client(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.s3.address,
            region_name=PSEUDO_PARAMETERS["AWS::Region"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"mode": "standard", "max_attempts": 5}),
        )


def run(port: int, speed: float) -> None:
    """Run the service until it is interrupted.

    Args:
        port: The port that the control plane prefers.
        speed: How many times as fast its time passes.

    Raises:
        RunError: where it does not start.

    """
    folder = new_folder("cloud")
    with ExitStack() as stack:
        with client_errors(), console.status("starting the control plane and S3"):
            cloud = stack.enter_context(Cloud(folder, port=port, speed=speed))
        example = f"aws kinesisanalyticsv2 list-applications --endpoint-url {cloud.server.address}"
        for line in (
            f"control plane (kinesisanalyticsv2): {cloud.server.address}",
            f"S3, logs: {cloud.s3.address}",
            f"files: {folder.relative_to(ROOT)}",
            f"for example: {example} --region {PSEUDO_PARAMETERS['AWS::Region']}",
            "Ctrl-C ends it",
        ):
            console.print(line, soft_wrap=True, markup=False)
        with suppress(KeyboardInterrupt):
            while True:  # a signal that another thread gets does not end a wait: the next round sees it
                time.sleep(0.2)
    console.print("everything that was started has been stopped")
