"""The SQL that turns a row of a file into an event; the JVM evaluates it. Without Flink."""

from __future__ import annotations

from flink_apps.common import taxi_trip, watermark_event
from flink_apps.common.sql import literal
from flink_apps.common.tables import Column
from flink_apps.replay import schema

#: The SQL name of flinkscenarios.replaysource.TypedJson.
TYPED_JSON = "typed_json"
#: The longest partition key that Kinesis takes, in characters.
LONGEST_KEY = 256


def columns(*, source_format: str, time_attribute: str, partition_key: str) -> tuple[Column, ...]:
    """The columns of the source's table; for JSON files, only the fields that the replay itself needs."""
    if source_format == "parquet":
        return taxi_trip.TRIP
    names: tuple[str, ...] = (time_attribute, partition_key)
    if source_format == "csv":
        names += (*(column.name for column in taxi_trip.TRIP), *schema.CSV_NAMES.values())
    return tuple(Column(name, "STRING") for name in dict.fromkeys(names))


def events(table: str, *, source_format: str, time_attribute: str, partition_key: str, watermarks: bool) -> str:
    """The query that turns each row of ``table`` into the key and the bytes of an event.

    A line of JSON stays as it is. So does a line of CSV that is not a trip, so that its consumer sees it. With
    ``watermarks`` some rows are watermarks, which become watermark events.
    """
    key, event = _key(partition_key), _event(source_format, time_attribute)
    if watermarks:
        time = f"`{schema.WATERMARK.name}`"
        key = f"COALESCE(`{schema.WATERMARK_KEY.name}`, {key})"
        event = f"CASE WHEN {time} IS NULL THEN {event} ELSE {watermark_event.event(time)} END"
    return f"SELECT {key}, {event} FROM `{table}`"


def _event(source_format: str, time_attribute: str) -> str:
    """The bytes of the event of a row."""
    if source_format == "json":
        return "`line`"
    if source_format == "csv":
        return f"CASE WHEN `{time_attribute}` IS NULL THEN `line` ELSE COALESCE({_object_of_texts()}, `line`) END"
    return f"CAST({_object()} AS BYTES)"


def _key(field: str) -> str:
    """A field as the sink's key; the row's number if the field cannot be a key."""
    return f"COALESCE(NULLIF(LEFT(CAST(`{field}` AS STRING), {LONGEST_KEY}), ''), CAST(`number` AS STRING))"


def _object() -> str:
    fields = ", ".join(f"KEY {literal(column.name)} VALUE {_value(column)}" for column in taxi_trip.TRIP)
    return f"JSON_OBJECT({fields} NULL ON NULL)"


def _value(column: Column) -> str:
    default = schema.DEFAULTS.get(column.name)
    return f"COALESCE(`{column.name}`, CAST({default} AS {column.type}))" if default else f"`{column.name}`"


def _object_of_texts() -> str:
    declared = ", ".join(f"{column.name} {_text_type(column)}" for column in taxi_trip.TRIP)
    values = ", ".join(_text(column.name) for column in taxi_trip.TRIP)
    return f"{TYPED_JSON}({literal(declared)}, {values})"


def _text_type(column: Column) -> str:
    if column.name in schema.TIMES:
        return "TIMESTAMP"
    return "BIGINT" if column.type == "INT" else column.type


def _text(field: str) -> str:
    if field in schema.CSV_NAMES:
        return f"COALESCE(`{field}`, `{schema.CSV_NAMES[field]}`)"
    default = schema.DEFAULTS.get(field)
    return f"COALESCE(`{field}`, CAST({default} AS STRING))" if default else f"`{field}`"
