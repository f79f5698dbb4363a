"""Requests of remote write 1.0, read as they came: Protocol Buffers in a Snappy block.

A request is of time series (field 1); these are of labels (1), which are of name (1) and value (2), and of samples (2),
which are of value (1) and milliseconds since 1970 (2).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class TimeSeries:
    """A time series of a request."""

    labels: tuple[tuple[str, str], ...]
    """Names and values, in the order in which they were sent."""
    samples: tuple[tuple[int, float], ...]
    """Milliseconds and values, in the order in which they were sent."""


def read(body: bytes) -> list[TimeSeries]:
    """The time series of a request's body."""
    size, _ = _varint(body, 0)  # a block begins with it
    request = pa.decompress(body, decompressed_size=size, codec="snappy", asbytes=True)
    return [_time_series(content) for _, content in _fields(request)]


def _time_series(message: bytes) -> TimeSeries:
    fields = list(_fields(message))
    labels = [dict(_fields(content)) for number, content in fields if number == 1]
    samples = [dict(_fields(content)) for number, content in fields if number == 2]
    return TimeSeries(
        labels=tuple((label[1].decode(), label[2].decode()) for label in labels),
        samples=tuple((_varint(sample[2], 0)[0], struct.unpack("<d", sample[1])[0]) for sample in samples),
    )


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The numbers of a message's fields, and the bytes of their values."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:
                _, end = _varint(message, at)
            case 1:
                end = at + 8
            case _:
                length, at = _varint(message, at)
                end = at + length
        yield tag >> 3, message[at:end]
        at = end


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    number = shift = 0
    while message[at] & 128:
        number |= (message[at] & 127) << shift
        at, shift = at + 1, shift + 7
    return number | message[at] << shift, at + 1
