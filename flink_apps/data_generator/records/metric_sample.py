"""Samples of dummy metrics, CPU and memory of a number of instances: what a store of time series is tested with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flink_apps.common.tables import Column
from flink_apps.data_generator.records.drawing import PackedNumbers
from flink_apps.data_generator.records.record_type import Field, RecordType, Slice

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = ("CPU", "Memory")
INSTANCES = 60
#: Values of a sample, from 0 up to 1, which is not among them.
MILLIONTHS = 1_000_000

SAMPLE = PackedNumbers({"value": MILLIONTHS, "name": len(NAMES), "instance": INSTANCES})


def draw(tick: Slice) -> tuple[NDArray[Any], ...]:
    """The word of each sample; the records of the time line go round the series."""
    import numpy

    series = (tick.first + numpy.arange(tick.size)) % (len(NAMES) * INSTANCES)
    numbers = {
        "value": tick.random.integers(0, MILLIONTHS, tick.size),
        "name": series % len(NAMES),
        "instance": series // len(NAMES),
    }
    return (SAMPLE.pack(numbers),)


_NAME = f"CASE {SAMPLE.sql('name', 'sample')} WHEN 0 THEN '{NAMES[0]}' ELSE '{NAMES[1]}' END"
_INSTANCE = f"CAST({SAMPLE.sql('instance', 'sample')} AS STRING)"

METRIC_SAMPLE = RecordType(
    name="metric-sample",
    fields=(
        Field(name="name", type="STRING", sql=_NAME, meaning="`CPU` or `Memory`, in turn"),
        Field(
            name="labels",
            type="ROW<`InstanceId` STRING>",
            sql=f"CAST(ROW({_INSTANCE}) AS ROW<`InstanceId` STRING>)",
            meaning=f"one label, `InstanceId`: 0 to {INSTANCES - 1}, in turn, each with both names",
        ),
        Field(
            name="value",
            type="DOUBLE",
            sql=f"{SAMPLE.sql('value', 'sample')} / {MILLIONTHS}e0",
            meaning="0 up to 1 with at most 6 decimals, each value equally likely",
            out_of_range="2e0",
        ),
        Field(
            name="timestamp",
            type="BIGINT",
            sql="now_millis",
            meaning="when the record was made, in ms since 1970; equal for the records of one tick",
        ),
        Field(
            name="series",
            type="STRING",
            sql=f"CONCAT({_NAME}, '-', {_INSTANCE})",
            meaning="name and instance; by default the key, so that the samples of a series stay in order",
        ),
    ),
    partition_key="series",
    record_bytes=150,
    topic="metric-samples",
    draw=draw,
    drawn=(Column("sample", "BIGINT"),),
)
