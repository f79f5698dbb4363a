"""One local run: from the template to the servers, the clusters and the job."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from flink_apps.common.aws import ENDPOINTS_GROUP
from local.errors import RunError
from local.flink.cluster import ClusterSpec, FlinkCluster
from local.flink.rest import Job
from local.flink.savepoints import OPERATORS, Origin
from local.permissions.names import named
from local.permissions.roles import credentials
from local.plain import plain
from local.process import Process, free_port, listening, uninterrupted
from local.properties import local_groups
from local.runs import note_processes, remove_bulk
from local.services.registry import SERVICES
from local.services.service import CREDENTIALS, Service
from local.synth import MAIN_APPLICATION, Assembly
from local.template import Resource

if TYPE_CHECKING:
    from local.permissions.recorder import Recorder

#: The port that the scenario's own cluster prefers; the next one takes the next.
FIRST_REST_PORT = 8081
#: The port that the page of a kept run prefers.
FIRST_PAGE_PORT = 8000
S = TypeVar("S", bound=Service)


@dataclass
class LocalRun:
    """The servers, and a cluster for each application; a context manager that leaves nothing behind, unless told to."""

    assembly: Assembly
    folder: Path
    keep: bool = False
    #: Notes what the jobs call; the run's own clients go past it.
    recorder: Recorder | None = None
    pages: Process | None = field(default=None, init=False)
    services: list[Service] = field(init=False)
    clusters: dict[str, FlinkCluster] = field(init=False)

    def __post_init__(self) -> None:
        """Choose the services that the template needs, and the clusters that it describes."""
        self.folder = plain(self.folder)
        template = self.assembly.template
        self.services = [
            service(template, self.folder / service.title.lower())
            for service in SERVICES
            if template.of_type(service.resource_types[0])
        ]
        if self.recorder:
            for service in self.services:
                if service.address.startswith("http://"):
                    service.front = self.recorder.before(service.address, target=service.target)
        self.clusters = {
            name: FlinkCluster(
                spec=ClusterSpec.from_configuration(template.resolve(application.flink_configuration, self._attribute)),
                folder=self.folder / name.lower(),
                name=name,
                rest_port=FIRST_REST_PORT + number,
                flink_options={
                    option: value for service in self.services for option, value in service.flink_options.items()
                },
                plugins=[plugin for service in self.services for plugin in service.plugins],
                credentials=credentials(template.resolve(application.role, self.attribute))
                if application.role
                else CREDENTIALS,
            )
            for number, (name, application) in enumerate(self.assembly.applications().items())
        }

    def __enter__(self) -> Self:
        """Nothing is started yet: that is what the steps are for."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop everything, unless the run succeeded and is to be kept."""
        if self.keep and error is None:
            return
        with uninterrupted():
            for cluster in self.clusters.values():
                cluster.client.close()
            for process in self.processes:
                process.kill()
            remove_bulk(self.folder)

    @property
    def cluster(self) -> FlinkCluster:
        """The cluster of the scenario's own application."""
        return self.clusters[MAIN_APPLICATION]

    @property
    def processes(self) -> list[Process]:
        """Every process that the run may have started."""
        processes = []
        for service in self.services:
            with suppress(RunError):  # one that lacks what it needs has not been started
                processes.append(service.process)
        clusters = [process for cluster in self.clusters.values() for process in cluster.processes]
        return [*processes, *clusters, *([self.pages] if self.pages else [])]

    def start(self) -> None:
        """Start all servers at once, and create the template's resources in them."""
        for cluster in self.clusters.values():
            cluster.launch()
        for service in self.services:
            service.launch()
        note_processes(self.folder, self.processes)
        for service in self.services:
            service.create_resources()
        for cluster in self.clusters.values():
            cluster.wait()

    def submit(
        self,
        name: str = MAIN_APPLICATION,
        *,
        checkpoint: Path | None = None,
        allow_non_restored_state: bool = False,
        parallelism: int | None = None,
        once: bool = False,
    ) -> Job:
        """Submit an application with the template's property groups: see :meth:`FlinkCluster.submit`.

        Its bundle is unpacked the first time; what a test changes in the code stays.
        """
        return self.clusters[name].submit(
            self.unpacked_code(name),
            self.property_groups(name),
            checkpoint=checkpoint,
            allow_non_restored_state=allow_non_restored_state,
            parallelism=parallelism,
            once=once,
        )

    def code(self, name: str = MAIN_APPLICATION) -> Path:
        """The folder of an application's unpacked bundle."""
        return self.folder / "code" / name.lower()

    def unpacked_code(self, name: str = MAIN_APPLICATION) -> Path:
        """The same folder, with the bundle in it: it is unpacked the first time."""
        code = self.code(name)
        if not code.exists():
            self.assembly.unpack_code(code, name)
        return code

    def service(self, kind: type[S]) -> S:
        """The service of this kind, which the template must need."""
        (service,) = (service for service in self.services if isinstance(service, kind))
        return service

    def property_groups(self, name: str = MAIN_APPLICATION) -> dict[str, dict[str, str]]:
        """An application's property groups with local values: names, addresses, and no sign-in to the local broker."""
        declared = self.assembly.applications()[name].property_groups
        resolved: Sequence[Mapping[str, Any]] = self.assembly.template.resolve(declared, self._attribute)
        replacements = {text: here for service in self.services for text, here in service.replacements.items()}
        groups = local_groups(
            {
                group["PropertyGroupId"]: {key: str(value) for key, value in group["PropertyMap"].items()}
                for group in resolved
            },
            replacements,
        )
        endpoints = {name: address for service in self.services for name, address in service.aws_endpoints.items()}
        return {**groups, ENDPOINTS_GROUP: endpoints} if endpoints else groups

    def serve(self, page: Path) -> str:
        """Serve a page of the run's folder, as long as the run's other servers live; gives the address."""
        port = free_port(FIRST_PAGE_PORT)
        self.pages = Process(
            name="the page",
            command=[
                *(sys.executable, "-m", "http.server", str(port)),
                *("--bind", "127.0.0.1", "--directory", str(page.parent)),
            ],
            log=self.folder / "page.log",
        )
        self.pages.start()
        note_processes(self.folder, self.processes)
        self.pages.wait_until(lambda: listening(port))
        return f"http://127.0.0.1:{port}/{page.name}"

    def stop_job(self, job: Job, *, drain: bool = True, seconds: float = 120) -> None:
        """End the sources, let every sink commit, and wait until the job has finished.

        With ``drain`` the operators write what they still hold.

        Raises:
            RunError: where the job fails instead, or takes longer.

        """
        job.stopped(savepoint_folder=(self.folder / "savepoints").as_uri(), drain=drain, seconds=seconds)

    @property
    def latest_savepoint(self) -> Path:
        """The folder of the savepoint that a job was last stopped with."""
        return max((self.folder / "savepoints").iterdir(), key=lambda folder: folder.stat().st_mtime)

    def keep_savepoint(self, target: Path, origin: Origin) -> None:
        """Copy what the job was stopped with into a new folder, beside the list of its operators and its origin."""
        shutil.copytree(self.latest_savepoint, target)
        shutil.copyfile(self.cluster.operators, target / OPERATORS)
        origin.write(target)

    def attribute(self, resource: Resource, name: str) -> str:
        """The value of a resource's attribute as its local counterpart has it, or else as policies name it."""
        counterpart = self._counterpart(resource)
        return counterpart.attribute(resource, name) if counterpart else named(resource, name)

    def _attribute(self, resource: Resource, name: str) -> str:
        counterpart = self._counterpart(resource)
        if counterpart is None:
            raise RunError(
                f"{resource.logical_id} ({resource.type}) has no local counterpart, so its {name} is unknown"
            )
        return counterpart.attribute(resource, name)

    def _counterpart(self, resource: Resource) -> Service | None:
        return next((service for service in self.services if resource.type in service.resource_types), None)
