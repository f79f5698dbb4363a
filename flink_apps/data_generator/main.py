"""Starts the job: reads the property groups, supplies the real source and sinks."""

from __future__ import annotations

from dataclasses import replace

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common.properties import PropertyGroups, read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import RAW_JSON, Column, Connector, Format, kafka_sink, kinesis_sink
from flink_apps.data_generator import job
from flink_apps.data_generator.settings import Settings


def sinks(settings: Settings, groups: PropertyGroups) -> list[Connector]:
    """The sinks that the settings switch on."""
    key = settings.key_field
    chosen = []
    if settings.kinesis:
        chosen.append(
            kinesis_sink(
                "kinesis",
                stream=settings.kinesis.stream.stream_name,
                region=settings.kinesis.region,
                partition_key=key,
                endpoints=groups,
                options=settings.kinesis.options,
                record_format=record_format(settings, destination=settings.kinesis.stream.stream_name),
            )
        )
    if settings.kafka:
        chosen.append(
            with_text_key(
                kafka_sink(
                    "kafka",
                    topic=settings.kafka.topic,
                    key=key,
                    producer={"bootstrap.servers": settings.kafka.bootstrap_servers, **settings.kafka.producer},
                    record_format=record_format(settings, destination=settings.kafka.topic),
                ),
                settings,
            )
        )
    return chosen


def record_format(settings: Settings, *, destination: str) -> Format:
    """How records are written to a topic or stream."""
    if settings.faults.malformed:
        # Text that is no JSON: the job writes it, and all others beside it, as bytes.
        return RAW_JSON
    return settings.written.as_format(settings.record_type, destination=destination)


def with_text_key(kafka: Connector, settings: Settings) -> Connector:
    """The sink with keys that are text, whatever the column's type: a raw number would be its eight bytes."""
    if Column(settings.key_field, "STRING") in settings.record_type.columns:
        return kafka
    return replace(kafka, options={**kafka.options, "key.format": "csv"})


def main() -> None:
    """Submit the job."""
    groups = read_property_groups()
    settings = Settings.from_property_groups(groups)
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    job.build(table_env, settings, {"ticks": job.tick_source(settings)}, sinks(settings, groups)).execute()


if __name__ == "__main__":
    start(main)
