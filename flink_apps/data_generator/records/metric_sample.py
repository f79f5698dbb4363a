"""Samples of dummy metrics, CPU and memory of some instances, to test a time-series database with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flink_apps.common.tables import Column
from flink_apps.data_generator.records.drawing import PackedNumbers
from flink_apps.data_generator.records.record_type import Field, RecordType, Slice

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = ("CPU", "Memory")
INSTANCES = 60
#: A value is a number of millionths, from 0 to 1, without 1.
MILLIONTHS = 1_000_000

SAMPLE = PackedNumbers({"value": MILLIONTHS, "name": len(NAMES), "instance": INSTANCES})


def draw(tick: Slice) -> tuple[NDArray[Any], ...]:
    """Draw the packed number of each sample; successive records belong to successive series."""
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
            meaning=f"one label, `InstanceId`: 0 to {INSTANCES - 1}, in turn; each instance has both names",
        ),
        Field(
            name="value",
            type="DOUBLE",
            sql=f"{SAMPLE.sql('value', 'sample')} / {MILLIONTHS}e0",
            meaning="uniform from 0 to 1, without 1, with at most 6 decimals",
            out_of_range="2e0",
        ),
        Field(
            name="timestamp",
            type="BIGINT",
            sql="now_millis",
            meaning="when the record was made, in ms since 1970; the same for all records of a tick",
        ),
        Field(
            name="series",
            type="STRING",
            sql=f"CONCAT({_NAME}, '-', {_INSTANCE})",
            meaning="name and instance; by default the key, which keeps the samples of a series in order",
        ),
    ),
    partition_key="series",
    record_bytes=150,
    topic="metric-samples",
    draw=draw,
    drawn=(Column("sample", "BIGINT"),),
)
