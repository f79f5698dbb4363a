"""What all tests share."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# The CDK's own validation costs 1.5 to 4 s a synthesis, and is read when aws_cdk is imported.
os.environ.setdefault("CDK_VALIDATION", "false")

# What synthesis and Flink unpack into the folder for temporary files, and leave there, goes with the session: pytest's
# own folders stay where they are looked for.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
_SCRATCH = tempfile.mkdtemp(prefix="flink-scenarios-")
tempfile.tempdir = os.environ["TMPDIR"] = _SCRATCH
atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)

# A test's servers live for a minute: what the JVM's second compiler and its concurrent collector would win comes too
# late, and costs the start a third of its time, as the verification of classes does. Benchmarks, and a local run's
# TaskManagers, keep all three.
_JAVA_OPTIONS = (
    *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
    *("-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote"),
    f"-Djava.io.tmpdir={_SCRATCH}",
)
os.environ.setdefault("JAVA_TOOL_OPTIONS", " ".join(_JAVA_OPTIONS))

TESTS = Path(__file__).parent
#: Real trips and the commission's table of zones are not part of the project: TAXI_DATA names the folder with them.
REAL_DATA = Path(os.environ.get("TAXI_DATA") or TESTS.parents[1] / "shared" / "data")


@cache
def _starts_local_runs(file: Path) -> bool:
    """Whether tests in a file start the servers of local runs, which prefer the same ports and want both cores."""
    return file.parent == TESTS / "local" and "pytest.mark.integration" in file.read_text()


class Workers(LoadScopeScheduling):  # type: ignore[misc] # xdist is untyped
    """Who runs what, if there are several: one, from the beginning, the local runs; others the rest, file by file."""

    def _split_scope(self, nodeid: str) -> str:
        """The group of a test: each is run by one worker."""
        file = nodeid.partition("::")[0]
        return "local runs" if _starts_local_runs(TESTS.parent / file) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Workers:
    """Have the workers share the tests as above."""
    return Workers(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring the tests into the order in which workers take them."""
    if hasattr(config, "workerinput"):
        # What looks at the clock is the last of the local runs: the other workers have most likely ended.
        items.sort(key=lambda item: (not _starts_local_runs(item.path), bool(item.get_closest_marker("paced"))))


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
