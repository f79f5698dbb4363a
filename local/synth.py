"""From a scenario's name and context to the template and the bundle that a deployment would use."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import RunError, UsageError
from local.process import run_to_end
from local.template import Template
from stacks.project import ROOT, file_context

APPLICATION_TYPE = "AWS::KinesisAnalyticsV2::Application"
#: The name of each scenario's own application; others in its template stand beside it.
MAIN_APPLICATION = "Flink"


@dataclass(frozen=True)
class Application:
    """One Flink application of the template; ``configuration`` is as it stands there, unresolved."""

    logical_id: str
    configuration: Mapping[str, Any]
    #: With whose permissions it runs; None where the template does not say.
    role: Any = None

    @property
    def name(self) -> str:
        """The construct's id: the logical id without the resource's own and the CDK's hash."""
        return re.sub(r"(?<=.)(Application)?[0-9A-F]{8}$", "", self.logical_id)

    @property
    def code_key(self) -> str:
        """The key under which a deployment uploads the bundle."""
        location = self.configuration["ApplicationCodeConfiguration"]["CodeContent"]["S3ContentLocation"]
        return str(location["FileKey"])

    @property
    def flink_configuration(self) -> Mapping[str, Any]:
        """Parallelism, checkpoints and monitoring."""
        configuration: Mapping[str, Any] = self.configuration["FlinkApplicationConfiguration"]
        return configuration

    @property
    def property_groups(self) -> Sequence[Mapping[str, Any]]:
        """The property groups: ``PropertyGroupId`` and ``PropertyMap`` of each."""
        groups: Sequence[Mapping[str, Any]] = self.configuration["EnvironmentProperties"]["PropertyGroups"]
        return groups


@dataclass(frozen=True)
class Assembly:
    """What the synthesis of one stack left behind."""

    folder: Path
    stack: str
    template: Template

    def applications(self) -> dict[str, Application]:
        """The stack's Flink applications by their names, the scenario's own one first."""
        found = [
            Application(
                resource.logical_id,
                resource.properties["ApplicationConfiguration"],
                resource.properties.get("ServiceExecutionRole"),
            )
            for resource in self.template.of_type(APPLICATION_TYPE)
        ]
        ordered = sorted(found, key=lambda application: application.name != MAIN_APPLICATION)
        return {application.name: application for application in ordered}

    def unpack_code(self, target: Path, name: str = MAIN_APPLICATION) -> None:
        """Unpack the very zip that a deployment uploads for an application."""
        key = self.applications()[name].code_key
        manifest = json.loads((self.folder / f"{self.stack}.assets.json").read_text())
        for file in manifest["files"].values():
            if any(destination["objectKey"] == key for destination in file["destinations"].values()):
                with zipfile.ZipFile(self.folder / file["source"]["path"]) as bundle:
                    bundle.extractall(target)
                return
        raise RunError(f"the asset manifest of {self.stack} does not hold the application's code {key}")


def synthesize(scenario: str, overrides: Mapping[str, str], folder: Path) -> Assembly:
    """Run the CDK application for one scenario, as the CDK's command line would.

    Raises:
        UsageError: with the application's own line, where it refuses the context.

    """
    context = {**file_context(), **overrides, "scenario": scenario}
    result = run_to_end(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={
            "CDK_CONTEXT_JSON": json.dumps(context),
            "CDK_OUTDIR": str(folder),
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        },
    )
    if result.returncode == 2:
        raise UsageError(result.stderr.strip().removeprefix("error: "))
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or ["it said nothing"]
        raise RunError(f"the synthesis failed: {lines[-1].strip()}")
    manifest = json.loads((folder / "manifest.json").read_text())
    (stack,) = [name for name, body in manifest["artifacts"].items() if body["type"] == "aws:cloudformation:stack"]
    template = json.loads((folder / manifest["artifacts"][stack]["properties"]["templateFile"]).read_text())
    return Assembly(folder=folder, stack=stack, template=Template(template))
