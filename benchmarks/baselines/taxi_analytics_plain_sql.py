"""What plain SQL can do of the taxi analytics: cells by rounding, no check, no dead letters, late trips dropped."""

from __future__ import annotations

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common.properties import read_property_groups
from flink_apps.common.tables import JSON, Column, Connector
from flink_apps.taxi_analytics import job, main, schema
from flink_apps.taxi_analytics.settings import Settings

HOURS = "TABLE(TUMBLE(TABLE trips, DESCRIPTOR(event_time), INTERVAL '1' HOUR))"
#: Cells are whole numbers: rounded degrees of about the size of a geohash's.
CELL = "CAST(FLOOR(pickup_latitude * 730) AS INT) AS y, CAST(FLOOR(pickup_longitude * 730) AS INT) AS x"
LARGER_CELL = "CAST(FLOOR(pickup_latitude * 180) AS INT) AS y, CAST(FLOOR(pickup_longitude * 90) AS INT) AS x"
PLACE = "CONCAT(CAST(y / {} AS STRING), ',', CAST(x / {} AS STRING))"
ID = "CONCAT_WS('-', CAST(y AS STRING), CAST(x AS STRING), {} DATE_FORMAT(window_start, 'yyyyMMddHH'))"


def run() -> None:
    """Submit the job for the folder that the property groups name."""
    groups = read_property_groups()
    settings = Settings.from_property_groups(groups)
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    table_env.get_config().set("table.local-time-zone", "UTC")
    table_env.get_config().set("pipeline.object-reuse", "true")
    source = Connector(
        table=job.TRIPS,
        options={"connector": "filesystem", "path": groups["Bench"]["folder"], **JSON.as_options()},
        metadata=(Column("event_time", "AS TO_TIMESTAMP_LTZ(dropoff_datetime, 3)"),),
    )
    table = source.create_table(schema.TRIP)
    watermark = ", WATERMARK FOR event_time AS event_time - INTERVAL '2' MINUTE) WITH"
    table_env.execute_sql(table.replace(") WITH", watermark, 1))
    sinks = main.sinks(settings)
    for name, columns in {
        job.PICKUP_COUNT: schema.PICKUP_COUNT_DOCUMENT,
        job.TRIP_DURATION: schema.TRIP_DURATION_DOCUMENT,
    }.items():
        table_env.execute_sql(sinks[name].create_table(columns))

    inside = schema.NEW_YORK.holds("pickup_latitude", "pickup_longitude")
    airports = " ".join(
        f"WHEN {box.holds('dropoff_latitude', 'dropoff_longitude')} THEN '{code}'"
        for code, box in schema.AIRPORTS.items()
    )
    hour = "CAST(window_start AS TIMESTAMP_LTZ(3))"
    statements = table_env.create_statement_set()
    statements.add_insert_sql(f"""
        INSERT INTO pickup_count SELECT {ID.format("")}, {PLACE.format("730E0", "730E0")}, trips, {hour} FROM (
          SELECT y, x, window_start, COUNT(*) AS trips
          FROM (SELECT {CELL}, window_start, window_end FROM {HOURS} WHERE {inside})
          GROUP BY window_start, window_end, y, x
        )
    """)
    place = PLACE.format("180E0", "90E0")
    statements.add_insert_sql(f"""
        INSERT INTO trip_duration
        SELECT {ID.format("airport,")}, {place}, airport, minutes, minutes / trips, {hour}
        FROM (
          SELECT y, x, airport, window_start, COUNT(*) AS trips, SUM(minutes) AS minutes
          FROM (
            SELECT {LARGER_CELL}, CASE {airports} END AS airport,
              (dropoff_datetime - pickup_datetime) / 60000E0 AS minutes, window_start, window_end
            FROM {HOURS} WHERE {inside}
          )
          WHERE airport IS NOT NULL GROUP BY window_start, window_end, y, x, airport HAVING COUNT(*) > 1
        )
    """)
    statements.execute()


if __name__ == "__main__":
    run()
