"""Starts the job: reads the property groups, supplies the real source and sink."""

from __future__ import annotations

from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_apps.common import taxi_trip
from flink_apps.common.properties import PropertyGroups, read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import RAW_JSON, Connector, kafka_sink, kinesis_sink
from flink_apps.replay import job
from flink_apps.replay.settings import KinesisSink, Settings

#: How long the Kinesis sink may hold a record back. Its default of 5 s would make bursts of an even replay.
FLUSH_MILLIS = "500"


def sink(settings: Settings, groups: PropertyGroups) -> Connector:
    """The one sink; it writes the bytes that it is given."""
    if isinstance(settings.sink, KinesisSink):
        options = {"sink.flush-buffer.timeout": FLUSH_MILLIS}
        if settings.sends_watermarks:
            # Of several requests at a time, a later one may be written first.
            options["sink.requests.max-inflight"] = "1"
        return kinesis_sink(
            "kinesis",
            stream=settings.sink.stream.stream_name,
            region=settings.sink.stream.region,
            partition_key=taxi_trip.KEY,
            endpoints=groups,
            options={**options, **settings.sink.options},
            record_format=RAW_JSON,
        )
    return kafka_sink(
        "kafka",
        topic=settings.sink.topic,
        key=taxi_trip.KEY,
        producer={"bootstrap.servers": settings.sink.bootstrap_servers, **settings.sink.producer},
        record_format=RAW_JSON,
    )


def main() -> None:
    """Submit the job."""
    groups = read_property_groups()
    settings = Settings.from_property_groups(groups)
    table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    job.build(table_env, settings, {job.TRIPS: job.files(settings)}, sink(settings, groups)).execute()


if __name__ == "__main__":
    start(main)
