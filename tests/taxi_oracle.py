"""What taxi analytics has to find, computed in another way: pandas, and another library's geohashes."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import pygeohash

from stacks.project import SHIPPED_RIDES

MINUTE = 60_000
#: North, west, south, east.
NEW_YORK = (40.878, -74.054, 40.560, -73.722)
AIRPORTS = {"JFK": (40.654, -73.800, 40.632, -73.761), "LGA": (40.778, -73.881, 40.766, -73.859)}

Documents = dict[str, dict[str, Any]]


def lines() -> list[bytes]:
    """The shipped rides, in the order of their dropoffs."""
    found = []
    for file in sorted(SHIPPED_RIDES.glob("*.json.gz")):
        with gzip.open(file) as content:
            found += [line.rstrip(b"\n") for line in content]
    return found


def out_of_order(lines: Sequence[bytes], *, minutes: int, seed: int = 1) -> list[bytes]:
    """The same lines, none of them more than ``minutes`` of dropoff time behind a later one."""
    draws = random.Random(seed)  # noqa: S311 - an order, no secret
    return sorted(lines, key=lambda line: json.loads(line)["dropoff_datetime"] + draws.uniform(0, minutes * MINUTE))


def documents(lines: Sequence[bytes]) -> dict[str, Documents]:
    """Every document of both indices, by their ids."""
    trips = pd.DataFrame([json.loads(line) for line in lines])
    inside = _holds(NEW_YORK, trips, "pickup") & _holds(NEW_YORK, trips, "dropoff")
    trips = trips[inside].copy()
    trips["cell"] = [
        pygeohash.encode(latitude, longitude, 7)
        for latitude, longitude in zip(trips["pickup_latitude"], trips["pickup_longitude"], strict=True)
    ]
    trips["hour"] = pd.to_datetime(trips["dropoff_datetime"], unit="ms", utc=True).dt.floor("h")
    return {"pickup_count": dict(_demand(trips)), "trip_duration": dict(_durations(trips))}


def _holds(box: tuple[float, float, float, float], trips: pd.DataFrame, end: str) -> Any:
    north, west, south, east = box
    return trips[f"{end}_latitude"].between(south, north) & trips[f"{end}_longitude"].between(west, east)


def _demand(trips: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    for (cell, hour), group in trips.groupby(["cell", "hour"]):
        yield (
            f"{cell}-{hour:%Y%m%d%H}",
            {"location": cell, "pickup_count": len(group), "timestamp": hour.to_pydatetime()},
        )


def _durations(trips: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    for airport, box in AIRPORTS.items():
        rides = trips[_holds(box, trips, "dropoff")]
        for (cell, hour), group in rides.groupby([rides["cell"].str[:6], "hour"]):
            if len(group) == 1:
                continue
            minutes = (group["dropoff_datetime"] - group["pickup_datetime"]) / MINUTE
            yield (
                f"{cell}-{airport}-{hour:%Y%m%d%H}",
                {
                    "location": cell,
                    "airport_code": airport,
                    "sum_trip_duration": minutes.sum(),
                    "avg_trip_duration": minutes.mean(),
                    "timestamp": hour.to_pydatetime(),
                },
            )


def compare(found: dict[str, Documents], lines: Sequence[bytes]) -> None:
    """Assert that the documents are those of ``lines``: no more, no fewer, and each the same."""
    for index, expected in documents(lines).items():
        assert found[index].keys() == expected.keys(), index
        for key, document in expected.items():
            assert _rounded(found[index][key]) == _rounded(document), key


def _rounded(document: dict[str, Any]) -> dict[str, Any]:
    values = {name: round(value, 6) if isinstance(value, float) else value for name, value in document.items()}
    return {**values, "timestamp": pd.Timestamp(values["timestamp"])}
