"""Amazon OpenSearch Service: a real OpenSearch node, without its security plugin."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from flink_constructs.search_handler import index
from local.errors import RunError
from local.process import Process, free_port, java
from local.services.maven import maven_libraries
from local.services.service import Service
from local.template import Resource

DOMAIN_TYPE = "AWS::OpenSearchService::Domain"
#: Index templates and the like. What the security plugin or Dashboards would hold is of other types: the node runs
#: without them.
OBJECTS_TYPE = "Custom::OpenSearchObjects"
#: How long the installation of an object is retried: the node is up, so that what it refuses now it always will.
_RETRY_FOR = timedelta(seconds=10)
_POM = Path(__file__).parent / "search_node" / "pom.xml"
#: The runner takes no HTTP port above this one.
_HIGHEST_PORT = 9299
#: Documents that are read at a time.
PAGE = 1000

_NODE_SETTINGS = """\
# A node for itself: it joins no other one on this machine.
discovery.type: single-node
# Whoever has a full disk gets records all the same.
cluster.routing.allocation.disk.threshold_enabled: false
"""


class OpenSearchService(Service):
    """The domain of the template, as one node, with the objects that the template installs in it."""

    resource_types = (DOMAIN_TYPE,)
    title = "OpenSearch"

    @cached_property
    def process(self) -> Process:
        """The node."""
        return Process(
            name="the OpenSearch node",
            command=[
                *(java(), "-Xms512m", "-Xmx1g", f"-Djava.io.tmpdir={self.folder / 'tmp'}"),
                *("-cp", f"{self.fetch()}/*", "org.codelibs.opensearch.runner.OpenSearchRunner"),
                *("-basePath", str(self.folder), "-confPath", str(self.folder / "config")),
                *("-dataPath", str(self.folder / "data"), "-logsPath", str(self.folder / "log")),
                *("-clusterName", self._cluster_name),
                # The runner numbers its nodes from 1, and adds the number to the port.
                *("-numOfNode", "1", "-baseHttpPort", str(self._port - 1)),
            ],
            log=self.folder / "opensearch.log",
        )

    @property
    def address(self) -> str:
        """The node's endpoint."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def version(self) -> str:
        """The node's version, from the name of its jar."""
        (jar,) = self.fetch().glob("opensearch-[0-9]*.jar")
        return jar.stem.removeprefix("opensearch-")

    @property
    def replacements(self) -> dict[str, str]:
        """A domain is reached through TLS, the node is not."""
        return {f"https://{urlsplit(self.endpoint).netloc}": self.endpoint}

    @property
    def target(self) -> str:
        """The domain."""
        domain, *_ = self.template.of_type(DOMAIN_TYPE)
        return self.attribute(domain, "Arn")

    @classmethod
    def fetch(cls) -> Path:
        """The folder with the node's jars."""
        return maven_libraries("opensearch", _POM)

    def launch(self) -> None:
        """Start the node."""
        for name in ("config", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "config" / "opensearch.yml").write_text(_NODE_SETTINGS)
        self.process.start()

    def create_resources(self) -> None:
        """Wait until the node takes requests, and install what a deployment would, by the same handler."""
        self.process.wait_until(self._healthy)
        cluster = index.Cluster(self.address)
        for resource in self.template.of_type(OBJECTS_TYPE):
            objects = self.template.resolve(resource.properties["Objects"], self.attribute)
            try:
                index.install(cluster, index.SearchObject.from_json(objects), patience=_RETRY_FOR)
            except index.InstallError as error:
                raise RunError(f"{resource.logical_id} could not be installed: {error}") from None

    def attribute(self, resource: Resource, name: str) -> str:
        """``Ref`` is the domain's name, ``Arn`` the ARN, ``DomainEndpoint`` host and port."""
        domain = str(resource.properties.get("DomainName", resource.logical_id.lower()))
        match name:
            case "Ref":
                return domain
            case "Arn" | "DomainArn":
                return resource.arn("es", f"domain/{domain}")
            case "DomainEndpoint":
                return urlsplit(self.endpoint).netloc
            case _:
                raise self.unknown_attribute(resource, name)

    def request(self, method: str, path: str, body: Any = None, **query: str) -> Any:  # noqa: ANN401 - any JSON
        """The JSON that the node answers; ``query`` holds the parameters of the URL.

        Raises:
            RunError: with OpenSearch's own reason, where it refuses.

        """
        answer = self._session.request(method, f"{self.address}{path}", json=body, params=query, timeout=30)
        if not answer.ok:
            raise RunError(f"OpenSearch refused {method} {path}: {index.problem_in(answer.text)}")
        return answer.json()

    def refresh(self) -> None:
        """Have searches find all that has been written so far."""
        self.request("POST", "/_refresh")

    def count(self, indices: str) -> int:
        """How many documents the indices hold that a name or pattern names; 0 where there is none."""
        self.refresh()
        return int(self.request("GET", f"/{indices}/_count", ignore_unavailable="true")["count"])

    def count_all(self, *, but: str) -> int:
        """How many documents there are, without those of one index and those that OpenSearch keeps for itself."""
        names = [index["index"] for index in self.request("GET", "/_cat/indices", format="json")]
        return sum(self.count(name) for name in names if not name.startswith(".") and name != but)

    def delete(self, *indices: str) -> None:
        """Delete the indices, as far as they are there, with all their documents."""
        self.request("DELETE", f"/{','.join(indices)}", ignore_unavailable="true")

    def documents(self, indices: str) -> Iterator[dict[str, Any]]:
        """Every document of the indices that a name or pattern names: ``_index``, ``_id`` and ``_source``."""
        self.refresh()
        query = {"size": PAGE, "sort": ["_doc"]}
        page = self.request("POST", f"/{indices}/_search", query, scroll="1m", ignore_unavailable="true")
        while hits := page["hits"]["hits"]:
            yield from hits
            page = self.request("POST", "/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})

    @cached_property
    def _session(self) -> requests.Session:
        """Asks again while the node is not ready: an index that is being made has no shards to search yet."""
        session = requests.Session()
        retries = Retry(
            6, backoff_factor=0.1, status_forcelist=[503], allowed_methods=["GET", "POST"], raise_on_status=False
        )
        session.mount(self.address, HTTPAdapter(max_retries=retries))
        return session

    def _healthy(self) -> bool:
        """Whether this very node answers, and not somebody else's on its port."""
        try:
            health = requests.get(f"{self.address}/_cluster/health", timeout=5).json()
        except (requests.RequestException, ValueError):
            return False
        return health.get("cluster_name") == self._cluster_name and health.get("status") in ("green", "yellow")

    @cached_property
    def _port(self) -> int:
        for port in range(9200, _HIGHEST_PORT + 1):
            if free_port(port) == port:
                return port
        raise RunError(f"no free TCP port for OpenSearch from 9200 to {_HIGHEST_PORT} on 127.0.0.1")

    @cached_property
    def _cluster_name(self) -> str:
        return f"local-{uuid.uuid4()}"
