"""The calls of a template's functions: their handlers are run as CloudFormation has them run at a deployment.

They are created, changed and deleted, with the values and under the roles of the template. The applications are those
of the local control plane, whose jobs are in memory; the domain and CloudFormation say what the handlers want to hear.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from unittest.mock import patch
from urllib.parse import parse_qs

import boto3
import requests
from moto.server import ThreadedMotoServer

from flink_constructs.lifecycle_handler import before_update, index, scheduled
from flink_constructs.lifecycle_handler.application import LifecycleError
from flink_constructs.lifecycle_handler.before_update import KEPT
from flink_constructs.search_handler import index as search
from local.permissions.names import named
from local.permissions.recorder import Call, Recorder
from local.permissions.roles import credentials
from local.process import free_port
from local.services.managed_flink.clock import StandingClock
from local.services.managed_flink.control_plane import ControlPlane
from local.services.managed_flink.memory_engine import TRANSITION, MemoryEngine
from local.services.managed_flink.server import Server
from local.synth import APPLICATION_TYPE
from local.template import PSEUDO_PARAMETERS, AttributeResolver, Resource, Template

LIFECYCLE, BEFORE_UPDATE = "Custom::FlinkApplicationLifecycle", before_update.RESOURCE_TYPE
SEARCH = "Custom::OpenSearch"
POLL = timedelta(seconds=15)
REGION, ACCOUNT = PSEUDO_PARAMETERS["AWS::Region"], PSEUDO_PARAMETERS["AWS::AccountId"]


class AnswersServer(ThreadingHTTPServer):
    """A server of the class below."""

    #: The physical ids of what the stack has.
    created: dict[str, str]


class Answers(BaseHTTPRequestHandler):
    """CloudFormation with one stack, and a domain that takes everything."""

    protocol_version = "HTTP/1.1"
    server: AnswersServer

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace"))
        operation = form.get("Action", [""])[0]
        if operation == "DescribeStacks":
            described = "<StackName>s</StackName><StackStatus>UPDATE_IN_PROGRESS</StackStatus>"
            self._say(200, _xml(operation, f"<Stacks><member>{described}</member></Stacks>"))
        elif operation == "DescribeStackResource":
            found = self.server.created.get(form["LogicalResourceId"][0])
            if found is None:
                self._say(400, "<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>")
                return
            detail = f"<StackResourceDetail><PhysicalResourceId>{found}</PhysicalResourceId></StackResourceDetail>"
            self._say(200, _xml(operation, detail))
        else:
            self._say(200, json.dumps({"success": True}))

    do_PUT = do_DELETE = do_POST  # noqa: N815 - the base class's names

    def log_message(self, *_: object) -> None:
        pass

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


def _xml(operation: str, result: str) -> str:
    return f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"


@dataclass
class Deployment:
    """The template's functions at work: a context manager."""

    template: Template
    attribute: AttributeResolver = named
    recorder: Recorder = field(default_factory=Recorder)
    clock: StandingClock = field(default_factory=lambda: StandingClock(datetime.now(UTC)))
    _stack: ExitStack = field(default_factory=ExitStack)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        engine = MemoryEngine(self.clock)
        self.plane = ControlPlane(engine, self.clock, region=REGION, account=ACCOUNT)
        self._stack.enter_context(self.recorder)
        plane = self._stack.enter_context(Server(self.plane, free_port()))
        moto = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
        moto.start()
        self._stack.callback(moto.stop)
        server = AnswersServer(("127.0.0.1", 0), Answers)
        self.created = server.created = {}
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)
        others = f"http://127.0.0.1:{server.server_port}"
        self.addresses = {
            "kinesisanalyticsv2": self.recorder.before(plane.address),
            "logs": self.recorder.before(f"http://127.0.0.1:{moto._port}"),
            "cloudformation": self.recorder.before(others),
        }
        domains = self.template.of_type("AWS::OpenSearchService::Domain")
        self.domain = self.recorder.before(others, target=self.attribute(domains[0], "Arn")) if domains else ""
        logs: Any = boto3.client(  # type: ignore[call-overload]
            "logs", endpoint_url=f"http://127.0.0.1:{moto._port}", region_name=REGION, **_keys("nobody")
        )
        requests.post(f"http://127.0.0.1:{moto._port}/moto-api/reset", timeout=30)
        for stream in self.template.of_type("AWS::Logs::LogStream"):
            properties = self.resolved(stream.properties)
            logs.create_log_group(logGroupName=properties["LogGroupName"])
            logs.create_log_stream(logGroupName=properties["LogGroupName"], logStreamName=stream.logical_id)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def resolved(self, value: Any) -> Any:
        return self.template.resolve(value, self.attribute)

    def happens(self) -> None:
        """Create everything, change it, and delete it."""
        for resource in self.template.resources.values():
            if resource.type.startswith(SEARCH):
                self._objects(resource)
        for resource in self.template.of_type(APPLICATION_TYPE):
            self._application(resource)

    # The domain's objects.

    def _objects(self, resource: Resource) -> None:
        properties = {**self.resolved(resource.properties), "Endpoint": self.domain}
        event = {"LogicalResourceId": resource.logical_id, "ResourceProperties": properties}
        with self._as(self._function(resource)):
            made = search.on_event({**event, "RequestType": "Create"}, None)
            search.on_event({**event, "RequestType": "Delete", **made}, None)

    # The applications.

    def _application(self, resource: Resource) -> None:
        name = resource.logical_id
        lifecycle = self._of(LIFECYCLE, "ApplicationName", name)
        before = self._of(BEFORE_UPDATE, "ApplicationLogicalId", name)
        self._until_complete(before, "Create")
        self._create(resource)
        self.created[name] = name
        self._until_complete(lifecycle, "Create")
        if self.plane.applications[name].status == "READY":  # whoever starts it does so by hand
            self.plane.call("StartApplication", {"ApplicationName": name})
        for _ in range(KEPT + 1):
            self._pass(TRANSITION)
            self._until_complete(before, "Update")
        self._update(name)
        self._until_complete(lifecycle, "Update")
        for schedule in self.template.of_type("AWS::Scheduler::Schedule"):
            self._scheduled(schedule, name)
        self._fails(lifecycle, name)
        self._pass(TRANSITION)
        if self.plane.applications[name].status == "READY":
            self.plane.call("StartApplication", {"ApplicationName": name})
            self._pass(TRANSITION)
        self._until_complete(lifecycle, "Delete")

    def _create(self, resource: Resource) -> None:
        properties = self.resolved(resource.properties)
        configuration = properties["ApplicationConfiguration"]
        for one in configuration.get("VpcConfigurations", []):  # nothing depends on their names
            one["SubnetIds"], one["SecurityGroupIds"] = ["subnet-1"], ["sg-1"]
        self.plane.call(
            "CreateApplication",
            {
                "ApplicationName": resource.logical_id,
                "RuntimeEnvironment": properties["RuntimeEnvironment"],
                "ServiceExecutionRole": properties["ServiceExecutionRole"],
                "ApplicationConfiguration": configuration,
            },
        )

    def _update(self, name: str) -> None:
        version = self.plane.applications[name].version.number
        self.plane.call("UpdateApplication", {"ApplicationName": name, "CurrentApplicationVersionId": version})

    def _fails(self, lifecycle: Resource, name: str) -> None:
        """Have a start fail: its root cause is looked for."""
        engine = cast(MemoryEngine, self.plane.engine)
        self._pass(TRANSITION)
        self.plane.call("StopApplication", {"ApplicationName": name})
        self._pass(TRANSITION)
        engine.start_errors = ["no module named job"]
        with suppress(LifecycleError):
            self._until_complete(lifecycle, "Update")
        engine.start_errors = []

    def _scheduled(self, schedule: Resource, name: str) -> None:
        function = self._referred(schedule.properties["Target"]["Arn"])
        if self.resolved(function.properties["Environment"])["Variables"]["APPLICATION_NAME"] != name:
            return
        keep = int(function.properties["Environment"]["Variables"]["KEEP"])
        with (
            self._as(function),
            patch.object(scheduled, "client", lambda: self._client("kinesisanalyticsv2", function)),
        ):
            for _ in range(keep + 2):
                scheduled.on_schedule({"time": self.clock.time.isoformat()}, None)
                self._pass(timedelta(hours=1))

    def _until_complete(self, resource: Resource, kind: str) -> None:
        function = self._function(resource, "is_complete")
        clients = index.Clients(*(self._client(service, function) for service in self.addresses))
        name = self.resolved(resource.properties).get("ApplicationName", resource.logical_id)
        event = {
            "RequestType": kind,
            "ResourceType": resource.type,
            "StackId": PSEUDO_PARAMETERS["AWS::StackId"],
            "LogicalResourceId": resource.logical_id,
            "PhysicalResourceId": name,
            "ResourceProperties": self.resolved(resource.properties),
        }
        with self._as(function), self._time(), patch.object(index, "clients", lambda: clients):
            event |= index.on_event(event, None) | {"Since": self.clock.time.timestamp()}
            while not index.is_complete(event, None)["IsComplete"]:
                self._pass(POLL)

    def _client(self, service: str, function: Resource) -> Any:
        keys = _keys(self.resolved(function.properties["Role"]))
        if (service, keys["aws_access_key_id"]) not in self._clients:
            made = boto3.client(service, endpoint_url=self.addresses[service], region_name=REGION, **keys)  # type: ignore[call-overload]
            self._clients[service, keys["aws_access_key_id"]] = made
        return self._clients[service, keys["aws_access_key_id"]]

    def _pass(self, time: timedelta) -> None:
        self.clock.advance(time)
        self.plane.settle()

    @contextmanager
    def _time(self) -> Iterator[None]:
        clock = self.clock

        class Standing(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:  # noqa: ARG003 - always UTC
                return cast(Self, clock.time)

        with patch.object(index, "datetime", Standing):
            yield

    @contextmanager
    def _as(self, function: Resource) -> Iterator[None]:
        """Be a function: its variables, and the credentials of its role."""
        variables = self.resolved(function.properties.get("Environment", {})).get("Variables", {})
        role = credentials(self.resolved(function.properties["Role"]))
        with patch.dict("os.environ", {**variables, **role, "AWS_REGION": REGION}):
            yield

    # What the template says.

    def _of(self, resource_type: str, property_name: str, value: str) -> Resource:
        found = [
            one for one in self.template.of_type(resource_type) if self.resolved(one.properties[property_name]) == value
        ]
        assert len(found) == 1, (resource_type, property_name, value, found)
        return found[0]

    def _function(self, resource: Resource, entry: str = "on_event") -> Resource:
        """The function that the provider framework of a custom resource calls."""
        framework = self._referred(resource.properties["ServiceToken"])
        variables = framework.properties["Environment"]["Variables"]
        variable = "USER_ON_EVENT_FUNCTION_ARN" if entry == "on_event" else "USER_IS_COMPLETE_FUNCTION_ARN"
        return self._referred(variables[variable])

    def _referred(self, arn: Mapping[str, Any]) -> Resource:
        return self.template.resources[arn["Fn::GetAtt"][0]]


def _keys(role: str) -> dict[str, str]:
    return {name.lower(): value for name, value in credentials(role).items()}


def handler_calls(template: Template, attribute: AttributeResolver = named) -> frozenset[Call]:
    """The calls of all functions of a template in the course of a deployment, a change and a deletion."""
    with Deployment(template, attribute) as deployment:
        deployment.happens()
    assert deployment.recorder.unknown == []
    return deployment.recorder.calls
