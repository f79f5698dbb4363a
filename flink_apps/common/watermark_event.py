"""The watermark event of the replay, ``{"type":"watermark","watermark":"2024-01-31T19:40:11.000Z"}``, as SQL.

No trip with an earlier time follows it in its shard or partition.
"""

from __future__ import annotations

from flink_apps.common.sql import literal

#: The metric, in the group that the service publishes to CloudWatch: watermark events skipped, per subtask.
WATERMARK_EVENTS = "watermarkEvents"
#: The format's code for a JSON object whose only error is that a field is missing: see flink_apps/connectors/json.
MISSING_FIELD = "MISSING_FIELD"
#: The event's type, which is also the name of the field with the time.
WATERMARK = "watermark"
_ISO_8601 = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"


def event(time: str) -> str:
    """The bytes of an event with a ``time``, a TIMESTAMP_LTZ; the job's time zone has to be UTC."""
    text = f"DATE_FORMAT({time}, {literal(_ISO_8601)})"
    return f"CAST(JSON_OBJECT(KEY 'type' VALUE '{WATERMARK}', KEY '{WATERMARK}' VALUE {text}) AS BYTES)"


def time_of(record: str) -> str:
    """The time in the bytes of ``record``, as text; NULL if they are not a watermark event.

    Use it only for bytes that are known to be JSON: it does not detect text after the object.
    """
    text = f"DECODE({record}, 'UTF-8')"
    return f"CASE WHEN JSON_VALUE({text}, '$.type') = '{WATERMARK}' THEN JSON_VALUE({text}, '$.{WATERMARK}') END"


def of_refused(*, raw: str, error_code: str) -> str:
    """The SQL expression that gives the time in a watermark event, or NULL for any other record.

    Such an event lacks the fields of a trip, as ``error_code`` says. Only the bytes of such records are read.
    """
    return f"CASE WHEN {error_code} = {literal(MISSING_FIELD)} THEN {time_of(raw)} END"


def is_none(*, raw: str, error_code: str) -> str:
    """The SQL condition that a record is no watermark event; it counts the events."""
    return f"counted({of_refused(raw=raw, error_code=error_code)}, {literal(WATERMARK_EVENTS)}) IS NULL"
