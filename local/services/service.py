"""What a local counterpart is: a real server that stands for some resources of a template."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from local.errors import RunError
from local.process import Process
from local.template import Resource, Template

#: Credentials that the emulators take: any.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


class Service(ABC):
    """A server that stands for the template's resources of certain types."""

    #: Resource types that it stands for; one of the first type makes it needed.
    resource_types: ClassVar[tuple[str, ...]]
    #: How the run calls it.
    title: ClassVar[str]

    def __init__(self, template: Template, folder: Path) -> None:
        """Prepare the counterpart of the template's resources; its files go below ``folder``."""
        self.template = template
        self.folder = folder

    @classmethod
    def fetch(cls) -> object:
        """Fetch what the server needs, as far as it is missing; by default nothing."""
        return None

    @abstractmethod
    def launch(self) -> None:
        """Start the server's process, and do not wait for it."""

    @abstractmethod
    def create_resources(self) -> None:
        """Wait until the server is ready, and create the template's resources in it."""

    @property
    @abstractmethod
    def process(self) -> Process:
        """The server's process."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Where the server listens."""

    #: What stands between the server and those who call it in the name of a role: see local.permissions.
    front: str | None = None

    @property
    def endpoint(self) -> str:
        """Where the application reaches the server."""
        return self.front or self.address

    @property
    def target(self) -> str:
        """The ARN of what the server stands for, where requests to it do not name their resource."""
        return ""

    @property
    @abstractmethod
    def version(self) -> str:
        """The server's version."""

    @abstractmethod
    def attribute(self, resource: Resource, name: str) -> str:
        """The local value of a resource's attribute; its ``Ref`` is the attribute ``"Ref"``."""

    @property
    def aws_endpoints(self) -> dict[str, str]:
        """Addresses of AWS services, by their ids, that the application shall use."""
        return {}

    @property
    def flink_options(self) -> dict[str, str]:
        """Configuration of the Flink clusters that talk to this server."""
        return {}

    @property
    def plugins(self) -> list[Path]:
        """Folders of plugins, each with its jars, that the Flink clusters load."""
        return []

    @property
    def replacements(self) -> dict[str, str]:
        """Texts that the template makes of this server's attributes, and what they are here instead."""
        return {}

    def unknown_attribute(self, resource: Resource, name: str) -> RunError:
        """The error about an attribute that has no local value."""
        return RunError(f"the local {self.title} has no value for {name} of {resource.logical_id} ({resource.type})")
