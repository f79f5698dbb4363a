"""Starts the job: reads the property groups, supplies the real source and sink."""

from __future__ import annotations

import sys

from pyflink.table import StreamTableEnvironment

from flink_apps.common.arguments import Arguments
from flink_apps.common.ends.tick import ticks
from flink_apps.common.environment import environment
from flink_apps.common.start import start
from flink_apps.common.tables import Connector
from flink_apps.prometheus_metrics import job
from flink_apps.prometheus_metrics.settings import OPTIONS, Settings, Shares


def sources(settings: Settings) -> dict[str, Connector]:
    """The clock of the generators, by the job's name for it."""
    return {job.TICKS: ticks(job.TICKS, interval_millis=settings.pause_millis)}


def sinks(settings: Settings, shares: Shares) -> dict[str, Connector]:
    """The workspace, by the job's name for it."""
    return {job.SAMPLES: settings.workspace.sink(job.SAMPLES, parallelism=shares.sinks)}


def main() -> None:
    """Submit the job, or run it in this process if the arguments ask for a web interface."""
    arguments = Arguments.parse(sys.argv[1:], OPTIONS)
    settings = Settings.from_property_groups(arguments.property_groups())
    stream_env = environment(arguments.options())
    shares = settings.at(stream_env.get_parallelism())
    table_env = StreamTableEnvironment.create(stream_env)
    result = job.build(table_env, settings, sources(settings), sinks(settings, shares)).execute()
    if arguments.web_ui:
        result.wait()


if __name__ == "__main__":
    start(main)
