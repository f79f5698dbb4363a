"""Starts the job: reads the property groups, supplies the real source and sinks."""

from __future__ import annotations

import dataclasses

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common import dead_letters, taxi_trip
from flink_apps.common.properties import PropertyGroups, read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import (
    JSON_LINES,
    PARQUET,
    RAW_JSON,
    Connector,
    kafka_sink,
    kafka_source,
    kinesis_sink,
    kinesis_source,
    opensearch_sink,
    s3_sink,
)
from flink_apps.streaming_etl import job, schema
from flink_apps.streaming_etl.settings import (
    KafkaSource,
    KafkaTopic,
    Settings,
)


def source(settings: Settings, groups: PropertyGroups) -> Connector:
    """The one source."""
    record_format = RAW_JSON
    if settings.kinesis or settings.kafka:
        # The sink would refuse a larger record for ever.
        limit = {"json-raw.max-bytes": str(schema.LARGEST_STREAM_RECORD_BYTES)}
        record_format = dataclasses.replace(RAW_JSON, options=limit)
    if isinstance(settings.source, KafkaSource):
        return kafka_source(
            job.TRIPS,
            topic=settings.source.topic,
            group=settings.source.group,
            consumer=_client(settings.source),
            record_format=record_format,
        )
    return kinesis_source(
        job.TRIPS,
        stream=settings.source.name,
        region=settings.source.region,
        initial_position=settings.source.initial_position,
        endpoints=groups,
        record_format=record_format,
    )


def sinks(settings: Settings, groups: PropertyGroups) -> dict[str, Connector]:
    """The sinks that the settings switch on, and the dead letters, by the job's names for them."""
    chosen = {job.DEAD_LETTERS: _dead_letters(settings, groups)}
    if settings.kinesis:
        chosen[job.KINESIS] = kinesis_sink(
            job.KINESIS,
            stream=settings.kinesis.name,
            region=settings.kinesis.region,
            partition_key=taxi_trip.KEY,
            endpoints=groups,
            options={},
            record_format=RAW_JSON,
        )
    if settings.kafka:
        chosen[job.KAFKA] = kafka_sink(
            job.KAFKA,
            topic=settings.kafka.topic,
            key=taxi_trip.KEY,
            producer=_client(settings.kafka),
            record_format=RAW_JSON,
            transactional_id_prefix=settings.kafka.transactional_id_prefix,
        )
    if settings.s3:
        chosen[job.S3] = s3_sink(
            job.S3,
            bucket=settings.s3.bucket,
            prefix=settings.s3.prefix,
            partitioned_by=tuple(column.name for column in job.partition_columns(settings)),
            record_format=PARQUET if settings.s3.parquet else JSON_LINES,
        )
    if settings.search:
        columns = {"index-column": schema.INDEX, "id-column": schema.ID, "document-column": dead_letters.RAW.name}
        chosen[job.SEARCH] = opensearch_sink(job.SEARCH, settings.search, columns)
    return chosen


def _dead_letters(settings: Settings, groups: PropertyGroups) -> Connector:
    place = settings.dead_letters
    if not isinstance(place, KafkaTopic):
        return dead_letters.sink(job.DEAD_LETTERS, place, endpoints=groups)
    prefix = settings.kafka.transactional_id_prefix if settings.kafka else "streaming-etl"
    return kafka_sink(
        job.DEAD_LETTERS,
        topic=place.topic,
        key=None,
        producer=_client(place),
        transactional_id_prefix=f"{prefix}-dead-letters",
    )


def _client(topic: KafkaTopic) -> dict[str, str]:
    return {"bootstrap.servers": topic.bootstrap_servers, **topic.client}


def main() -> None:
    """Submit the job."""
    groups = read_property_groups()
    settings = Settings.from_property_groups(groups)
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    job.build(table_env, settings, {job.TRIPS: source(settings, groups)}, sinks(settings, groups)).execute()


if __name__ == "__main__":
    start(main)
