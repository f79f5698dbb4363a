"""The streaming ETL as plain SQL: no check, no dead letters, each record decoded and encoded by Flink's own JSON."""

from __future__ import annotations

import dataclasses

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common import taxi_trip
from flink_apps.common.properties import read_property_groups
from flink_apps.common.tables import JSON, Column
from flink_apps.streaming_etl import job, main, queries, schema
from flink_apps.streaming_etl.settings import Settings


def run() -> None:
    """Submit the job for the one sink that the property groups name."""
    settings = Settings.from_property_groups(read_property_groups())
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    table_env.get_config().set("table.local-time-zone", "UTC")
    table_env.get_config().set("pipeline.object-reuse", "true")

    source = main.sources(settings)[job.TRIPS]
    plain = {key: value for key, value in source.options.items() if not key.startswith("value.")}
    source = dataclasses.replace(source, options={**plain, **JSON.as_options("value.")}, metadata=())
    table_env.execute_sql(source.create_table(taxi_trip.TRIP))
    names = ", ".join(f"`{column.name}`" for column in taxi_trip.TRIP)

    if settings.s3:
        sink = main.sinks(settings)[job.S3]
        # Flink's own Parquet, with the options of the format that hands its rows on to it.
        plain = {key.removeprefix("buffered-"): value.removeprefix("buffered-") for key, value in sink.options.items()}
        sink = dataclasses.replace(sink, options=plain)
        table_env.execute_sql(sink.create_table((*taxi_trip.TRIP, *schema.PARTITIONS)))
        values = f"{names}, {', '.join(queries.partitions(by_hour=False))}"
    else:
        sink = main.sinks(settings)[job.KAFKA]
        plain = {key: value for key, value in sink.options.items() if not key.startswith("value.")}
        options = {**plain, **JSON.as_options("value."), "value.fields-include": "EXCEPT_KEY"}
        sink = dataclasses.replace(sink, options=options, metadata=())
        table_env.execute_sql(sink.create_table((*taxi_trip.TRIP, Column(taxi_trip.KEY, "STRING"))))
        values = f"{names}, CAST(trip_id AS STRING)"
    table_env.execute_sql(f"INSERT INTO `{sink.table}` SELECT {values} FROM `{source.table}`")


if __name__ == "__main__":
    run()
