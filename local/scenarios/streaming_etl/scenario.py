"""The streaming ETL: what the source held, what each sink keeps of it, and what was refused."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import unquote

import pyarrow.parquet
from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.tree import Tree

from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.s3 import BucketPrefix
from flink_apps.streaming_etl.job import TRIPS
from flink_apps.streaming_etl.settings import Settings
from local.counts import count, dead_letters, documents, files
from local.flink.rest import Job
from local.scenarios import Outcome
from local.scenarios.trips import TripsScenario, after_accidents, reasons_of, upload_history
from local.services.s3 import S3Service
from stacks.project import ROOT

#: Trips of the project's own making: what a run replays.
SHIPPED_TRIPS = ROOT / "data" / "taxi_trips"
#: Rows of the sample, and zones of each borough in the tree, that are shown.
_SAMPLE, _ZONES = 5, 3


class StreamingEtl(TripsScenario):
    """Replays the shipped trips, and counts where each of them went."""

    source_table = TRIPS

    @cached_property
    def settings(self) -> Settings:
        """What the job is told."""
        return Settings.from_property_groups(self.run.property_groups())

    @property
    def source(self) -> KinesisStream | KafkaTopic:
        """The stream or the topic that the job reads."""
        return self.settings.source

    def prepare(self) -> None:
        """Upload the shipped trips, and a few broken ones."""
        upload_history(self.run, SHIPPED_TRIPS, broken_trips())

    def outcome(self, job: Job) -> Outcome:  # noqa: ARG002 - the sinks themselves are counted
        """Count every sink."""
        settings, counts = self.settings, {}
        if settings.kinesis:
            counts["kinesis"] = count(self.run, settings.kinesis)
        if settings.kafka:
            counts["kafka"] = count(self.run, settings.kafka)
        if settings.s3:
            counts["s3"] = sum(rows for _, rows in self.partitions(settings.s3))
        if settings.search:
            counts["opensearch"], rejected = documents(self.run)
            if rejected:
                counts["opensearch, rejected"] = rejected
        letters = sum(1 for _ in dead_letters(self.run, settings.dead_letters))
        return Outcome(records_in=self.records_in, records_out=counts, dead_letters=letters)

    def epilogue(self) -> RenderableType | None:
        """The folders of the trips in S3 with their numbers, a sample read back, and why records were refused."""
        settings = self.settings
        shown: list[RenderableType] = []
        if settings.s3:
            shown.append(_tree(settings.s3, self.partitions(settings.s3)))
            if settings.parquet:
                shown.append(_sample(self.run.service(S3Service), settings.s3))
        if table := reasons_of(dead_letters(self.run, settings.dead_letters)):
            shown.append(table)
        return Group(*shown) if shown else None

    def partitions(self, sink: BucketPrefix) -> Iterator[tuple[dict[str, str], int]]:
        """Each file of the trips: the values of its partition columns, and how many trips it has."""
        for key, rows in files(self.run, sink, parquet=self.settings.parquet):
            yield partition_values(key), rows


def broken_trips() -> list[bytes]:
    """A few trips of the shipped ones after accidents of several kinds: what dead letters look like."""
    lines = gzip.decompress(min(SHIPPED_TRIPS.iterdir()).read_bytes()).splitlines()[::500]
    return after_accidents(
        lines,
        (
            (b'"fare_amount"', b'"fair_amount"'),
            (b'"passenger_count":', b'"passenger_count":-'),
            (b'"pickup_location_id":', b'"pickup_location_id":9000'),
            (b'"trip_distance":', b'"trip_distance":"far",'),
        ),
    )


def partition_values(key: str) -> dict[str, str]:
    """The partition columns in a file's key: ``…/year=2024/…`` gives ``{"year": "2024"}``."""
    return {name: unquote(value) for name, equals, value in (part.partition("=") for part in key.split("/")) if equals}


def _tree(sink: BucketPrefix, files: Iterator[tuple[dict[str, str], int]]) -> Tree:
    """Months, boroughs and the busiest zones, with the number of trips in each."""
    levels: dict[str, dict[str, Counter[str]]] = {}
    for values, rows in files:
        month = f"year={values['year']}/month={values['month']}"
        zones = levels.setdefault(month, {}).setdefault(values["pickup_borough"], Counter())
        zones[values["pickup_zone"]] += rows
    tree = Tree(f"s3://{sink.bucket}/{sink.prefix}, by month, borough and zone of the pickup")
    for month, boroughs in sorted(levels.items()):
        branch = tree.add(f"{month}: {sum(zones.total() for zones in boroughs.values()):,} trips")
        for borough, zones in sorted(boroughs.items(), key=lambda item: -item[1].total()):
            twig = branch.add(f"{borough}: {zones.total():,} in {len(zones)} zones")
            for zone, trips in zones.most_common(_ZONES):
                twig.add(f"zone {zone}: {trips:,}")
    return tree


def _sample(s3: S3Service, sink: BucketPrefix) -> Table:
    """A few trips, read back from a Parquet file."""
    shown = ("trip_id", "pickup_datetime", "pickup_location_id", "trip_distance", "total_amount")
    table = Table(*(Column(name, overflow="fold") for name in shown), title="a sample, read back from Parquet")
    for key in s3.keys(sink.bucket, f"{sink.prefix}/")[:1]:
        rows = pyarrow.parquet.read_table(io.BytesIO(s3.read(sink.bucket, key)), columns=list(shown)).to_pylist()
        for row in rows[:_SAMPLE]:
            table.add_row(*(str(row[name]) for name in shown))
    return table
