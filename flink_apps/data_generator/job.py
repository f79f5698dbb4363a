"""The pipeline: ticks, an Arrow array of draws for each, which SQL makes records of, into the sinks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyflink.table import DataTypes, StatementSet, TableEnvironment
from pyflink.table.types import DataType
from pyflink.table.udf import FunctionContext, ScalarFunction, udf

from flink_apps.common.tables import Column, Connector
from flink_apps.data_generator.logic import RateMeter
from flink_apps.data_generator.metrics import METRIC_GROUP, PARALLELISM_METRIC, RECORD_COUNT_METRIC, RECORD_RATE_METRIC
from flink_apps.data_generator.profiles import Profile
from flink_apps.data_generator.records import RecordType
from flink_apps.data_generator.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

#: Records leave in slices of this length: fine enough to look even, coarse enough that a slice costs next to nothing.
TICK_MILLIS = 20

#: The source: see flink_apps/connectors/tick.
TICKS = Connector(table="ticks", options={"connector": "tick", "interval": f"{TICK_MILLIS} ms"})
#: What the source is told besides when nothing that was missed is to be given up: as much delay as it can make up for.
CATCH_UP_OPTIONS = {"catch-up": "365 d", "catch-up-downtime": "true"}
TICK_COLUMNS = (Column("start_millis", "BIGINT"), Column("end_millis", "BIGINT"))
#: The SQL expression of the time of a tick.
EVENT_TIME = "DATE_FORMAT(CURRENT_TIMESTAMP, 'yyyy-MM-dd''T''HH:mm:ss.SSS')"


def tick_source(settings: Settings) -> Connector:
    """The source as the settings want it."""
    return replace(TICKS, options={**TICKS.options, **CATCH_UP_OPTIONS}) if settings.catch_up else TICKS


class Draw(ScalarFunction):  # type: ignore[misc] # PyFlink is untyped
    """Per tick, the time, and arrays with the random draws for the records that are due."""

    def __init__(self, *, record_type: RecordType, profile: Profile, parallelism: int) -> None:
        self._record_type = record_type
        self._profile = profile
        self._parallelism = parallelism

    def open(self, function_context: FunctionContext) -> None:
        """Register the metrics; called once in each subtask."""
        import numpy

        self._random = numpy.random.default_rng()
        self._meter = RateMeter()
        metrics = function_context.get_metric_group().add_group(METRIC_GROUP)
        self._count = metrics.counter(RECORD_COUNT_METRIC)
        metrics.gauge(RECORD_RATE_METRIC, lambda: self._meter.records_per_second)
        metrics.gauge(PARALLELISM_METRIC, lambda: self._parallelism)

    @property
    def result_type(self) -> DataType:
        """A row with ``now_millis``, and an array for each of the record type's numbers, by its name."""
        types = {"INT": DataTypes.INT(), "BIGINT": DataTypes.BIGINT()}
        arrays = [DataTypes.FIELD(drawn.name, DataTypes.ARRAY(types[drawn.type])) for drawn in self._record_type.drawn]
        return DataTypes.ROW([DataTypes.FIELD("now_millis", DataTypes.BIGINT()), *arrays])

    def eval(self, starts: pd.Series, ends: pd.Series) -> pd.DataFrame:
        """The loops run once a tick, never once a record."""
        import pandas

        sizes = [
            self._profile.records_due(start_millis=int(start), end_millis=int(end))
            for start, end in zip(starts, ends, strict=True)
        ]
        self._count.inc(sum(sizes))
        self._meter.mark(sum(sizes), time.monotonic())
        ticks = [self._record_type.draw(self._random, size) for size in sizes]
        arrays = zip(*ticks, strict=True)
        return pandas.DataFrame(
            {
                "now_millis": [time.time_ns() // 1_000_000] * len(sizes),
                **{drawn.name: list(array) for drawn, array in zip(self._record_type.drawn, arrays, strict=True)},
            }
        )


def build(
    table_env: TableEnvironment, settings: Settings, sources: Mapping[str, Connector], sinks: Sequence[Connector]
) -> StatementSet:
    """Declare the pipeline from ``sources["ticks"]`` to every one of ``sinks``; nothing runs before ``execute()``."""
    config = table_env.get_config()
    config.set("table.local-time-zone", "UTC")
    config.set("pipeline.object-reuse", "true")
    # A tick waits for no other: the batch is closed before the next one is due.
    config.set("python.fn-execution.bundle.time", str(TICK_MILLIS // 2))
    # Behind schedule, a few ticks share a trip to Python. More would be quicker, but a checkpoint waits for them.
    config.set("python.fn-execution.bundle.size", "8")
    config.set("python.fn-execution.arrow.batch.size", "8")

    record_type = settings.record_type
    draw = Draw(
        record_type=record_type,
        profile=settings.profile,
        parallelism=int(config.get("parallelism.default", "1")),
    )
    table_env.create_temporary_function("draw", udf(draw, result_type=draw.result_type, func_type="pandas"))
    ticks = sources["ticks"]
    names = ", ".join(column.name for column in record_type.drawn)
    arrays = ", ".join(f"tick.{column.name}" for column in record_type.drawn)
    # UNNEST makes a row of one array's elements, or of the pairs in a map; MAP_FROM_ARRAYS only holds its two together.
    draws = arrays if len(record_type.drawn) == 1 else f"MAP_FROM_ARRAYS({arrays})"
    table_env.execute_sql(ticks.create_table(TICK_COLUMNS))
    table_env.execute_sql(f"""
        CREATE TEMPORARY VIEW generated AS
        SELECT {record_type.select}
        FROM (
            SELECT start_millis, tick.now_millis AS now_millis, {EVENT_TIME} AS event_time, {draws} AS draws
            FROM (SELECT start_millis, draw(start_millis, end_millis) AS tick FROM `{ticks.table}`)
        ) CROSS JOIN UNNEST(draws) AS records ({names})
    """)

    statements = table_env.create_statement_set()
    for sink in sinks:
        table_env.execute_sql(sink.create_table(record_type.columns))
        statements.add_insert_sql(f"INSERT INTO `{sink.table}` SELECT * FROM generated")
    return statements
