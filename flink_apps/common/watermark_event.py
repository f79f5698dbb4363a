"""The watermark event of the replay, ``{"type":"watermark","watermark":"2024-01-31T19:40:11.000Z"}``: as SQL.

It says that no trip of an earlier time follows in its shard or partition.
"""

from __future__ import annotations

from flink_apps.common.tables import literal

#: The field with the time, and the type of such an event.
WATERMARK = "watermark"
_ISO_8601 = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"


def event(time: str) -> str:
    """The bytes of an event with the time that the TIMESTAMP_LTZ ``time`` is; the job's time zone has to be UTC."""
    text = f"DATE_FORMAT({time}, {literal(_ISO_8601)})"
    return f"CAST(JSON_OBJECT(KEY 'type' VALUE '{WATERMARK}', KEY '{WATERMARK}' VALUE {text}) AS BYTES)"


def time_of(record: str) -> str:
    """The time in the bytes of ``record``, as text; NULL where they are no watermark event.

    Ask only of bytes that are known to be JSON: what follows the object, this does not see.
    """
    text = f"DECODE({record}, 'UTF-8')"
    return f"CASE WHEN JSON_VALUE({text}, '$.type') = '{WATERMARK}' THEN JSON_VALUE({text}, '$.{WATERMARK}') END"
