"""Starts the job: reads the property groups, supplies the real source and sink."""

from __future__ import annotations

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common.ends.tick import ticks
from flink_apps.common.properties import read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import Connector
from flink_apps.pulse import job
from flink_apps.pulse.settings import Settings


def sources(settings: Settings) -> dict[str, Connector]:
    """The clock, by the job's name for it."""
    return {job.TICKS: ticks(job.TICKS, interval_millis=settings.interval_millis)}


def sinks(settings: Settings) -> dict[str, Connector]:
    """The stream, by the job's name for it."""
    return {job.BEATS: settings.sink.sink(job.BEATS, key=None)}


def main() -> None:
    """Submit the job."""
    settings = Settings.from_property_groups(read_property_groups())
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    job.build(table_env, settings, sources(settings), sinks(settings)).execute()


if __name__ == "__main__":
    start(main)
