"""What all tests share."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

# The CDK's own validation costs 1.5 to 4 s a synthesis, and is read when aws_cdk is imported.
os.environ.setdefault("CDK_VALIDATION", "false")

# What synthesis and Flink unpack into the folder for temporary files, and leave there, goes with the session: pytest's
# own folders stay where they are looked for.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
_SCRATCH = tempfile.mkdtemp(prefix="flink-scenarios-")
tempfile.tempdir = os.environ["TMPDIR"] = _SCRATCH
atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)

# A test's servers live for a minute: what the JVM's second compiler and its concurrent collector would win comes too
# late, and costs the start a third of its time. Benchmarks and local runs keep them.
os.environ.setdefault("JAVA_TOOL_OPTIONS", f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Djava.io.tmpdir={_SCRATCH}")

#: Real trips and the commission's table of zones are not part of the project: TAXI_DATA names the folder with them.
REAL_DATA = Path(os.environ.get("TAXI_DATA") or Path(__file__).parents[2] / "shared" / "data")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of several workers one, from the beginning, runs what starts local runs; the others take file by file."""
    if not hasattr(config, "workerinput"):
        return

    def starts_servers(item: pytest.Item) -> bool:
        # They prefer the same ports, and each wants most of two cores.
        return item.path.parent == Path(__file__).parent / "local" and bool(item.get_closest_marker("integration"))

    # What looks at the clock comes last: the other workers have most likely ended.
    items.sort(key=lambda item: (not starts_servers(item), bool(item.get_closest_marker("paced"))))
    for item in items:
        item.add_marker(pytest.mark.xdist_group("servers" if starts_servers(item) else item.path.stem))


@pytest.fixture(scope="session")
def real_trips() -> Path:
    """A file of real yellow-taxi trips of January 2019, as the commission publishes them."""
    return _real("yellow_trips_2019-01_sample.csv")


@pytest.fixture(scope="session")
def taxi_zones() -> Path:
    """The commission's table of zones and boroughs."""
    return _real("taxi_zones.csv")


def _real(name: str) -> Path:
    file = REAL_DATA / name
    if not file.exists():
        pytest.skip(f"left out: needs {name}, public data that is not part of the project, in the folder TAXI_DATA")
    return file
