"""Pulse: a beat every so often, into Kinesis."""

from __future__ import annotations

from typing import ClassVar

from constructs import Construct
from pydantic import Field

from dashboards import pulse as dashboard
from flink_apps.pulse import settings
from stacks.config import ScenarioConfig, Shards, from_option
from stacks.scenario import ScenarioStack


class PulseConfig(ScenarioConfig):
    """Context of the pulse."""

    scenario: ClassVar[str] = "pulse"

    interval_millis: int = from_option(settings.INTERVAL)
    shards: Shards = Field(default=1, description="shards of the stream, or on-demand")


class PulseStack(ScenarioStack):
    """The stream, and the job that may write to just that."""

    config_type = PulseConfig
    purpose = "A beat every so often, into Kinesis"

    def __init__(self, scope: Construct, construct_id: str, *, config: PulseConfig) -> None:
        """Declare the stream, and the application."""
        super().__init__(scope, construct_id, config=config)
        stream = self.stream("Beats", shards=config.shards, output="StreamName", description="the stream of the beats")
        application = self.add_application([self.stream_ends.sink(stream, settings.SINK_STREAM)])
        alarms = self.add_alarms(application)
        dashboard.add_sections(self.add_dashboard(dashboard.TITLE, alarms), application=application)
