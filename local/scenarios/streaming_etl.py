"""The streaming ETL: what the source held, what each sink keeps of it, and what was refused."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pyarrow
import pyarrow.parquet
from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.tree import Tree

from flink_apps.common.places import REJECTED_DOCUMENTS, KinesisStream
from flink_apps.streaming_etl.job import TRIPS
from flink_apps.streaming_etl.settings import KafkaTopic, S3Sink, Settings
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios import Outcome
from local.scenarios import trips as replayed
from local.scenarios.trips import TripsScenario, after_accidents, reasons_of, upload_history
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.services.opensearch import OpenSearchService
from local.services.s3 import S3Service
from stacks.project import ROOT

#: Trips of the project's own making: what a run replays.
SHIPPED_TRIPS = ROOT / "data" / "taxi_trips"
#: Rows of the sample, and zones of each borough in the tree, that are shown.
_SAMPLE, _ZONES = 5, 3


class StreamingEtl(TripsScenario):
    """Replays the shipped trips, and counts where each of them went."""

    source_table = TRIPS

    def prepare(self, run: LocalRun) -> None:
        """Upload the shipped trips, and a few broken ones."""
        upload_history(run, SHIPPED_TRIPS, broken_trips())

    def count_source(self, run: LocalRun) -> int:
        """Read the stream or the topic."""
        source = _settings(run).source
        if isinstance(source, KinesisStream):
            return run.service(KinesisService).count(source.name)
        return run.service(KafkaService).count(source.topic)

    def outcome(self, run: LocalRun, job: Job) -> Outcome:  # noqa: ARG002 - the sinks themselves are counted
        """Count every sink."""
        settings = _settings(run)
        counts = {}
        if settings.kinesis:
            counts["kinesis"] = run.service(KinesisService).count(settings.kinesis.name)
        if settings.kafka:
            counts["kafka"] = run.service(KafkaService).count(settings.kafka.topic)
        if settings.s3:
            counts["s3"] = sum(rows for _, rows in partitions(run.service(S3Service), settings.s3))
        if settings.search:
            counts["opensearch"], rejected = documents(run.service(OpenSearchService))
            if rejected:
                counts["opensearch, refused"] = rejected
        return Outcome(
            records_in=self.records_in(run),
            records_out=counts,
            dead_letters=sum(1 for _ in dead_letters(run, settings)),
        )

    def epilogue(self, run: LocalRun) -> RenderableType | None:
        """The folders of the trips in S3 with their numbers, a sample read back, and why records were refused."""
        settings = _settings(run)
        shown: list[RenderableType] = []
        if settings.s3:
            s3 = run.service(S3Service)
            shown.append(_tree(settings.s3, partitions(s3, settings.s3)))
            if settings.s3.parquet:
                shown.append(_sample(s3, settings.s3))
        if table := reasons_of(dead_letters(run, settings)):
            shown.append(table)
        return Group(*shown) if shown else None


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


def _settings(run: LocalRun) -> Settings:
    return Settings.from_property_groups(run.property_groups())


def partitions(s3: S3Service, sink: S3Sink) -> Iterator[tuple[dict[str, str], int]]:
    """Each file of the trips: the values of its partition columns, and how many trips it has."""
    for key in s3.keys(sink.bucket, f"{sink.prefix}/"):
        body = s3.read(sink.bucket, key)
        rows = pyarrow.parquet.read_metadata(io.BytesIO(body)).num_rows if sink.parquet else body.count(b"\n")
        yield partition_values(key), rows


def partition_values(key: str) -> dict[str, str]:
    """The partition columns in a file's key: ``…/year=2024/…`` gives ``{"year": "2024"}``."""
    return {name: unquote(value) for name, equals, value in (part.partition("=") for part in key.split("/")) if equals}


def documents(search: OpenSearchService) -> tuple[int, int]:
    """How many trips are indexed, and how many documents were refused."""
    search.refresh()
    indices = [index["index"] for index in search.request("GET", "/_cat/indices", format="json")]
    trips = sum(search.count(index) for index in indices if not index.startswith(".") and index != REJECTED_DOCUMENTS)
    return trips, search.count(REJECTED_DOCUMENTS) if REJECTED_DOCUMENTS in indices else 0


def dead_letters(run: LocalRun, settings: Settings) -> Iterator[dict[str, Any]]:
    """Every dead letter, wherever they go."""
    place = settings.dead_letters
    if isinstance(place, KafkaTopic):
        for message in run.service(KafkaService).records(place.topic):
            yield json.loads(message.value() or b"{}")
    else:
        yield from replayed.dead_letters(run, place)


def _tree(sink: S3Sink, files: Iterator[tuple[dict[str, str], int]]) -> Tree:
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


def _sample(s3: S3Service, sink: S3Sink) -> Table:
    """A few trips, read back from a Parquet file."""
    shown = ("trip_id", "pickup_datetime", "pickup_location_id", "trip_distance", "total_amount")
    table = Table(*(Column(name, overflow="fold") for name in shown), title="a sample, read back from Parquet")
    for key in s3.keys(sink.bucket, f"{sink.prefix}/")[:1]:
        rows = pyarrow.parquet.read_table(io.BytesIO(s3.read(sink.bucket, key)), columns=list(shown)).to_pylist()
        for row in rows[:_SAMPLE]:
            table.add_row(*(str(row[name]) for name in shown))
    return table
