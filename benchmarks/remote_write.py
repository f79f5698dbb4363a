"""A plain client of Prometheus: as many requests as it takes, one after the other, each with samples of many series."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import pyarrow
import requests
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped] # has no stubs
from google.protobuf.message import Message  # type: ignore[import-untyped] # the same

from flink_apps.prometheus_metrics.schema import INSTANCE, METRICS

#: What the sink puts into a request, by default.
BATCH = 500
HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_FIELD = descriptor_pb2.FieldDescriptorProto


def batches(count: int, *, sources: int, samples: int) -> Iterator[bytes]:
    """Requests as the job's are: from each series in turn so many samples, a millisecond apart."""
    # All types are kept: messages do not hold those of their fields, and crash without them.
    types = _message_types()
    request_type = types["prometheus.WriteRequest"]
    series = [(metric, str(instance)) for instance in range(sources) for metric in METRICS]
    at, turn = int(time.time() * 1000), 0
    for _ in range(count):
        request = request_type()
        for _ in range(BATCH // samples):
            metric, instance = series[turn % len(series)]
            turn += 1
            if turn % len(series) == 0:
                at += samples
            for place in range(samples):
                one = request.timeseries.add()
                for name, value in (("__name__", metric), (INSTANCE, instance)):
                    one.labels.add(name=name, value=value)
                one.samples.add(value=place / samples, timestamp=at + place)
        compressed = pyarrow.compress(request.SerializeToString(), codec="snappy", asbytes=True)
        assert isinstance(compressed, bytes)  # noqa: S101 - as asked for
        yield compressed


def send(url: str, bodies: Sequence[bytes]) -> float:
    """Send the bodies over one connection; gives the seconds that it took."""
    with requests.Session() as session:
        session.headers.update(HEADERS)
        began = time.monotonic()
        for body in bodies:
            session.post(url, body, timeout=30).raise_for_status()
        return time.monotonic() - began


def _message_types() -> dict[str, type[Message]]:
    """The messages of remote write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec)."""
    file = descriptor_pb2.FileDescriptorProto(name="remote_write.proto", package="prometheus", syntax="proto3")
    messages = {
        "Label": (("name", _FIELD.TYPE_STRING), ("value", _FIELD.TYPE_STRING)),
        "Sample": (("value", _FIELD.TYPE_DOUBLE), ("timestamp", _FIELD.TYPE_INT64)),
        "TimeSeries": (("labels", "Label"), ("samples", "Sample")),
        "WriteRequest": (("timeseries", "TimeSeries"),),
    }
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields, start=1):
            if isinstance(kind, str):
                message.field.add(
                    name=field,
                    number=number,
                    label=_FIELD.LABEL_REPEATED,
                    type=_FIELD.TYPE_MESSAGE,
                    type_name=f".prometheus.{kind}",
                )
            else:
                message.field.add(name=field, number=number, label=_FIELD.LABEL_OPTIONAL, type=kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found: dict[str, type[Message]] = message_factory.GetMessageClassesForFiles([file.name], pool)
    return found
