"""The streaming ETL: what the source held, what each sink keeps of it, and what was refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property

from rich.console import Group, RenderableType

from flink_apps.common.dead_letters import DeadLetterEnd
from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS
from flink_apps.streaming_etl.job import TRIPS
from flink_apps.streaming_etl.settings import Settings
from local.account import Account
from local.counts import count
from local.flink.rest import Job
from local.scenarios import Outcome
from local.scenarios.streaming_etl import archive
from local.scenarios.trips import TripsScenario, broken, reasons_of, upload_history
from local.services.opensearch import OpenSearchService
from stacks.project import SHIPPED_TRIPS

#: What OpenSearch has refused, among the counts of the sinks.
REJECTED = "opensearch, rejected"


class StreamingEtl(TripsScenario):
    """Replays the shipped trips, and counts where each of them went."""

    source_table = TRIPS

    @cached_property
    def settings(self) -> Settings:
        """The job's settings, parsed as the job parses them."""
        return Settings.from_property_groups(self.run.property_groups())

    @property
    def source(self) -> KinesisStream | KafkaTopic:
        """The stream or the topic that the job reads."""
        return self.settings.source

    @property
    def dead_letter_end(self) -> DeadLetterEnd:
        """Where the job's dead letters go."""
        return self.settings.dead_letters

    def prepare(self) -> None:
        """Upload the shipped trips, and a few broken ones."""
        upload_history(self.run, SHIPPED_TRIPS, broken_trips())

    def outcome(self, job: Job) -> Outcome:  # noqa: ARG002 - the sinks themselves are counted
        """Count every sink."""
        settings = self.settings
        sinks = {
            "kinesis": settings.kinesis,
            "kafka": settings.kafka,
            "s3": settings.s3,
            "opensearch": settings.search,
        }
        counts = {name: count(self.run, end) for name, end in sinks.items() if end}
        if settings.search and (rejected := self.run.service(OpenSearchService).count(REJECTED_DOCUMENTS)):
            counts[REJECTED] = rejected
        return Outcome(
            records_in=self.records_in,
            records_out=counts,
            dead_letters=len(self.letters),
            accounts=tuple(self._accounts(counts)),
        )

    def _accounts(self, counts: Mapping[str, int]) -> Iterator[Account]:
        """One for each sink: the same trip again replaces its document."""
        trips = self.trips(_document if self.settings.search else None)
        refused = {"dead letters": len(self.letters), "watermark events": trips.watermark_events}
        for name, stored in counts.items():
            if name == REJECTED:
                continue
            came_out = {"stored": stored, **refused}
            if name == "opensearch":
                came_out["rejected"] = counts.get(REJECTED, 0)
                came_out["the same again"] = trips.answers.total() - len(trips.answers)
            yield Account(
                title=f"account: {name}",
                went_in=self.records_in,
                came_out=came_out,
                at_least_once=name == "kinesis",
                unknown=self.unread,
            )

    def epilogue(self) -> RenderableType | None:
        """The trips in each folder in S3, a sample read back, and why records were refused."""
        settings = self.settings
        shown: list[RenderableType] = []
        if settings.s3:
            shown.append(archive.tree(self.run, settings.s3))
            if settings.parquet:
                shown.append(archive.sample(self.run, settings.s3))
        if table := reasons_of(self.letters):
            shown.append(table)
        return Group(*shown) if shown else None


def _document(trip: bytes) -> tuple[str, int]:
    """The index and the id of a good trip's document."""
    fields = json.loads(trip.decode("utf-8-sig"))
    return fields["type"], fields["trip_id"]


def broken_trips() -> list[bytes]:
    """A few of the shipped trips, broken in several ways."""
    return broken(
        SHIPPED_TRIPS,
        every=500,
        replacements=(
            (b'"fare_amount"', b'"fair_amount"'),
            (b'"passenger_count":', b'"passenger_count":-'),
            (b'"pickup_location_id":', b'"pickup_location_id":9000'),
            (b'"trip_distance":', b'"trip_distance":"far",'),
        ),
    )
