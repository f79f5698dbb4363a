"""Starts the job: reads the property groups, supplies the real source and sink."""

from __future__ import annotations

import sys

from pyflink.table import StreamTableEnvironment

from flink_apps.common.arguments import Arguments
from flink_apps.common.environment import environment
from flink_apps.common.start import start
from flink_apps.common.tables import Connector
from flink_apps.prometheus_metrics import job
from flink_apps.prometheus_metrics.settings import PROPERTIES, Settings, Shares


def sources(settings: Settings) -> dict[str, Connector]:
    """The clock of the generators."""
    return {
        job.TICKS: Connector(table=job.TICKS, options={"connector": "tick", "interval": f"{settings.pause_millis} ms"})
    }


def sinks(settings: Settings, shares: Shares) -> dict[str, Connector]:
    """The workspace: see flink_apps/connectors/prometheus for the options."""
    options = {
        "connector": "prometheus-remote-write",
        "metric.endpoint-url": settings.write_url,
        "region": settings.region,
        "max-retry-count": str(settings.max_retries),
        "sink.parallelism": str(shares.sinks),
    }
    return {job.SAMPLES: Connector(table=job.SAMPLES, options=options)}


def main() -> None:
    """Submit the job, or run it right here where the arguments say so."""
    arguments = Arguments.parse(sys.argv[1:], PROPERTIES)
    settings = Settings.from_property_groups(arguments.property_groups())
    stream_env = environment(arguments.options())
    shares = settings.at(stream_env.get_parallelism())
    table_env = StreamTableEnvironment.create(stream_env)
    result = job.build(table_env, settings, shares, sources(settings), sinks(settings, shares)).execute()
    if arguments.web_ui:
        result.wait()


if __name__ == "__main__":
    start(main)
