"""What the drivers of embedded clusters rely on."""

from __future__ import annotations

import subprocess
import sys

from tests.flink_apps.embedded import ROOT

_STATEMENTS = """
import threading
from pyflink.java_gateway import get_gateway
from tests.flink_apps.embedded import in_threads

together = threading.Barrier(4)

def java_threads(job):
    seen = set()
    for _ in range(5):
        together.wait()
        seen.add(get_gateway().jvm.java.lang.Thread.currentThread().getName())
    return seen

for seen in in_threads(java_threads, range(4), at_a_time=4):
    assert len(seen) == 1, seen
"""


def test_each_thread_of_a_driver_has_one_thread_of_the_jvm() -> None:
    subprocess.run([sys.executable, "-c", _STATEMENTS], cwd=ROOT, check=True, timeout=120)
