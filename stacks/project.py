"""Paths in the project. Without the CDK, as the local run and the tools import it, too."""

from __future__ import annotations

import errno
import getpass
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import scenarios
from flink_constructs.bundle import JobBundle
from flink_constructs.connector_jar import ConnectorJar

ROOT = Path(__file__).resolve().parent.parent
#: The folder of build results, which can be built again.
BUILD = ROOT / "build"
#: What the name of a stage is.
STAGE_PATTERN = r"[a-z][a-z0-9-]{0,19}"
#: Made-up trips and rides, which tools/make_trips.py and tools/make_rides.py write: what a local run replays.
SHIPPED_TRIPS, SHIPPED_RIDES = ROOT / "data" / "taxi_trips", ROOT / "data" / "taxi_rides"


def file_context() -> dict[str, Any]:
    """The context in ``cdk.json``: the CDK's command line reads it by itself, a plain ``python app.py`` does not."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return context


def no_permission(error: OSError) -> str | None:
    """What to do about a file or folder that cannot be written, in one line; nothing for another kind of error."""
    if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
        return None
    path = Path(error.filename or ROOT)
    existing = next(one for one in (path, *path.parents) if one.parent == one or _exists(one))
    me, owner = getpass.getuser(), "somebody else"
    with suppress(KeyError, OSError):  # a user without a name
        owner = existing.owner()
    return (
        f"{existing} must be yours to write (got {error.strerror!r}: it belongs to {owner}, and you are {me}); "
        f"clone the project into a folder of your own, or: sudo chown -R {me} '{existing}'"
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False


def stack_name(scenario: str, stage: str = "") -> str:
    """``data-generator`` → ``DataGenerator``, or ``DataGenerator-load`` in the stage ``load``."""
    name = scenarios.class_name(scenario)
    return f"{name}-{stage}" if stage else name


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
