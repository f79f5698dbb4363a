"""From a scenario's name and context to the template and the bundle that a deployment would use."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import RunError, UsageError
from local.process import run_to_end
from local.template import Template
from stacks.project import ROOT, file_context

APPLICATION_TYPE = "AWS::KinesisAnalyticsV2::Application"


@dataclass(frozen=True)
class Assembly:
    """What the synthesis of one stack left behind."""

    folder: Path
    stack: str
    template: Template

    def application(self) -> Mapping[str, Any]:
        """The configuration of the stack's one Flink application, unresolved."""
        (application,) = self.template.of_type(APPLICATION_TYPE)
        configuration: Mapping[str, Any] = application.properties["ApplicationConfiguration"]
        return configuration

    def unpack_code(self, target: Path) -> None:
        """Unpack the very zip that a deployment uploads."""
        key = self.application()["ApplicationCodeConfiguration"]["CodeContent"]["S3ContentLocation"]["FileKey"]
        manifest = json.loads((self.folder / f"{self.stack}.assets.json").read_text())
        for file in manifest["files"].values():
            if any(destination["objectKey"] == key for destination in file["destinations"].values()):
                with zipfile.ZipFile(self.folder / file["source"]["path"]) as bundle:
                    bundle.extractall(target)
                return
        raise RunError(f"the asset manifest of {self.stack} does not hold the application's code {key}")


def synthesize(scenario: str, overrides: Mapping[str, str], folder: Path) -> Assembly:
    """Run the CDK application for one scenario, as the CDK's command line would.

    :raises UsageError: with the application's own line, where it refuses the context.
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
