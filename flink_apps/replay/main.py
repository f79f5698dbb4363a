"""Starts the job: reads the property groups, supplies the real source and sink."""

from __future__ import annotations

import dataclasses

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common import taxi_trip, topic_limits
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.properties import read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import RAW_JSON, Connector
from flink_apps.replay import job
from flink_apps.replay.settings import Settings

#: The longest time that the Kinesis sink buffers a record. Its default of 5 s would turn an even replay into bursts.
FLUSH_MILLIS = "500"


def sources(settings: Settings) -> dict[str, Connector]:
    """The files, by the job's name for them."""
    return {job.TRIPS: job.files(settings)}


def sinks(settings: Settings) -> dict[str, Connector]:
    """The one sink, by the job's name for it; it writes the bytes of the events."""
    sink = settings.sink
    if isinstance(sink, KinesisStream):
        options = {"sink.flush-buffer.timeout": FLUSH_MILLIS}
        if settings.sends_watermarks:
            # With several requests in flight, a later one may be written first.
            options["sink.requests.max-inflight"] = "1"
        sink = dataclasses.replace(sink, options={**options, **sink.options})
    return {job.EVENTS: sink.sink(job.EVENTS, key=taxi_trip.KEY, record_format=RAW_JSON)}


def main() -> None:
    """Submit the job."""
    settings = Settings.from_property_groups(read_property_groups())
    topic_limits.check((settings.sink,))
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    job.build(table_env, settings, sources(settings), sinks(settings)).execute()


if __name__ == "__main__":
    start(main)
