from flink_apps.common.sql import interval, literal
from flink_apps.common.tables import RAW_JSON, Column, Connector, EventTime
from tests.flink_apps.sql import evaluate


def test_a_connector_and_columns_make_a_table() -> None:
    connector = Connector(table="out", options={"connector": "blackhole"}, partitioned_by=("ticker",))
    assert connector.create_table((Column("ticker", "STRING"),)) == (
        "CREATE TABLE `out` (`ticker` STRING) PARTITIONED BY (`ticker`) WITH ('connector' = 'blackhole')"
    )


def test_a_quote_in_a_value_cannot_end_the_literal() -> None:
    assert literal("it's") == "'it''s'"


def test_an_interval_is_written_from_days_to_milliseconds() -> None:
    assert interval(90_061_001) == "'1 01:01:01.001' DAY TO SECOND"


def test_a_formats_options_carry_its_name_and_the_prefix_of_their_table() -> None:
    limited = RAW_JSON.having(max_bytes="5")
    assert limited.as_options() == {"format": "json-raw", "json-raw.max-bytes": "5"}
    assert limited.as_options("value.") == {"value.format": "json-raw", "value.json-raw.max-bytes": "5"}


def test_a_record_without_a_time_has_a_watermark_before_all_times() -> None:
    event_time = EventTime(millis="`at`", out_of_order_millis=2_000)
    watermark = event_time.as_sql().partition("WATERMARK FOR `rowtime` AS ")[2]
    text = f"CAST({watermark} AS STRING)"
    values = evaluate([text], (Column("at", "BIGINT"),), [[1_700_000_000_000], [None]])
    assert values == [["2023-11-14 22:13:17.999"], ["0001-01-01 00:00:00.000"]]
