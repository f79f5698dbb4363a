"""Starts the job: reads the property groups, supplies the real source and sinks."""

from __future__ import annotations

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common import dead_letters, taxi_trip, topic_limits
from flink_apps.common.ends.kafka import HEADERS, TRAVELLING
from flink_apps.common.properties import read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import ARRIVAL, JSON_LINES, PARQUET, RAW_JSON, Connector
from flink_apps.streaming_etl import job, queries, rules, schema
from flink_apps.streaming_etl.settings import Settings


def sources(settings: Settings) -> dict[str, Connector]:
    """The one source, by the job's name for it."""
    source = settings.source.source(job.TRIPS, record_format=rules.record_format(settings))
    if settings.kafka:
        source = source.with_metadata(ARRIVAL)
    if settings.copies_headers:
        source = source.with_metadata(HEADERS)
    return {job.TRIPS: source}


def sinks(settings: Settings) -> dict[str, Connector]:
    """The sinks that the settings switch on, and the dead letters, by the job's names for them."""
    chosen = {job.DEAD_LETTERS: dead_letters.sink(job.DEAD_LETTERS, settings.dead_letters)}
    if settings.kinesis:
        chosen[job.KINESIS] = settings.kinesis.sink(job.KINESIS, key=taxi_trip.KEY, record_format=RAW_JSON)
    if settings.kafka:
        topic = settings.kafka.sink(job.KAFKA, key=taxi_trip.KEY, record_format=RAW_JSON)
        chosen[job.KAFKA] = topic.with_metadata(*TRAVELLING)
    if settings.s3:
        chosen[job.S3] = settings.s3.sink(
            job.S3,
            partitioned_by=tuple(column.name for column in queries.partition_columns(settings)),
            record_format=PARQUET if settings.parquet else JSON_LINES,
        )
    if settings.search:
        columns = {"index-column": schema.INDEX, "id-column": schema.ID, "document-column": dead_letters.RAW.name}
        chosen[job.SEARCH] = settings.search.sink(job.SEARCH, columns)
    return chosen


def main() -> None:
    """Submit the job."""
    settings = Settings.from_property_groups(read_property_groups())
    topic_limits.check((settings.kafka, settings.dead_letters), least=rules.LEAST_MESSAGE_BYTES)
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    job.build(table_env, settings, sources(settings), sinks(settings)).execute()


if __name__ == "__main__":
    start(main)
