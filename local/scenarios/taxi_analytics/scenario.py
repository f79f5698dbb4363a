"""Taxi analytics: a day of made-up rides, and a page that shows what the two indices hold."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

from rich.console import RenderableType

from flink_apps.common.dead_letters import DeadLetterEnd
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS
from flink_apps.taxi_analytics.job import PICKUP_COUNT, TRIP_DURATION, TRIPS
from flink_apps.taxi_analytics.schema import ENDS, NEW_YORK
from flink_apps.taxi_analytics.settings import Settings
from local.account import Account
from local.flink.rest import Job
from local.scenarios import Outcome
from local.scenarios.taxi_analytics import page
from local.scenarios.trips import GENERATOR, REPLAY, TripsScenario, broken, reasons_of, upload_history
from local.services.opensearch import OpenSearchService
from stacks.project import SHIPPED_RIDES

PAGE = "taxi-analytics.html"


class TaxiAnalytics(TripsScenario):
    """Replays the shipped rides, counts the documents, and draws them."""

    source_table = TRIPS
    feeders = (REPLAY, GENERATOR)

    @cached_property
    def settings(self) -> Settings:
        """The job's settings, parsed as the job parses them."""
        return Settings.from_property_groups(self.run.property_groups())

    @property
    def source(self) -> KinesisStream:
        """The stream that the job reads."""
        return self.settings.source

    @property
    def dead_letter_end(self) -> DeadLetterEnd:
        """Where the job's dead letters go."""
        return self.settings.dead_letters

    def prepare(self) -> None:
        """Upload the shipped rides, and a few broken ones."""
        upload_history(self.run, SHIPPED_RIDES, broken_rides())

    def outcome(self, job: Job) -> Outcome:  # noqa: ARG002 - the indices themselves are counted
        """Count the documents of both indices, and the dead letters."""
        search = self.run.service(OpenSearchService)
        counts = {index: search.count(index) for index in (PICKUP_COUNT, TRIP_DURATION)}
        if rejected := search.count(REJECTED_DOCUMENTS):
            counts["rejected by OpenSearch"] = rejected
        return Outcome(
            records_in=self.records_in, records_out=counts, dead_letters=len(self.letters), accounts=(self._account(),)
        )

    def _account(self) -> Account:
        """Rides in the documents of the demand, and those that are in none."""
        search, rides = self.run.service(OpenSearchService), self.trips(_is_in_new_york)
        counted = sum(document["_source"]["pickup_count"] for document in search.documents(PICKUP_COUNT))
        came_out = {
            "in documents": counted,
            "outside New York": rides.answers[False],
            "dead letters": len(self.letters),
            "watermark events": rides.watermark_events,
        }
        rejected = "in rejected documents" if search.count(REJECTED_DOCUMENTS) else None
        return Account(
            title="account: rides", went_in=self.records_in, came_out=came_out, unknown=self.unread or rejected
        )

    def epilogue(self) -> RenderableType | None:
        """Why records were refused."""
        return reasons_of(self.letters)

    def page(self) -> Path:
        """The map of the demand and the lines of the airports, from the documents."""
        search, path = self.run.service(OpenSearchService), self.run.folder / PAGE
        demand, durations = (
            [document["_source"] for document in search.documents(index)] for index in (PICKUP_COUNT, TRIP_DURATION)
        )
        page.write(path, demand=demand, durations=durations)
        return path


def _is_in_new_york(ride: bytes) -> bool:
    fields = json.loads(ride.decode("utf-8-sig"))
    return all(NEW_YORK.contains(fields[f"{end}_latitude"], fields[f"{end}_longitude"]) for end in ENDS)


def broken_rides() -> list[bytes]:
    """A few of the shipped rides, broken in several ways."""
    return broken(
        SHIPPED_RIDES,
        every=1000,
        replacements=(
            (b'"total_amount"', b'"total"'),
            (b'"pickup_latitude":', b'"pickup_latitude":9'),
            (b'"pickup_datetime":', b'"pickup_datetime":9'),
            (b'"dropoff_longitude":', b'"dropoff_longitude":null,"was":'),
        ),
    )
