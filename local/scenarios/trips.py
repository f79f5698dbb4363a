"""What the scenarios of taxi trips have in common: trips to replay, and records that were refused."""

from __future__ import annotations

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
    """Replays trips into a source that can be counted once the feeders have ended."""

    #: The job's table of the source.
    source_table: ClassVar[str]
    feeders: ClassVar[tuple[str, ...]] = (REPLAY,)

    @property
    @abstractmethod
    def source(self) -> KinesisStream | KafkaTopic:
        """What the job reads."""

    @cached_property
    def records_in(self) -> int:
        """What the source holds once the feeders have ended: counted once, as it takes reading it."""
        return count(self.run, self.source)

    def records_so_far(self, job: Job) -> int:
        """The records that the source has handed on."""
        return int(sum(job.metric_values("numRecordsOut", operator=f"Source__{self.source_table}")))

    def drained(self, job: Job) -> bool:
        """Whether the job has read all that the source holds."""
        return self.records_so_far(job) >= self.records_in


def upload_history(run: LocalRun, shipped: Path, broken: Sequence[bytes]) -> None:
    """Upload the shipped trips, and a few broken ones, where the replay reads from a bucket of the stack's own."""
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


def after_accidents(lines: Iterable[bytes], accidents: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """Some of the lines, each after an accident, which replaces a text by another, in turn."""
    return [line.replace(*accidents[number % len(accidents)]) for number, line in enumerate(lines)]


def reasons_of(letters: Iterable[Mapping[str, Any]]) -> Table | None:
    """Why records were refused, and how often; nothing where none were."""
    reasons = Counter(str(letter["reason"]) for letter in letters)
    if not reasons:
        return None
    table = Table("reason", "dead letters", title="dead letters")
    for reason, letters_of_it in reasons.most_common():
        table.add_row(reason, f"{letters_of_it:,}")
    return table
