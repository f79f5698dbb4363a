"""Amazon Managed Service for Prometheus: a real Prometheus that takes remote writes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
import yaml

from local.errors import RunError
from local.process import Process, free_port, run_to_end
from local.services.service import Service
from local.template import Resource
from stacks.project import BUILD

WORKSPACE_TYPE = "AWS::APS::Workspace"
RULES_TYPE = "AWS::APS::RuleGroupsNamespace"
#: How long samples are kept, and how far back they are looked for: longer than any run, and a day of a kept one.
RETENTION = timedelta(days=1)
_WINDOW = f"{RETENTION // timedelta(hours=1)}h"
_GET_IT = "get it: apt-get install prometheus, or brew install prometheus"
#: Where Debian's package is unpacked, which needs neither root nor leaves a service behind.
_UNPACKED = BUILD / "services" / "prometheus"


@dataclass(frozen=True, kw_only=True)
class Series:
    """A series of samples; an expression's result has no name where it is no metric any more."""

    labels: Mapping[str, str]
    """The name of the metric is among them, as ``__name__``."""
    samples: tuple[tuple[datetime, float], ...]
    """In the order of their times."""

    @property
    def metric(self) -> str:
        """The name of the metric, or an empty text."""
        return self.labels.get("__name__", "")


class PrometheusService(Service):
    """The workspace of the template, with its rules; its requests need no signature, and alerts go nowhere."""

    resource_types = (WORKSPACE_TYPE, RULES_TYPE)
    title = "Prometheus"

    @cached_property
    def process(self) -> Process:
        """The server."""
        return Process(
            name="Prometheus",
            command=[
                *(str(self.fetch()), f"--config.file={self._configuration}", f"--storage.tsdb.path={self._data}"),
                *(f"--storage.tsdb.retention.time={_WINDOW}", f"--web.listen-address=127.0.0.1:{self._port}"),
                self._receiver,
            ],
            log=self.folder / "prometheus.log",
        )

    @property
    def address(self) -> str:
        """The server's address, where its own pages are, too."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def version(self) -> str:
        """The server's version, as it tells it."""
        program = self.fetch()
        told = run_to_end([str(program), "--version"])
        found = re.search(r"version (\d+\.\d+\.\d+)", told.stdout + told.stderr)
        if found is None:
            raise RunError(f"{program} does not tell Prometheus's version (got {_error(told.stderr)}); {_GET_IT}")
        return found[1]

    @property
    def replacements(self) -> dict[str, str]:
        """The managed service takes remote writes at another path than Prometheus itself."""
        return {f"{self.endpoint}/api/v1/remote_write": self.write_url}

    @property
    def target(self) -> str:
        """The workspace."""
        workspace, *_ = self.template.of_type(WORKSPACE_TYPE)
        return self.attribute(workspace, "Arn")

    @property
    def write_url(self) -> str:
        """Where samples are sent."""
        return f"{self.endpoint}/api/v1/write"

    @classmethod
    def fetch(cls) -> Path:
        """The program: the one on the ``PATH``, else that of Debian's package, unpacked.

        Raises:
            RunError: where there is neither.

        """
        installed = shutil.which("prometheus")
        if installed is not None:
            return Path(installed)
        if not _UNPACKED.exists():
            _unpack(_UNPACKED)
        return _UNPACKED / "usr" / "bin" / "prometheus"

    def launch(self) -> None:
        """Start the server with the template's rules."""
        rules = self.folder / "rules"
        rules.mkdir(parents=True, exist_ok=True)
        for resource in self.template.of_type(RULES_TYPE):
            data = str(self.template.resolve(resource.properties["Data"], self.attribute))
            (rules / f"{resource.logical_id}.yml").write_text(data)
        self._configuration.write_text(yaml.safe_dump({"rule_files": ["rules/*.yml"]}))
        self.process.start()

    def create_resources(self) -> None:
        """Wait until the server takes requests; a workspace has nothing to be created in it."""
        self.process.wait_until(self._ready)

    def attribute(self, resource: Resource, name: str) -> str:
        """``Ref`` and ``Arn`` are the ARN, ``PrometheusEndpoint`` the server with a slash at its end."""
        workspace = resource.logical_id
        match resource.type, name:
            case _, "Ref" | "Arn":
                kind = "workspace" if resource.type == WORKSPACE_TYPE else "rulegroupsnamespace"
                return resource.arn("aps", f"{kind}/{workspace}")
            case "AWS::APS::Workspace", "WorkspaceId":
                return workspace
            case "AWS::APS::Workspace", "PrometheusEndpoint":
                return f"{self.endpoint}/"
            case _:
                raise self.unknown_attribute(resource, name)

    def query(self, promql: str, *, at: datetime | None = None) -> list[Series]:
        """What an expression gives at a moment, by default now: samples of that moment, or of the range that it names.

        Raises:
            RunError: with Prometheus's own reason, where it refuses.

        """
        time = {} if at is None else {"time": str(at.timestamp())}
        return _series(self._request("query", query=promql, **time))

    def query_range(self, promql: str, *, start: datetime, end: datetime, step: timedelta) -> list[Series]:
        """What an expression gives from ``start`` to ``end``, both included, a sample each ``step``.

        Raises:
            RunError: with Prometheus's own reason, where it refuses.

        """
        times = {"start": start.timestamp(), "end": end.timestamp(), "step": step.total_seconds()}
        return _series(
            self._request("query_range", query=promql, **{name: str(value) for name, value in times.items()})
        )

    def samples(self, selector: str) -> list[Series]:
        """The series that a selector names, with every sample that was written."""
        return self.query(f"{selector}[{_WINDOW}]")

    def count(self, selector: str) -> int:
        """How many samples were written to the series that a selector names."""
        counted = self.query(f"sum(count_over_time({selector}[{_WINDOW}]))")
        return int(counted[0].samples[0][1]) if counted else 0

    def appended(self) -> int:
        """How many samples the server has taken, rules' results among them: its own counter, quicker than counting."""
        told = requests.get(f"{self.address}/metrics", timeout=60).text
        counted = re.findall(r"^prometheus_tsdb_head_samples_appended_total(?:\{.*\})? (\S+)$", told, re.MULTILINE)
        return int(sum(map(float, counted)))

    def series(self, selector: str) -> list[dict[str, str]]:
        """The labels of the series that a selector names, the metric's name as ``__name__``."""
        start = datetime.now(UTC) - RETENTION
        found: list[dict[str, str]] = self._request("series", **{"match[]": selector, "start": str(start.timestamp())})
        return found

    def _request(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - any JSON
        answer = requests.post(f"{self.address}/api/v1/{path}", data=parameters, timeout=60)
        try:
            body = answer.json()
        except ValueError:
            body = {"status": "error", "error": answer.text.strip() or f"HTTP status {answer.status_code}"}
        if body["status"] != "success":
            asked = parameters.get("query", parameters.get("match[]"))
            raise RunError(f"Prometheus refused {asked!r}: {body['error']}")
        return body["data"]

    def _ready(self) -> bool:
        """Whether this very server answers, and not somebody else's on its port."""
        try:
            ready = requests.get(f"{self.address}/-/ready", timeout=5).ok
            flags = requests.get(f"{self.address}/api/v1/status/flags", timeout=5).json()
        except (requests.RequestException, ValueError):
            return False
        return ready and flags.get("data", {}).get("storage.tsdb.path") == str(self._data)

    @property
    def _receiver(self) -> str:
        """The option to take remote writes, which Ubuntu 22.04's release still calls otherwise."""
        major, minor, *_ = map(int, self.version.split("."))
        if (major, minor) < (2, 33):
            return "--enable-feature=remote-write-receiver"
        return "--web.enable-remote-write-receiver"

    @property
    def _configuration(self) -> Path:
        return self.folder / "prometheus.yml"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @cached_property
    def _port(self) -> int:
        return free_port(9090)


def _unpack(folder: Path) -> None:
    """Download Debian's package, and unpack it into ``folder``."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise RunError(f"missing: Prometheus; {_GET_IT}")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    downloaded = run_to_end(["apt-get", "-q", "download", "prometheus"], cwd=partial)
    if downloaded.returncode != 0:
        raise RunError(
            f"missing: Prometheus, which apt-get could not download ({_error(downloaded.stderr)}); {_GET_IT}"
        )
    (package,) = partial.glob("prometheus_*.deb")
    unpacked = run_to_end(["dpkg-deb", "--extract", str(package), str(partial)])
    if unpacked.returncode != 0:
        raise RunError(
            f"missing: Prometheus, whose package could not be unpacked ({_error(unpacked.stderr)}); {_GET_IT}"
        )
    package.unlink()
    partial.rename(folder)


def _error(complaints: str) -> str:
    """The line of a tool's complaints that is no warning."""
    lines = [line.strip() for line in complaints.splitlines() if line.strip() and not line.startswith("W:")]
    return lines[0] if lines else "it did not say why"


def _series(data: Mapping[str, Any]) -> list[Series]:
    match data["resultType"]:
        case "matrix":
            return [Series(labels=one["metric"], samples=tuple(map(_sample, one["values"]))) for one in data["result"]]
        case "vector":
            return [Series(labels=one["metric"], samples=(_sample(one["value"]),)) for one in data["result"]]
        case "scalar":
            return [Series(labels={}, samples=(_sample(data["result"]),))]
        case kind:
            raise RunError(f"Prometheus gave a {kind}, which holds no samples; ask for numbers")


def _sample(pair: list[Any]) -> tuple[datetime, float]:
    # A float of seconds has room for milliseconds, and hardly more: round to what Prometheus keeps.
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=round(pair[0] * 1000)), float(pair[1])
