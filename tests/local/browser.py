"""A browser without a network and a window, to see what a page is once its scripts have run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def browse(address: str, *options: str, profile: Path) -> str:
    """The document at an address, or what the browser's options ask for instead; a script's error fails the test."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        pytest.skip(f"left out: needs a browser, one of {', '.join(NAMES)}; on Debian: apt-get install -y chromium")
    done = subprocess.run(
        [
            *(browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *(f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND"),
            *("--virtual-time-budget=4000", "--enable-logging=stderr", *(options or ("--dump-dom",)), address),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    assert not [line for line in done.stderr.splitlines() if "Uncaught" in line]
    return done.stdout
