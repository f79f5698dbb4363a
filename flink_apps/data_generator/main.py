"""Starts the job: reads the property groups, supplies the real source and sinks."""

from __future__ import annotations

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common.properties import PropertyGroups, read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import Connector, kafka_sink, kinesis_sink
from flink_apps.data_generator import job, schema
from flink_apps.data_generator.settings import Settings


def sinks(settings: Settings, groups: PropertyGroups) -> list[Connector]:
    """The sinks that the settings switch on."""
    chosen = []
    if settings.kinesis:
        chosen.append(
            kinesis_sink(
                "kinesis",
                stream=settings.kinesis.stream,
                region=settings.kinesis.region,
                partition_key=schema.PARTITION_KEY,
                endpoints=groups,
                options=settings.kinesis.options,
            )
        )
    if settings.kafka:
        chosen.append(
            kafka_sink(
                "kafka",
                topic=settings.kafka.topic,
                key=schema.PARTITION_KEY,
                producer={"bootstrap.servers": settings.kafka.bootstrap_servers, **settings.kafka.producer},
            )
        )
    return chosen


def main() -> None:
    """Submit the job."""
    groups = read_property_groups()
    settings = Settings.from_property_groups(groups)
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    job.build(table_env, settings, {"ticks": job.TICKS}, sinks(settings, groups)).execute()


if __name__ == "__main__":
    start(main)
