"""The SQL of the job: records from the draws of each tick, some of them wrong on purpose. Without Flink."""

from __future__ import annotations

from flink_apps.common.dead_letters import RAW
from flink_apps.common.tables import Column
from flink_apps.data_generator import faults
from flink_apps.data_generator.records import RecordType
from flink_apps.data_generator.settings import Settings

#: Columns of the draws: the fault of each record, and the positions of the records to emit.
FAULTS, POSITIONS = "faults", "positions"


def generated_columns(settings: Settings) -> tuple[Column, ...]:
    """The columns of a generated record: its fields, or its key and bytes if some records are malformed."""
    columns = settings.record_type.columns
    if settings.faults.malformed:
        return (*(column for column in columns if column.name == settings.key_field), RAW)
    return columns


def generated(settings: Settings, *, ticks: str, faulty: str) -> str:
    """The query that gives :func:`generated_columns`; with faults from the view of :func:`faulty`."""
    record_type = settings.record_type
    if settings.faults.malformed:
        rows = f"(SELECT *, {faults.as_row(record_type.columns)} AS `row` FROM {faulty})"
        return f"SELECT `{settings.key_field}`, {faults.json_bytes('`row`', fault='fault')} FROM {rows}"
    if settings.faults:
        return f"SELECT {', '.join(f'`{column.name}`' for column in record_type.columns)} FROM {faulty}"
    return _records(record_type, _drawn(ticks))


def event_time(time: str) -> str:
    """The SQL expression of a time as ISO-8601 text."""
    return f"DATE_FORMAT({time}, 'yyyy-MM-dd''T''HH:mm:ss.SSS')"


def _records(record_type: RecordType, drawn: str) -> str:
    """The query that makes a row of each record."""
    names = ", ".join(column.name for column in record_type.drawn)
    arrays = ", ".join(f"tick.{column.name}" for column in record_type.drawn)
    # UNNEST takes one array, or a map. MAP_FROM_ARRAYS only wraps its two arrays, without hashing.
    draws = arrays if len(record_type.drawn) == 1 else f"MAP_FROM_ARRAYS({arrays})"
    return f"""
        SELECT {record_type.select}
        FROM (
            SELECT
                start_millis, tick.now_millis AS now_millis, {_text("tick.now_millis")} AS event_time, {draws} AS draws
            FROM {drawn}
        ) CROSS JOIN UNNEST(draws) AS records ({names})
    """


def faulty(record_type: RecordType, ticks: str) -> str:
    """The query of all records, each with the code of its fault.

    It unnests the positions of the draws, some of them twice, instead of the draws. That is slower.
    """
    late = f"{FAULTS}[slot] = {faults.code(faults.LATE)}"
    behind = f"now_millis - {faults.LATENESS_MILLIS}"
    arrays = ", ".join(f"tick.{name} AS {name}" for name in (*_names(record_type), FAULTS, POSITIONS, "now_millis"))
    draws = ", ".join(f"{name}[slot] AS {name}" for name in _names(record_type))
    return f"""
        SELECT {faults.select_list(record_type, fault="fault")}, fault
        FROM (
            SELECT
                start_millis, {draws}, {FAULTS}[slot] AS fault,
                CASE WHEN {late} THEN {behind} ELSE now_millis END AS now_millis,
                CASE WHEN {late} THEN late_time ELSE event_time END AS event_time
            FROM (
                SELECT *, {_text("now_millis")} AS event_time, {_text(behind)} AS late_time
                FROM (SELECT start_millis, {arrays} FROM {_drawn(ticks)})
            ) CROSS JOIN UNNEST({POSITIONS}) AS records (slot)
        )
    """


def _names(record_type: RecordType) -> list[str]:
    return [column.name for column in record_type.drawn]


def _text(millis: str) -> str:
    return event_time(f"TO_TIMESTAMP_LTZ({millis}, 3)")


def _drawn(ticks: str) -> str:
    return f"(SELECT start_millis, draw(start_millis, end_millis) AS tick FROM `{ticks}`)"
