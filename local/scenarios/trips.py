"""What the scenarios of taxi trips have in common: trips to replay, and records that were refused."""

from __future__ import annotations

import base64
import gzip
import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from rich.table import Table

from flink_apps.common.dead_letters import LARGEST_BYTES, DeadLetterEnd
from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.replay.settings import GROUP, SOURCE_PATH
from local.counts import count, dead_letters, values
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios import Scenario
from local.services.s3 import S3Service

#: The applications that replay trips, or make them up.
REPLAY, GENERATOR = "Replay", "Generator"
#: A watermark event of the replay: see flink_apps/common/watermark_event.py.
_WATERMARK_EVENT = re.compile(rb'\{\s*"type"\s*:\s*"watermark"')


@dataclass
class Trips:
    """What a source held that was no dead letter."""

    good: int = 0
    watermark_events: int = 0
    #: What was asked about each good trip, and how often it was answered so.
    answers: Counter[Hashable] = field(default_factory=Counter)


class TripsScenario(Scenario):
    """Replays trips into a source that can be counted once the feeders have stopped."""

    #: The job's table of the source.
    source_table: ClassVar[str]
    feeders: ClassVar[tuple[str, ...]] = (REPLAY,)

    @property
    @abstractmethod
    def source(self) -> KinesisStream | KafkaTopic:
        """What the job reads."""

    @property
    @abstractmethod
    def dead_letter_end(self) -> DeadLetterEnd:
        """Where the job's dead letters go."""

    @cached_property
    def records_in(self) -> int:
        """What the source holds once the feeders have stopped: counted once, because that means reading it."""
        return count(self.run, self.source)

    @cached_property
    def letters(self) -> list[dict[str, Any]]:
        """All dead letters, once the job has ended; what a stream got twice, as it may at least once, is in it once."""
        letters = dead_letters(self.run, self.dead_letter_end)
        return list({(one["partition"], one["position"], one["raw"]): one for one in letters}.values())

    def trips(self, ask: Callable[[bytes], Hashable] | None = None) -> Trips:
        """What the source holds without the dead letters; with ``ask``, its answers for each good trip, too."""
        refused = Counter(base64.b64decode(letter["raw"] or "") for letter in self.letters)
        found = Trips()
        for value in values(self.run, self.source):
            raw = value[:LARGEST_BYTES]
            if refused[raw]:
                refused[raw] -= 1
            elif _WATERMARK_EVENT.match(value):
                found.watermark_events += 1
            else:
                found.good += 1
                if ask:
                    with suppress(ValueError, LookupError, TypeError):  # no trip, and no dead letter: it is missing
                        found.answers[ask(value)] += 1
        return found

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
    return replaced(gzip.decompress(min(shipped.glob("part-*.gz")).read_bytes()).splitlines()[::every], replacements)


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
