"""Starts the job: reads the property groups, supplies the real source and sinks."""

from __future__ import annotations

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common import topic_limits
from flink_apps.common.ends.tick import ticks
from flink_apps.common.properties import read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import RAW_JSON, Column, Connector, Format
from flink_apps.data_generator import job
from flink_apps.data_generator.settings import Settings

#: The source's options for catching up on everything: the longest delay that it can make up for.
CATCH_UP_OPTIONS = {"catch-up": "365 d", "catch-up-downtime": "true"}

#: Far more than any record has.
LEAST_MESSAGE_BYTES = 10_000


def sources(settings: Settings) -> dict[str, Connector]:
    """The clock, by the job's name for it."""
    options = CATCH_UP_OPTIONS if settings.catch_up else {}
    return {job.TICKS: ticks(job.TICKS, interval_millis=job.TICK_MILLIS, options=options)}


def sinks(settings: Settings) -> dict[str, Connector]:
    """The sinks that the settings switch on, by the job's names for them."""
    key, chosen = settings.key_field, {}
    if settings.kinesis:
        record_format = _record_format(settings, destination=settings.kinesis.name)
        chosen[job.KINESIS] = settings.kinesis.sink(job.KINESIS, key=key, record_format=record_format)
    if settings.kafka:
        record_format = _record_format(settings, destination=settings.kafka.name)
        sink = settings.kafka.sink(job.KAFKA, key=key, record_format=record_format)
        # Keys are text for every column type: in the raw format a number would be eight bytes.
        is_text = Column(key, "STRING") in settings.record_type.columns
        chosen[job.KAFKA] = sink if is_text else sink.with_options({"key.format": "csv"})
    return chosen


def _record_format(settings: Settings, *, destination: str) -> Format:
    """The format of the records in a topic or stream."""
    if settings.faults.malformed:
        # Malformed records are not JSON, so the job encodes all records itself, as bytes.
        return RAW_JSON
    return settings.record_format.as_format(settings.record_type, destination=destination)


def main() -> None:
    """Submit the job."""
    settings = Settings.from_property_groups(read_property_groups())
    topic_limits.check((settings.kafka,), least=LEAST_MESSAGE_BYTES)
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    job.build(table_env, settings, sources(settings), sinks(settings)).execute()


if __name__ == "__main__":
    start(main)
