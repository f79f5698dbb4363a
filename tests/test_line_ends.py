"""A clone is the same, byte by byte, with every setting of git's."""

import os
import subprocess
from pathlib import Path

import pytest

from stacks.project import ROOT, SHIPPED_TRIPS

FILES = {
    ".gitattributes": (ROOT / ".gitattributes").read_bytes(),
    "tools/preflight.sh": (ROOT / "tools" / "preflight.sh").read_bytes(),
    "tests/template.json": b'{\n  "a": 1\n}\n',
    "flink_apps/pom.xml": b"<project>\n</project>\n",
    ".ci/run": b"#!/usr/bin/env bash\nmake test\n",
    "data/lines.csv": b"a,b\r\n1,2\n",
    "data/trips.json.gz": min(SHIPPED_TRIPS.iterdir()).read_bytes(),
}


def git(*arguments: str, cwd: Path) -> None:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    author = {f"GIT_{who}_{what}": "somebody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=cwd, env={**os.environ, **settings, **author}, check=True)  # noqa: S607


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_a_clone_has_the_bytes_of_the_repository(tmp_path: Path, autocrlf: str) -> None:
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    for name, content in FILES.items():
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        (origin / name).write_bytes(content)
    git("init", "-q", cwd=origin)
    git("add", ".", cwd=origin)
    git("commit", "-q", "-m", "all", cwd=origin)
    git("clone", "-q", "-c", f"core.autocrlf={autocrlf}", str(origin), str(clone), cwd=tmp_path)
    assert {name: (clone / name).read_bytes() for name in FILES} == FILES
