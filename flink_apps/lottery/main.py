"""Starts the job: reads the property groups, supplies the real sources and sinks."""

from __future__ import annotations

import dataclasses

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_apps.common.properties import PropertyGroups, read_property_groups
from flink_apps.common.start import start
from flink_apps.common.tables import (
    ARRIVAL,
    JSON,
    RAW_JSON,
    Connector,
    Format,
    kafka_sink,
    kafka_source,
    kinesis_sink,
    kinesis_source,
)
from flink_apps.lottery import job, schema
from flink_apps.lottery.settings import Kafka, Settings


def sources(settings: Settings, groups: PropertyGroups) -> dict[str, Connector]:
    """The two inputs, by the job's names for them."""
    inputs = {job.LOTTERY_EVENTS: settings.streams.lottery_input, job.USER_EVENTS: settings.streams.user_input}
    return {
        table: dataclasses.replace(source, metadata=(*source.metadata, ARRIVAL))
        for table, name in inputs.items()
        for source in (_source(table, name, settings, groups),)
    }


def sinks(settings: Settings, groups: PropertyGroups) -> dict[str, Connector]:
    """The two outputs, by the job's names for them."""
    outputs = {job.WINNERS: settings.streams.winners, job.REJECTED: settings.streams.rejected}
    return {table: _sink(table, name, settings, groups) for table, name in outputs.items()}


def event_format(table: str) -> Format:
    """How the events of one of the inputs are read: an event has the fields of its type."""
    fields = schema.LOTTERY_EVENT if table == job.LOTTERY_EVENTS else schema.USER_EVENT
    optional = ";".join(column.name for column in fields if column.name != schema.TYPE)
    return dataclasses.replace(RAW_JSON, options={"json-raw.optional-columns": optional})


def _source(table: str, name: str, settings: Settings, groups: PropertyGroups) -> Connector:
    record_format = event_format(table)
    connector = settings.connector
    if isinstance(connector, Kafka):
        return kafka_source(
            table,
            topic=name,
            group=connector.consumer_group,
            consumer=connector.consumer,
            record_format=record_format,
        )
    return kinesis_source(
        table,
        stream=name,
        region=connector.input_region,
        initial_position=connector.initial_position,
        endpoints=groups,
        record_format=record_format,
        options=connector.source_options,
    )


def _sink(table: str, name: str, settings: Settings, groups: PropertyGroups) -> Connector:
    record_format = dataclasses.replace(JSON, options={**JSON.options, "json.encode.ignore-null-fields": "true"})
    connector = settings.connector
    if isinstance(connector, Kafka):
        return kafka_sink(
            table,
            topic=name,
            key=None,
            producer=connector.producer,
            record_format=record_format,
            transactional_id_prefix=f"{connector.transactional_id_prefix}-{table}",
        )
    return kinesis_sink(
        table,
        stream=name,
        region=connector.output_region,
        partition_key="lotteryId" if table == job.WINNERS else None,
        endpoints=groups,
        options=connector.sink_options,
        record_format=record_format,
    )


def main() -> None:
    """Submit the job."""
    groups = read_property_groups()
    settings = Settings.from_property_groups(groups)
    configuration = Configuration()
    for option, value in job.options(settings).items():
        configuration.set_string(option, value)
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    table_env = StreamTableEnvironment.create(env)
    job.build(table_env, settings, sources(settings, groups), sinks(settings, groups)).execute()


if __name__ == "__main__":
    start(main)
