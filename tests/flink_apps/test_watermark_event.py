"""The SQL of the watermark event, evaluated by Flink."""

from __future__ import annotations

from flink_apps.common import watermark_event
from flink_apps.common.tables import Column
from stacks.project import ROOT
from tests.flink_apps.sql import evaluate

#: 2024-01-31 19:40:11.005 UTC.
MILLIS = 1_706_730_011_005
EVENT = b'{"type":"watermark","watermark":"2024-01-31T19:40:11.005Z"}'
MISSING = watermark_event.MISSING_FIELD
RECORD = (Column("raw", "BYTES"), Column("error_code", "STRING"))


def watermarks(*records: tuple[bytes, str | None]) -> list[str | None]:
    """The times of those records that are watermark events, given the codes of their errors."""
    expression = watermark_event.of_refused(raw="`raw`", error_code="error_code")
    return [row[0] for row in evaluate([expression], RECORD, [[bytearray(raw), code] for raw, code in records])]


def test_the_event_has_its_time_in_utc_to_the_millisecond() -> None:
    event = watermark_event.event("TO_TIMESTAMP_LTZ(millis, 3)")
    [[found]] = evaluate([event], [Column("millis", "BIGINT")], [[MILLIS]])
    assert bytes(found) == EVENT


def test_an_event_is_known_whatever_else_it_has() -> None:
    other = b'{ "watermark": "2024-01-31T19:40:11Z", "shard": 3, "type": "watermark" }'
    assert watermarks((EVENT, MISSING), (other, MISSING)) == ["2024-01-31T19:40:11.005Z", "2024-01-31T19:40:11Z"]


def test_other_records_that_lack_a_field_are_none() -> None:
    records = [b"{}", b'{"type":"yellow-trip"}', b'{"type":"watermark"}', b'{"watermark":"2024-01-31T19:40:11Z"}']
    assert watermarks(*((record, MISSING) for record in records)) == [None] * len(records)


def test_what_the_format_found_to_be_no_json_is_none() -> None:
    assert watermarks((EVENT + b"}", "NOT_JSON"), (b"\xff", "NOT_JSON"), (EVENT, None)) == [None] * 3


def test_the_format_has_this_code() -> None:
    codes = ROOT / "flink_apps/connectors/json/src/main/java/flinkscenarios/json/ErrorCode.java"
    assert f"\n    {watermark_event.MISSING_FIELD},\n" in codes.read_text(encoding="utf-8")
