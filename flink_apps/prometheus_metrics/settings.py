"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from flink_apps.common.aws import REGION
from flink_apps.common.ends.prometheus import MAX_RETRIES, WRITE_URL, PrometheusOptions, PrometheusWorkspace
from flink_apps.common.options import Group, integer, refuse_unknown_keys
from flink_apps.common.properties import PropertyGroups
from flink_apps.prometheus_metrics.schema import METRICS

GROUP = "FlinkApplicationProperties"

_option = Group(GROUP)

WORKSPACE = PrometheusOptions(
    region=_option("Region", REGION, "region that the requests are signed for; by default the application's"),
    write_url=_option(
        "PrometheusWriteUrl", WRITE_URL, "remote write URL of the workspace: …/api/v1/remote_write; required"
    ),
    max_retries=_option(
        "MaxRequestRetryCount",
        MAX_RETRIES,
        "most retries of a retryable request, at most 5 s apart; after the last one the job fails",
        2**31 - 1,
    ),
)
DIVISOR = _option(
    "SinkParallelismDivisor", integer(1, 256), "the sink's parallelism is the application's, divided by this", 1
)
_SAMPLES = integer(1, 10_000)
MIN_SAMPLES = _option("GeneratorMinNrOfSamplesPerTimeSeries", _SAMPLES, "fewest samples of a series at a time", 2)
MAX_SAMPLES = _option("GeneratorMaxNrOfSamplesPerTimeSeries", _SAMPLES, "most samples of a series at a time", 10)
SOURCES = _option(
    "GeneratorNumberOfDummySources",
    integer(1, 1_000_000),
    "number of instances, each with one series for CPU and one for memory; a multiple of the parallelism",
    60,
)
PAUSE = _option(
    "GeneratorPauseBetweenTimeSeriesMs",
    integer(1, 3_600_000),
    "milliseconds between two series of a generator",
    100,
)

#: Every option of the job, in the order of the README's table.
OPTIONS = (*WORKSPACE.all(), DIVISOR, MIN_SAMPLES, MAX_SAMPLES, SOURCES, PAUSE)
#: Groups whose other keys are passed on, and to whom.
PASSED_ON: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The checked settings of one run."""

    workspace: PrometheusWorkspace
    sink_parallelism_divisor: int
    min_samples: int
    max_samples: int
    sources: int
    pause_millis: int

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups.

        Raises:
            SettingsError: A property is invalid.

        """
        refuse_unknown_keys(groups, OPTIONS)
        low, high = MIN_SAMPLES.read(groups), MAX_SAMPLES.read(groups)
        if low > high:
            raise MAX_SAMPLES.error(f"be at least {MIN_SAMPLES.key}, {low}", high, "raise it, or lower the other")
        return cls(
            workspace=WORKSPACE.read(groups),
            sink_parallelism_divisor=DIVISOR.read(groups),
            min_samples=low,
            max_samples=high,
            sources=SOURCES.read(groups),
            pause_millis=PAUSE.read(groups),
        )

    def at(self, parallelism: int) -> Shares:
        """The share of each task at a parallelism.

        Raises:
            SettingsError: The tasks cannot share the work evenly.

        """
        if self.sources % parallelism:
            more = self.sources + parallelism - self.sources % parallelism
            raise SOURCES.error(f"be a multiple of the parallelism, {parallelism}", self.sources, f"write {more}, say")
        if self.sink_parallelism_divisor > parallelism:
            divisor = self.sink_parallelism_divisor
            raise DIVISOR.error(f"be at most the parallelism, {parallelism}", divisor, "lower it, or raise the other")
        room = len(METRICS) * (self.sources // parallelism) * self.pause_millis
        if self.max_samples > room:
            raise MAX_SAMPLES.error(
                f"be at most {room}, the milliseconds until a series is next: each sample has one of its own",
                self.max_samples,
                f"lower it, or raise {PAUSE.key} or {SOURCES.key}",
            )
        return Shares(
            generators=parallelism,
            sources_each=self.sources // parallelism,
            sinks=parallelism // self.sink_parallelism_divisor,
        )


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How the work is divided: the number of generators, the sources of each, and the sink's tasks."""

    generators: int
    sources_each: int
    sinks: int
