"""The pipeline: an Arrow UDF draws an array per tick, SQL turns it into records, and the sinks write them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyflink.table import DataTypes, StatementSet, TableEnvironment
from pyflink.table.types import DataType
from pyflink.table.udf import FunctionContext, ScalarFunction, udf

from flink_apps.common.ends.tick import END, START
from flink_apps.common.environment import insert, parallelism, prepare
from flink_apps.common.options_in_code import where_allowed
from flink_apps.common.tables import Connector
from flink_apps.data_generator import faults, queries
from flink_apps.data_generator.logic import RateMeter
from flink_apps.data_generator.metrics import (
    FAULT_METRICS,
    METRIC_GROUP,
    PARALLELISM_METRIC,
    RECORD_COUNT_METRIC,
    RECORD_RATE_METRIC,
)
from flink_apps.data_generator.queries import FAULTS, POSITIONS
from flink_apps.data_generator.records import Slice
from flink_apps.data_generator.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

#: The length of a slice: short enough for an even rate, long enough to make the cost per slice negligible.
TICK_MILLIS = 20

#: The names under which ``sources`` and ``sinks`` hold their tables.
TICKS, KINESIS, KAFKA = "ticks", "kinesis", "kafka"

_FAULTY, _GENERATED = "faulty", "generated"


class Draw(ScalarFunction):  # type: ignore[misc] # PyFlink is untyped
    """Returns, per tick, its time and arrays with the random draws of the due records."""

    def __init__(self, *, settings: Settings, parallelism: int) -> None:
        self._settings = settings
        self._record_type = settings.record_type
        self._parallelism = parallelism

    def open(self, function_context: FunctionContext) -> None:
        """Register the metrics; Flink calls it once per subtask."""
        import numpy

        self._random = numpy.random.default_rng()
        self._meter = RateMeter()
        metrics = function_context.get_metric_group().add_group(METRIC_GROUP)
        self._count = metrics.counter(RECORD_COUNT_METRIC)
        metrics.gauge(RECORD_RATE_METRIC, lambda: self._meter.records_per_second)
        metrics.gauge(PARALLELISM_METRIC, lambda: self._parallelism)
        if self._settings.faults:
            self._fault_counts = {fault: metrics.counter(name) for fault, name in FAULT_METRICS.items()}

    @property
    def result_type(self) -> DataType:
        """The type of the result: a row with ``now_millis``, and an array for each number of the record type, by name.

        With faults there are two more arrays: the records' faults, and the positions of the records to emit.
        """
        types = {"INT": DataTypes.INT(), "BIGINT": DataTypes.BIGINT()}
        columns = {drawn.name: types[drawn.type] for drawn in self._record_type.drawn}
        if self._settings.faults:
            columns |= {FAULTS: DataTypes.INT(), POSITIONS: DataTypes.INT()}
        arrays = [DataTypes.FIELD(name, DataTypes.ARRAY(element)) for name, element in columns.items()]
        return DataTypes.ROW([DataTypes.FIELD("now_millis", DataTypes.BIGINT()), *arrays])

    def eval(self, starts: pd.Series, ends: pd.Series) -> pd.DataFrame:
        """Draw the records of some ticks; the loops run per tick, never per record."""
        import pandas

        ticks = [self._slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
        drawn = [self._record_type.draw(tick) for tick in ticks]
        leaving = sum(tick.size for tick in ticks)
        arrays = {
            column.name: [arrays[position] for arrays in drawn]
            for position, column in enumerate(self._record_type.drawn)
        }
        if self._settings.faults:
            wrong = [self._settings.faults.draw(tick.random, tick.size) for tick in ticks]
            arrays |= {FAULTS: [kinds for kinds, _ in wrong], POSITIONS: [positions for _, positions in wrong]}
            leaving = sum(len(positions) for _, positions in wrong)
            for kinds, positions in wrong:
                for fault, number in faults.count(kinds, positions).items():
                    self._fault_counts[fault].inc(number)
        self._count.inc(leaving)
        self._meter.mark(leaving, time.monotonic())
        return pandas.DataFrame({"now_millis": [tick.now_millis for tick in ticks], **arrays})

    def _slice(self, start: int, end: int) -> Slice:
        import numpy

        profile, seed = self._settings.profile, self._settings.seed
        return Slice(
            # A random generator per slice: the slice's records depend only on its position, not on earlier slices.
            random=numpy.random.default_rng((seed.number, start)) if seed else self._random,
            seed=seed.number if seed else 0,
            start_millis=start,
            end_millis=end,
            now_millis=seed.start_millis + end if seed else time.time_ns() // 1_000_000,
            first=profile.records_due(start_millis=0, end_millis=start),
            size=profile.records_due(start_millis=start, end_millis=end),
        )


def build(
    table_env: TableEnvironment,
    settings: Settings,
    sources: Mapping[str, Connector],
    sinks: Mapping[str, Connector],
) -> StatementSet:
    """Declare the pipeline from ``sources["ticks"]`` to every one of ``sinks``; nothing runs before ``execute()``."""
    prepare(table_env)
    batches = {
        # A tick does not wait for others: its batch is closed before the next tick is due.
        "python.fn-execution.bundle.time": str(TICK_MILLIS // 2),
        # Behind schedule, a few ticks share a batch. More would be faster, but a checkpoint waits for them.
        "python.fn-execution.bundle.size": "8",
        "python.fn-execution.arrow.batch.size": "8",
    }
    for option, value in where_allowed(batches).items():
        table_env.get_config().set(option, value)

    draw = Draw(settings=settings, parallelism=parallelism(table_env))
    table_env.create_temporary_function("draw", udf(draw, result_type=draw.result_type, func_type="pandas"))
    ticks = sources[TICKS]
    table_env.execute_sql(ticks.create_table((START, END)))
    if settings.faults:
        table_env.execute_sql(f"CREATE TEMPORARY VIEW {_FAULTY} AS {queries.faulty(settings.record_type, ticks.table)}")
    generated = queries.generated(settings, ticks=ticks.table, faulty=_FAULTY)
    table_env.execute_sql(f"CREATE TEMPORARY VIEW {_GENERATED} AS {generated}")

    for sink in sinks.values():
        table_env.execute_sql(sink.create_table(queries.generated_columns(settings)))
    chosen = {sink.table: f"SELECT * FROM {_GENERATED}" for sink in sinks.values()}
    return insert(table_env, chosen, connectors=[ticks, *sinks.values()])
