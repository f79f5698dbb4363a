"""The SQL that turns a row of a file into an event; the JVM evaluates it. Without Flink."""

from __future__ import annotations

from flink_apps.common import taxi_trip, watermark_event
from flink_apps.common.sql import literal
from flink_apps.common.tables import Column
from flink_apps.replay import schema

#: The SQL names of functions, and their classes.
TYPED_JSON, TYPED_JSON_OR_TEXTS = "typed_json", "typed_json_or_texts"
FUNCTIONS = {
    TYPED_JSON: "flinkscenarios.replaysource.TypedJson",
    TYPED_JSON_OR_TEXTS: "flinkscenarios.replaysource.TypedJsonOrTexts",
}
#: The longest partition key that Kinesis takes, in characters.
LONGEST_KEY = 256


def columns(*, source_format: str, time_attribute: str, partition_key: str) -> tuple[Column, ...]:
    """The columns of the source's table; for JSON files, only the fields that the replay itself needs."""
    names: tuple[str, ...] = (time_attribute, partition_key)
    if source_format != "json":
        names += (*(column.name for column in schema.FIELDS), *schema.MORE_FIELDS)
    return tuple(Column(name, "STRING") for name in dict.fromkeys(names))


def events(
    table: str, *, source_format: str, time_attribute: str, time_zone: str, partition_key: str, watermarks: bool
) -> str:
    """The query that turns each row of ``table`` into the key and the bytes of an event.

    A line of JSON stays as it is. So does a line of CSV that is not a trip, so that its consumer sees it. A row of
    Parquet that is not a trip becomes an object with its values as texts, for the same reason. With ``watermarks`` some
    rows are watermarks, which become watermark events.
    """
    key, event = _key(partition_key), _event(source_format, time_attribute, time_zone)
    if watermarks:
        time = f"`{schema.WATERMARK.name}`"
        key = f"COALESCE(`{schema.WATERMARK_KEY.name}`, {key})"
        event = f"CASE WHEN {time} IS NULL THEN {event} ELSE {watermark_event.event(time)} END"
    return f"SELECT {key}, {event} FROM `{table}`"


def _event(source_format: str, time_attribute: str, time_zone: str) -> str:
    """The bytes of the event of a row."""
    if source_format == "json":
        return "`line`"
    if source_format == "csv":
        trip = _object(TYPED_JSON, time_zone)
        return f"CASE WHEN `{time_attribute}` IS NULL THEN `line` ELSE COALESCE({trip}, `line`) END"
    return _object(TYPED_JSON_OR_TEXTS, time_zone)


def _key(field: str) -> str:
    """A field as the sink's key; the row's number if the field cannot be a key."""
    return f"COALESCE(NULLIF(LEFT(CAST(`{field}` AS STRING), {LONGEST_KEY}), ''), CAST(`number` AS STRING))"


def _object(function: str, time_zone: str) -> str:
    declared = ", ".join(
        f"{column.name}{'?' if column in taxi_trip.SURCHARGES else ''} {_type(column, time_zone)}"
        for column in schema.FIELDS
    )
    return f"{function}({literal(declared)}, {', '.join(_text(column.name) for column in schema.FIELDS)})"


def _type(column: Column, time_zone: str) -> str:
    if column.name in schema.TIMES:
        return f"TIMESTAMP {time_zone}"
    type_ = "BIGINT" if column.type == "INT" else column.type
    codes = "|".join(f"{old}={new}" for old, new in schema.CODES.get(column.name, {}).items())
    return f"{type_} {codes}".rstrip()


def _text(field: str) -> str:
    """The text of a field: NULL or empty for a value that the file does not have."""
    text = f"`{field}`"
    if field in schema.INSTEAD:
        signs, value = schema.INSTEAD[field]
        known = " OR ".join(f"`{sign}` IS NOT NULL" for sign in signs)
        return f"COALESCE(NULLIF(TRIM({text}), ''), CASE WHEN {known} THEN {literal(value)} END)"
    if field in schema.DEFAULTS:
        return f"COALESCE(NULLIF(TRIM({text}), ''), {schema.DEFAULTS[field]})"
    return text
