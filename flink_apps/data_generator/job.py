"""The pipeline: ticks, an Arrow array of draws for each, which SQL makes records of, into the sinks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyflink.table import DataTypes, StatementSet, TableEnvironment
from pyflink.table.types import DataType
from pyflink.table.udf import FunctionContext, ScalarFunction, udf

from flink_apps.common.dead_letters import RAW
from flink_apps.common.environment import prepare
from flink_apps.common.tables import Column, Connector
from flink_apps.data_generator import faults
from flink_apps.data_generator.logic import RateMeter
from flink_apps.data_generator.metrics import (
    FAULT_METRICS,
    METRIC_GROUP,
    PARALLELISM_METRIC,
    RECORD_COUNT_METRIC,
    RECORD_RATE_METRIC,
)
from flink_apps.data_generator.records import RecordType, Slice
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

#: Columns of the draws: the fault of each record, and the places of those that leave.
FAULTS, PLACES = "faults", "places"


def tick_source(settings: Settings) -> Connector:
    """The source as the settings want it."""
    return replace(TICKS, options={**TICKS.options, **CATCH_UP_OPTIONS}) if settings.catch_up else TICKS


class Draw(ScalarFunction):  # type: ignore[misc] # PyFlink is untyped
    """Per tick, the time, and arrays with the random draws for the records that are due."""

    def __init__(self, *, settings: Settings, parallelism: int) -> None:
        self._settings = settings
        self._record_type = settings.record_type
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
        if self._settings.faults:
            self._fault_counts = {fault: metrics.counter(name) for fault, name in FAULT_METRICS.items()}

    @property
    def result_type(self) -> DataType:
        """A row with ``now_millis``, and an array for each of the record type's numbers, by its name.

        With faults also arrays of the records' faults, and of the places of those that leave.
        """
        types = {"INT": DataTypes.INT(), "BIGINT": DataTypes.BIGINT()}
        columns = {drawn.name: types[drawn.type] for drawn in self._record_type.drawn}
        if self._settings.faults:
            columns |= {FAULTS: DataTypes.INT(), PLACES: DataTypes.INT()}
        arrays = [DataTypes.FIELD(name, DataTypes.ARRAY(element)) for name, element in columns.items()]
        return DataTypes.ROW([DataTypes.FIELD("now_millis", DataTypes.BIGINT()), *arrays])

    def eval(self, starts: pd.Series, ends: pd.Series) -> pd.DataFrame:
        """The loops run once a tick, never once a record."""
        import pandas

        ticks = [self._slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
        drawn = [self._record_type.draw(tick) for tick in ticks]
        leaving = sum(tick.size for tick in ticks)
        arrays = {
            column.name: [arrays[place] for arrays in drawn] for place, column in enumerate(self._record_type.drawn)
        }
        if self._settings.faults:
            wrong = [self._settings.faults.draw(tick.random, tick.size) for tick in ticks]
            arrays |= {FAULTS: [kinds for kinds, _ in wrong], PLACES: [places for _, places in wrong]}
            leaving = sum(len(places) for _, places in wrong)
            for kinds, places in wrong:
                for fault, number in faults.count(kinds, places).items():
                    self._fault_counts[fault].inc(number)
        self._count.inc(leaving)
        self._meter.mark(leaving, time.monotonic())
        return pandas.DataFrame({"now_millis": [tick.now_millis for tick in ticks], **arrays})

    def _slice(self, start: int, end: int) -> Slice:
        import numpy

        profile, seed = self._settings.profile, self._settings.seed
        return Slice(
            # A generator of its own: what a slice holds follows from its place alone, whatever came before it.
            random=numpy.random.default_rng((seed.number, start)) if seed else self._random,
            seed=seed.number if seed else 0,
            start_millis=start,
            end_millis=end,
            now_millis=seed.start_millis + end if seed else time.time_ns() // 1_000_000,
            first=profile.records_due(start_millis=0, end_millis=start),
            size=profile.records_due(start_millis=start, end_millis=end),
        )


def build(
    table_env: TableEnvironment, settings: Settings, sources: Mapping[str, Connector], sinks: Sequence[Connector]
) -> StatementSet:
    """Declare the pipeline from ``sources["ticks"]`` to every one of ``sinks``; nothing runs before ``execute()``."""
    prepare(table_env)
    config = table_env.get_config()
    # A tick waits for no other: the batch is closed before the next one is due.
    config.set("python.fn-execution.bundle.time", str(TICK_MILLIS // 2))
    # Behind schedule, a few ticks share a trip to Python. More would be quicker, but a checkpoint waits for them.
    config.set("python.fn-execution.bundle.size", "8")
    config.set("python.fn-execution.arrow.batch.size", "8")

    record_type = settings.record_type
    draw = Draw(settings=settings, parallelism=int(config.get("parallelism.default", "1")))
    table_env.create_temporary_function("draw", udf(draw, result_type=draw.result_type, func_type="pandas"))
    ticks = sources["ticks"]
    table_env.execute_sql(ticks.create_table(TICK_COLUMNS))
    drawn = f"(SELECT start_millis, draw(start_millis, end_millis) AS tick FROM `{ticks.table}`)"
    columns = record_type.columns
    if settings.faults:
        table_env.execute_sql(f"CREATE TEMPORARY VIEW faulty AS {_faulty(record_type, drawn)}")
    if settings.faults.malformed:
        # The sinks take bytes, and the key beside them.
        columns = (*(column for column in columns if column.name == settings.key_field), RAW)
        rows = f"(SELECT *, {faults.as_row(record_type.columns)} AS `row` FROM faulty)"
        generated = f"SELECT `{settings.key_field}`, {faults.json_bytes('`row`', fault='fault')} FROM {rows}"
    elif settings.faults:
        generated = f"SELECT {', '.join(f'`{column.name}`' for column in columns)} FROM faulty"
    else:
        generated = _records(record_type, drawn)
    table_env.execute_sql(f"CREATE TEMPORARY VIEW generated AS {generated}")

    statements = table_env.create_statement_set()
    for sink in sinks:
        table_env.execute_sql(sink.create_table(columns))
        statements.add_insert_sql(f"INSERT INTO `{sink.table}` SELECT * FROM generated")
    return statements


def event_time(time: str) -> str:
    """The SQL expression of a time as ISO-8601 text."""
    return f"DATE_FORMAT({time}, 'yyyy-MM-dd''T''HH:mm:ss.SSS')"


def _records(record_type: RecordType, drawn: str) -> str:
    """The query that makes a row of each record."""
    names = ", ".join(column.name for column in record_type.drawn)
    arrays = ", ".join(f"tick.{column.name}" for column in record_type.drawn)
    # UNNEST makes a row of one array's elements, or of the pairs in a map; MAP_FROM_ARRAYS only holds its two together.
    draws = arrays if len(record_type.drawn) == 1 else f"MAP_FROM_ARRAYS({arrays})"
    return f"""
        SELECT {record_type.select}
        FROM (
            SELECT
                start_millis, tick.now_millis AS now_millis, {_text("tick.now_millis")} AS event_time, {draws} AS draws
            FROM {drawn}
        ) CROSS JOIN UNNEST(draws) AS records ({names})
    """


def _faulty(record_type: RecordType, drawn: str) -> str:
    """The same with the number of each record's fault: slower, since places lead to the draws, some of them twice."""
    late = f"{FAULTS}[place] = {faults.number(faults.LATE)}"
    behind = f"now_millis - {faults.LATENESS_MILLIS}"
    arrays = ", ".join(f"tick.{name} AS {name}" for name in (*_names(record_type), FAULTS, PLACES, "now_millis"))
    draws = ", ".join(f"{name}[place] AS {name}" for name in _names(record_type))
    return f"""
        SELECT {faults.select_list(record_type, fault="fault")}, fault
        FROM (
            SELECT
                start_millis, {draws}, {FAULTS}[place] AS fault,
                CASE WHEN {late} THEN {behind} ELSE now_millis END AS now_millis,
                CASE WHEN {late} THEN late_time ELSE event_time END AS event_time
            FROM (
                SELECT *, {_text("now_millis")} AS event_time, {_text(behind)} AS late_time
                FROM (SELECT start_millis, {arrays} FROM {drawn})
            ) CROSS JOIN UNNEST({PLACES}) AS records (place)
        )
    """


def _names(record_type: RecordType) -> list[str]:
    return [column.name for column in record_type.drawn]


def _text(millis: str) -> str:
    return event_time(f"TO_TIMESTAMP_LTZ({millis}, 3)")
