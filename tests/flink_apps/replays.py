"""Replays of small data sets by Flink itself, in an embedded cluster: no servers."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flink_constructs.connector_jar import ConnectorJar
from tests.flink_apps.embedded import ROOT, rows, run_to_end

DRIVER = "replay_job.py"


@dataclass(frozen=True, kw_only=True)
class Replay:
    """One job: files, properties, Flink's configuration, whether the time of each row is wanted."""

    files: Mapping[str, bytes]
    properties: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    timed: bool = False


@dataclass(frozen=True)
class Replayed:
    """What came of replays, by their names: the rows that they wrote, and what they logged."""

    rows: Mapping[str, list[dict[str, Any]]]
    log: str

    def events(self, name: str) -> list[bytes]:
        """The events of a replay, in their order."""
        return [base64.b64decode(row["raw"]) for row in self.rows[name]]


def joined(lines: Sequence[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n"


def millis(text: str) -> int:
    """A time as events have it."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def jar() -> Path:
    """The jar of the job."""
    return ConnectorJar(project=ROOT / "flink_apps", module="replay").build(ROOT / "build" / "jars").resolve()


def write(replay: Replay, folder: Path) -> Path:
    """Write the files of a replay."""
    for name, content in replay.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def run(replays: Mapping[str, Replay], base: Path) -> Replayed:
    """Run the replays, all in one process, which takes longer to start than to do the work."""
    names = {name: name.replace(" ", "-") for name in replays}
    jobs = [
        {
            "properties": {
                "source.path": str(write(replay, base / "in" / names[name])),
                "speedup": "1000000000",
                **replay.properties,
            },
            "folder": str(base / "out" / names[name]),
            "config": replay.config,
            "timed": replay.timed,
        }
        for name, replay in replays.items()
    ]
    run_to_end(DRIVER, jar(), jobs, base / "log")
    log = "".join(file.read_text(errors="replace") for file in base.glob("*log"))
    return Replayed({name: rows(base / "out" / names[name]) for name in replays}, log)
