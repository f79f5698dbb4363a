"""Data generator with one Python call per record: what most Python examples do."""

from __future__ import annotations

import random

from pyflink.table import DataTypes, EnvironmentSettings, TableEnvironment
from pyflink.table.udf import udf

from flink_apps.common.properties import read_property_groups
from flink_apps.data_generator import main, queries
from flink_apps.data_generator.records import stock_price
from flink_apps.data_generator.records.record_type import select_list
from flink_apps.data_generator.settings import Settings

RECORDS_PER_TICK = 2000


@udf(result_type=DataTypes.INT())  # type: ignore[untyped-decorator, unused-ignore] # PyFlink is untyped
def draw(_number: int) -> int:
    """One draw; called once for every record."""
    return random.randrange(stock_price.DRAWS)  # noqa: S311 - no secret


(sink,) = main.sinks(Settings.from_property_groups(read_property_groups())).values()
tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
tables.get_config().set("pipeline.object-reuse", "true")
tables.create_temporary_function("draw", draw)
tables.execute_sql(
    "CREATE TABLE ticks (start_millis BIGINT, end_millis BIGINT) WITH ('connector'='tick', 'interval'='1 ms')"
)
tables.execute_sql(sink.create_table(stock_price.STOCK_PRICE.columns))
numbers = ", ".join(str(number) for number in range(RECORDS_PER_TICK))
tables.execute_sql(f"""
    INSERT INTO `{sink.table}`
    SELECT {select_list(stock_price.fields_of(draw="drawn", event_time="event_time"))}
    FROM (
        SELECT draw(number) AS drawn, event_time
        FROM (SELECT ARRAY[{numbers}] AS numbers, {queries.event_time("CURRENT_TIMESTAMP")} AS event_time FROM ticks)
        CROSS JOIN UNNEST(numbers) AS t (number)
    )
""")
