"""What all tests share."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

import local  # noqa: F401 - this machine's servers are reached past a proxy, those of the tests, too
import scenarios

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

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

TESTS = Path(__file__).parent
#: Real trips and the commission's table of zones are not part of the project: TAXI_DATA names the folder with them.
REAL_DATA = Path(os.environ.get("TAXI_DATA") or TESTS.parents[1] / "shared" / "data")


#: The ids of the tests that synthesize a scenario's variants: of its own file, and with its name as a parameter.
_STACKS = {name: re.compile(rf"/test_{scenarios.folder(name)}_stack\.py:|\[{name}[-\]]") for name in scenarios.NAMES}


@cache
def _kind(file: Path) -> str:
    """What the tests of a file need: the machine, OpenSearch's ports, servers of any kind, or nothing."""
    text = file.read_text()
    if "pytest.mark.integration" not in text:
        return "alone"
    if "pytest.mark.paced" in text:
        return "paced"
    return "OpenSearch" if file.parent == TESTS / "local" and "opensearch" in text else "servers"


#: The order in which tests begin: what takes longest, what fills the gaps, and what looks at the clock, by itself.
_ORDER = ("OpenSearch", "servers", "alone", "paced")


class Workers(LoadScopeScheduling):  # type: ignore[misc] # xdist is untyped
    """Who runs what, if there are several: each takes the next file as soon as it is through with one."""

    def _split_scope(self, nodeid: str) -> str:
        """The group of a test: each is run by one worker.

        What needs OpenSearch is one, for the node's ports, and so is what looks at the clock, for the machine. A
        scenario's stacks are one, for each worker that looks at a variant has to synthesize it.
        """
        name = nodeid.partition("::")[0]
        file = TESTS.parent / name
        if _kind(file) in ("OpenSearch", "paced"):
            return _kind(file)
        if file.parent == TESTS / "stacks":
            return next((f"stacks of {one}" for one, test in _STACKS.items() if test.search(nodeid)), name)
        return name


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Workers:
    """Have the workers share the tests as above."""
    return Workers(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring the tests into the order in which workers take them."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _ORDER.index(_kind(item.path)))


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
