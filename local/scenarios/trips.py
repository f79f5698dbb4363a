"""What the scenarios of taxi trips have in common: trips to replay, and records that were refused."""

from __future__ import annotations

import gzip
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from rich.table import Table

from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.replay.settings import GROUP, SOURCE_PATH
from local.counts import count
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios import Scenario
from local.services.s3 import S3Service

#: The applications that replay trips, or make them up.
REPLAY, GENERATOR = "Replay", "Generator"


class TripsScenario(Scenario):
    """Replays trips into a source that can be counted once the feeders have stopped."""

    #: The job's table of the source.
    source_table: ClassVar[str]
    feeders: ClassVar[tuple[str, ...]] = (REPLAY,)

    @property
    @abstractmethod
    def source(self) -> KinesisStream | KafkaTopic:
        """What the job reads."""

    @cached_property
    def records_in(self) -> int:
        """What the source holds once the feeders have stopped: counted once, because that means reading it."""
        return count(self.run, self.source)

    def records_so_far(self, job: Job) -> int:
        """The records that the source has emitted."""
        return int(sum(job.metric_values("numRecordsOut", operator=f"Source__{self.source_table}")))

    def drained(self, job: Job) -> bool:
        """Whether the job has read all that the source holds."""
        return self.records_so_far(job) >= self.records_in


def upload_history(run: LocalRun, shipped: Path, broken: Sequence[bytes]) -> None:
    """Upload the shipped trips and the broken ones to where the replay reads, if the stack owns that bucket."""
    if REPLAY not in run.clusters:
        return
    path = urlsplit(run.property_groups(REPLAY)[GROUP][SOURCE_PATH.key])
    s3 = run.service(S3Service)
    if path.netloc not in s3.bucket_names():
        return
    folder = path.path.strip("/")
    for file in sorted(shipped.iterdir()):
        s3.client.upload_file(str(file), path.netloc, f"{folder}/{file.name}")
    body = b"".join(line + b"\n" for line in broken)
    s3.client.put_object(Bucket=path.netloc, Key=f"{folder}/broken.json", Body=body)


def broken(shipped: Path, *, every: int, replacements: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """One line in ``every`` of the first shipped file, each broken in one way: what becomes a dead letter."""
    return replaced(gzip.decompress(min(shipped.glob("*.gz")).read_bytes()).splitlines()[::every], replacements)


def replaced(lines: Iterable[bytes], replacements: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """The lines, each with one text replaced by another; the replacements take turns."""
    return [line.replace(*replacements[number % len(replacements)]) for number, line in enumerate(lines)]


def reasons_of(letters: Iterable[Mapping[str, Any]]) -> Table | None:
    """Why records were refused, and how often; nothing where none were."""
    reasons = Counter(str(letter["reason"]) for letter in letters)
    if not reasons:
        return None
    table = Table("reason", "dead letters", title="dead letters")
    for reason, number in reasons.most_common():
        table.add_row(reason, f"{number:,}")
    return table
