"""The trips in S3, as the terminal shows them: how many in each partition, and a sample."""

from __future__ import annotations

import io
from collections import Counter
from urllib.parse import unquote

import pyarrow.parquet
from rich.table import Column, Table
from rich.tree import Tree

from flink_apps.common.ends.s3 import BucketPrefix
from local.counts import files, rows_in
from local.run import LocalRun

#: Rows of the sample, and zones of each borough in the tree, that are shown.
_SAMPLE, _ZONES = 5, 3


def partition_values(key: str) -> dict[str, str]:
    """The partition columns in a file's key: ``…/year=2024/…`` gives ``{"year": "2024"}``."""
    return {name: unquote(value) for name, equals, value in (part.partition("=") for part in key.split("/")) if equals}


def tree(run: LocalRun, end: BucketPrefix) -> Tree:
    """Months, boroughs and the busiest zones, with the number of trips in each."""
    levels: dict[str, dict[str, Counter[str]]] = {}
    for key, body in files(run, end):
        values = partition_values(key)
        month = f"year={values['year']}/month={values['month']}"
        zones = levels.setdefault(month, {}).setdefault(values["pickup_borough"], Counter())
        zones[values["pickup_zone"]] += rows_in(body)
    root = Tree(f"s3://{end.bucket}/{end.prefix}, by month, borough and zone of the pickup")
    for month, boroughs in sorted(levels.items()):
        branch = root.add(f"{month}: {sum(zones.total() for zones in boroughs.values()):,} trips")
        for borough, zones in sorted(boroughs.items(), key=lambda item: -item[1].total()):
            twig = branch.add(f"{borough}: {zones.total():,} in {len(zones)} zones")
            for zone, trips in zones.most_common(_ZONES):
                twig.add(f"zone {zone}: {trips:,}")
    return root


def sample(run: LocalRun, end: BucketPrefix) -> Table:
    """A few trips, read back from a Parquet file."""
    shown = ("trip_id", "pickup_datetime", "pickup_location_id", "trip_distance", "total_amount")
    table = Table(*(Column(name, overflow="fold") for name in shown), title="a sample, read back from Parquet")
    for _, body in files(run, end):
        for row in pyarrow.parquet.read_table(io.BytesIO(body), columns=list(shown)).to_pylist()[:_SAMPLE]:
            table.add_row(*(str(row[name]) for name in shown))
        break
    return table
