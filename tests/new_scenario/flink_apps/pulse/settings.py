"""The application's property group: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from flink_apps.common.aws import KINESIS_ENDPOINT, REGION
from flink_apps.common.ends import kinesis
from flink_apps.common.ends.kinesis import KinesisOptions, KinesisStream
from flink_apps.common.options import Group, integer, refuse_unknown_keys
from flink_apps.common.properties import PropertyGroups

GROUP = "Pulse"

_option = Group(GROUP)

INTERVAL = _option("interval.millis", integer(1, 60_000), "milliseconds from one beat to the next", 100)
SINK_STREAM = KinesisOptions(
    stream=_option("output.stream", kinesis.NAME, "name of the Kinesis stream to write; required"),
    region=_option("region", REGION, "its region; by default the application's"),
)

_OWN = (INTERVAL, *SINK_STREAM.all())
#: Every option of the job, in the order of the README's table.
OPTIONS = (*_OWN, KINESIS_ENDPOINT)
#: Groups whose other keys are handed on, and to whom.
PASSED_ON: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run is asked to do."""

    interval_millis: int
    sink: KinesisStream

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property group, or raise :class:`SettingsError`."""
        refuse_unknown_keys(groups, _OWN)
        return cls(interval_millis=INTERVAL.read(groups), sink=SINK_STREAM.read(groups))
