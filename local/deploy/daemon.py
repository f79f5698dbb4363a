"""The servers of all stacks that are rehearsed, as one process that outlives the commands.

``python -m local.deploy.daemon FOLDER PORT``; ``rehearsal`` starts it, and talks to it. Two servers
are there at once: the managed service with S3, logs and all that moto emulates, and Kinesis. Others come with the
resources that need them.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from local.cloud import Cloud
from local.deploy import api
from local.deploy.access import ANY, Access
from local.errors import RunError
from local.permissions.recorder import Call, Recorder
from local.permissions.requests import HttpRequest, Signature
from local.process import free_port, uninterrupted
from local.properties import local_groups
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.services.opensearch import OpenSearchService
from local.services.prometheus import PrometheusService
from local.services.registry import client_errors
from local.services.service import CREDENTIALS, Service
from local.template import Template

logger = logging.getLogger(__name__)

#: Written when everything answers: where it does.
ADDRESSES = "rehearsal.json"
#: The folder of the stacks.
STACKS = "stacks"
#: What is started for a resource.
KINDS: dict[str, type[Service]] = {
    service.title: service for service in (KafkaService, OpenSearchService, PrometheusService)
}
_FIRST_PORT = 4590


@dataclass
class Daemon:
    """The servers, and the address at which they are asked for more of them."""

    folder: Path
    port: int
    servers: dict[str, Service] = field(default_factory=dict)
    #: Notes who calls what; the control plane notes its own calls.
    recorder: Recorder = field(default_factory=lambda: Recorder(but=[CREDENTIALS["AWS_ACCESS_KEY_ID"]]))
    _ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Serve until it is told to end."""
        with ExitStack() as stack:
            stack.callback(self._end_servers)
            kinesis = KinesisService(Template({"Resources": {}}), self.folder / "kinesis")
            self.servers["Kinesis"] = kinesis
            stack.enter_context(self.recorder)
            kinesis.front = self.recorder.before(kinesis.address)
            kinesis.launch()
            endpoints = dict(kinesis.aws_endpoints)
            access = Access(endpoints)
            self.cloud = Cloud(
                self.folder,
                port=self.port,
                endpoints=kinesis.aws_endpoints,
                detached=True,
                credentials=access.credentials,
                localized=lambda groups: local_groups(groups, self.replacements),
            )
            self.cloud.others.append(kinesis.process)
            self.cloud.s3.front = self.recorder.before(self.cloud.s3.address)
            stack.enter_context(self.cloud)
            kinesis.create_resources()
            server = make_server(
                "127.0.0.1", free_port(_FIRST_PORT), self._application, threaded=True, request_handler=_Quiet
            )
            thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
            thread.start()
            stack.callback(server.shutdown)
            endpoints |= {
                ANY: self.cloud.s3.endpoint,
                "kinesisanalyticsv2": self.cloud.server.address,
                "cloudformation": f"http://127.0.0.1:{server.port}",
            }
            addresses = {
                "pid": os.getpid(),
                "created": psutil.Process().create_time(),
                "address": endpoints["cloudformation"],
                "endpoints": endpoints,
            }
            written = self.folder / f"{ADDRESSES}.new"
            written.write_text(json.dumps(addresses, indent=1))
            written.replace(self.folder / ADDRESSES)
            while not self._ended.wait(0.2):
                pass

    @property
    def replacements(self) -> dict[str, str]:
        """Texts that templates make of the servers' attributes, and what they are here instead."""
        return {text: here for server in self.servers.values() for text, here in server.replacements.items()}

    @property
    def calls(self) -> set[Call]:
        """What was called so far, by whomever."""
        return {
            *self.recorder.calls,
            *(
                Call(call.access_key_id, f"kinesisanalytics:{call.operation}", call.resource)
                for call in self.cloud.control_plane.calls.copy()
                if call.access_key_id
            ),
        }

    def _note(self, request: Request) -> None:
        """Note a call of CloudFormation."""
        sent = HttpRequest(
            method=request.method, target=request.full_path, headers=dict(request.headers), body=request.get_data()
        )
        if signature := Signature.of(sent):
            self.recorder.note(sent, signature, "")

    def _application(self, environ: dict[str, Any], start_response: Any) -> Any:  # noqa: ANN401 - WSGI
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path == "/":
            self._note(request)
            return api.respond(request, self.folder / STACKS)
        if request.path == "/end":
            self._ended.set()
            return Response(status=204)
        if request.path == "/calls":
            return _json({"calls": [vars(call) for call in sorted(self.calls)], "unknown": self.recorder.unknown})
        if request.path == "/replacements":
            return _json(self.replacements)
        name = request.path.removeprefix("/servers/")
        with self._lock:
            try:
                with client_errors():
                    return self._start(name, request.get_json()) if request.method == "PUT" else self._stop(name)
            except RunError as error:
                return _json({"error": str(error)}, 500)
            except Exception as error:
                logger.exception("%s %s failed", request.method, request.path)
                return _json({"error": repr(error)}, 500)

    def _start(self, name: str, body: dict[str, Any]) -> Response:
        server = KINDS[body["kind"]](Template({"Resources": body["resources"]}), self.folder / name.lower())
        if body["arn"]:
            server.front = self.recorder.before(server.address, target=body["arn"])
        self.servers[name] = server
        try:
            server.launch()
            self.cloud.others.append(server.process)
            self.cloud.note()
            server.create_resources()
        except BaseException:
            self._stop(name)
            raise
        told = {"address": server.endpoint, "server": server.address, "folder": str(server.folder)}
        return _json({**told, "pid": server.process.pid})

    def _stop(self, name: str) -> Response:
        server = self.servers.pop(name, None)
        if server is not None:
            server.process.kill()
            if server.process in self.cloud.others:
                self.cloud.others.remove(server.process)
            self.cloud.note()
        return Response(status=204)

    def _end_servers(self) -> None:
        with uninterrupted():
            for server in self.servers.values():
                server.process.kill()


class _Quiet(WSGIRequestHandler):
    """Logs no requests."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _json(body: Any, status: int = 200) -> Response:  # noqa: ANN401 - any JSON
    return Response(json.dumps(body), status=status, content_type="application/json")


def main() -> None:
    """Run the servers; what went wrong is the last line of the output."""

    def terminate(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the commands' that wait for it
    folder, port = sys.argv[1:]
    try:
        with client_errors():
            Daemon(Path(folder), int(port)).run()
    except RunError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
