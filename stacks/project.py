"""Paths in the project. Without the CDK, as the local run and the tools import it, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flink_constructs.bundle import JobBundle
from flink_constructs.connector_jar import ConnectorJar

ROOT = Path(__file__).resolve().parent.parent
#: The folder of build results, which can be built again.
BUILD = ROOT / "build"
#: Made-up trips and rides, which tools/make_trips.py and tools/make_rides.py write: what a local run replays.
SHIPPED_TRIPS, SHIPPED_RIDES = ROOT / "data" / "taxi_trips", ROOT / "data" / "taxi_rides"


def file_context() -> dict[str, Any]:
    """The context in ``cdk.json``: the CDK's command line reads it by itself, a plain ``python app.py`` does not."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return context


def job_folder(scenario: str) -> str:
    """The name of a scenario's folder below ``flink_apps``."""
    return scenario.replace("-", "_")


def jobs() -> list[str]:
    """Every job that has a bundle, those of the scenarios and those beside them, such as the replay."""
    return sorted(main.parent.name for main in (ROOT / "flink_apps").glob("*/main.py"))


def job_bundle(scenario: str) -> JobBundle:
    """The bundle of a scenario or of another job: its own folder, what all jobs share, and its connectors' jar."""
    folder = job_folder(scenario)
    return JobBundle(
        main=ROOT / "flink_apps" / folder / "main.py",
        root=ROOT,
        packages=("flink_apps/common", f"flink_apps/{folder}"),
        jar=ConnectorJar(project=ROOT / "flink_apps", module=folder),
        cache=BUILD / "bundles",
    )
