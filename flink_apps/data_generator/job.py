"""The pipeline: ticks, an Arrow batch of draws for each, a record for each draw, into the sinks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyflink.table import DataTypes, StatementSet, TableEnvironment
from pyflink.table.udf import FunctionContext, ScalarFunction, udf

from flink_apps.common.tables import Column, Connector
from flink_apps.data_generator import schema
from flink_apps.data_generator.logic import RateMeter, records_due
from flink_apps.data_generator.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

#: Records leave in slices of this length: fine enough to look even, coarse enough that a slice costs next to nothing.
TICK_MILLIS = 20

#: The source: see flink_apps/connectors/tick.
TICKS = Connector(table="ticks", options={"connector": "tick", "interval": f"{TICK_MILLIS} ms"})
TICK_COLUMNS = (Column("start_millis", "BIGINT"), Column("end_millis", "BIGINT"))

#: The managed service hands the metrics of this group on to CloudWatch.
METRIC_GROUP = "kinesisanalytics"
RECORD_COUNT_METRIC = "generatedRecordCount"
RECORD_RATE_METRIC = "generatedRecordRatePerParallelism"
PARALLELISM_METRIC = "taskParallelism"


class Draw(ScalarFunction):  # type: ignore[misc] # PyFlink is untyped
    """Per tick, an array with a random draw for each record that is due."""

    def __init__(self, *, records_per_second: int, parallelism: int) -> None:
        self._records_per_second = records_per_second
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

    def eval(self, starts: pd.Series, ends: pd.Series) -> pd.Series:
        """The loop runs once a tick, never once a record."""
        import pandas

        sizes = [
            records_due(records_per_second=self._records_per_second, start_millis=int(start), end_millis=int(end))
            for start, end in zip(starts, ends, strict=True)
        ]
        self._count.inc(sum(sizes))
        self._meter.mark(sum(sizes), time.monotonic())
        return pandas.Series([self._random.integers(0, schema.DRAWS, size, dtype="int32") for size in sizes])


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

    draw = Draw(
        records_per_second=settings.records_per_second,
        parallelism=int(config.get("parallelism.default", "1")),
    )
    table_env.create_temporary_function(
        "draw", udf(draw, result_type=DataTypes.ARRAY(DataTypes.INT()), func_type="pandas")
    )
    ticks = sources["ticks"]
    table_env.execute_sql(ticks.create_table(TICK_COLUMNS))
    table_env.execute_sql(f"""
        CREATE TEMPORARY VIEW stock_prices AS
        SELECT {schema.columns_of(draw="draw", event_time="event_time")}
        FROM (
            SELECT draw(start_millis, end_millis) AS draws, {schema.EVENT_TIME} AS event_time
            FROM `{ticks.table}`
        ) CROSS JOIN UNNEST(draws) AS records (draw)
    """)

    statements = table_env.create_statement_set()
    for sink in sinks:
        table_env.execute_sql(sink.create_table(schema.COLUMNS))
        statements.add_insert_sql(f"INSERT INTO `{sink.table}` SELECT * FROM stock_prices")
    return statements
