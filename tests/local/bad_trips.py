"""Trips after an accident."""

from __future__ import annotations

from collections.abc import Callable


def bad(number: int, trip: bytes) -> bytes:
    """What is left of a trip after one of many accidents."""
    ways: list[Callable[[bytes], bytes]] = [
        lambda trip: trip[: len(trip) // 2],
        lambda trip: trip.replace(b'"fare_amount"', b'"fair_amount"'),
        lambda trip: trip.replace(b'"passenger_count":', b'"passenger_count":"one",'),
        lambda trip: trip.replace(b'"pickup_location_id":', b'"pickup_location_id":999'),
        lambda trip: trip.replace(b'"dropoff_datetime":17', b'"dropoff_datetime":16'),
        lambda trip: b"\xff\xfe" + trip,
        lambda trip: b"[" + trip + b"]",
        lambda trip: trip + b"}",
        lambda trip: trip.replace(b'"trip_distance":', b'"trip_distance":-1'),
        lambda trip: b"trip " + trip,
        lambda trip: trip.replace(b'"yellow-trip"', b'"bus-trip"'),
    ]
    return ways[number % len(ways)](trip)
