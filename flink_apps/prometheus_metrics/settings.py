"""The application's property groups: what the stack writes and the job reads. Standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flink_apps.common.properties import Property, PropertyGroups, refuse_unknown_keys
from flink_apps.prometheus_metrics.schema import METRICS

GROUP = "FlinkApplicationProperties"


def _key(key: str, meaning: str, default: str | None = None) -> Property:
    return Property(group=GROUP, key=key, meaning=meaning, default=default)


REGION = _key("Region", "region that requests are signed for; by default the application's")
WRITE_URL = _key("PrometheusWriteUrl", "where samples are sent: a workspace's …/api/v1/remote_write; required")
DIVISOR = _key("SinkParallelismDivisor", "the sink has the application's parallelism, divided by this", "1")
MAX_RETRIES = _key(
    "MaxRequestRetryCount",
    "how often a request is repeated that may yet succeed, after up to 5 s; then the job fails",
    "2147483647",
)
MIN_SAMPLES = _key("GeneratorMinNrOfSamplesPerTimeSeries", "fewest samples of a generated series", "2")
MAX_SAMPLES = _key("GeneratorMaxNrOfSamplesPerTimeSeries", "most samples of a generated series", "10")
SOURCES = _key(
    "GeneratorNumberOfDummySources",
    "instances, each with a series of either metric; a multiple of the parallelism",
    "60",
)
PAUSE = _key("GeneratorPauseBetweenTimeSeriesMs", "milliseconds from one generated series to the next", "100")

PROPERTIES = (REGION, WRITE_URL, DIVISOR, MAX_RETRIES, MIN_SAMPLES, MAX_SAMPLES, SOURCES, PAUSE)

MAX_DIVISOR = 256
MOST_RETRIES = 2**31 - 1
MAX_SOURCES = 1_000_000
MAX_SAMPLES_PER_SERIES = 10_000
MAX_PAUSE_MILLIS = 3_600_000
#: The paths of remote write: of the managed service, and of Prometheus itself.
WRITE_PATHS = ("/api/v1/remote_write", "/api/v1/write")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run is asked to do."""

    region: str
    write_url: str
    sink_parallelism_divisor: int
    max_retries: int
    min_samples: int
    max_samples: int
    sources: int
    pause_millis: int

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Settings:
        """Read and check the property groups, or raise :class:`SettingsError`."""
        refuse_unknown_keys(groups, PROPERTIES)
        region, url = REGION.region(groups), _write_url(groups)
        workspace = re.search(r"//[^/]*\baps-workspaces[a-z-]*\.([a-z]+(?:-[a-z]+)+-[0-9]+)\.", url)
        if workspace and workspace[1] != region:
            raise WRITE_URL.error(f"be of {REGION.key}, {region}", url, "make the two agree")
        low = MIN_SAMPLES.whole_number(groups, low=1, high=MAX_SAMPLES_PER_SERIES)
        high = MAX_SAMPLES.whole_number(groups, low=1, high=MAX_SAMPLES_PER_SERIES)
        if low > high:
            raise MIN_SAMPLES.error(f"be at most {MAX_SAMPLES.key}, {high}", low, "lower it, or raise the other")
        return cls(
            region=region,
            write_url=url,
            sink_parallelism_divisor=DIVISOR.whole_number(groups, low=1, high=MAX_DIVISOR),
            max_retries=MAX_RETRIES.whole_number(groups, low=0, high=MOST_RETRIES),
            min_samples=low,
            max_samples=high,
            sources=SOURCES.whole_number(groups, low=1, high=MAX_SOURCES),
            pause_millis=PAUSE.whole_number(groups, low=1, high=MAX_PAUSE_MILLIS),
        )

    def at(self, parallelism: int) -> Shares:
        """What each of so many tasks does, or :class:`SettingsError` where they cannot share the work evenly."""
        if self.sources % parallelism:
            more = self.sources + parallelism - self.sources % parallelism
            raise SOURCES.error(f"be a multiple of the parallelism, {parallelism}", self.sources, f"write {more}, say")
        if self.sink_parallelism_divisor > parallelism:
            divisor = self.sink_parallelism_divisor
            raise DIVISOR.error(f"be at most the parallelism, {parallelism}", divisor, "lower it, or raise the other")
        room = room_millis(sources=self.sources, parallelism=parallelism, pause_millis=self.pause_millis)
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


def room_millis(*, sources: int, parallelism: int, pause_millis: int) -> int:
    """How long it takes a generator to come back to a series; its samples there are a millisecond apart."""
    return len(METRICS) * (sources // parallelism) * pause_millis


@dataclass(frozen=True, kw_only=True)
class Shares:
    """The work, divided."""

    generators: int
    sources_each: int
    sinks: int


def _write_url(groups: PropertyGroups) -> str:
    example = "write https://aps-workspaces.<region>.amazonaws.com/workspaces/<id>/api/v1/remote_write"
    url = WRITE_URL.required(groups, fix=example)
    if not re.fullmatch(r"https?://[^\s/?#@]+/[^\s?#]*", url) or not url.endswith(WRITE_PATHS):
        raise WRITE_URL.error(f"be an address that ends with {' or '.join(WRITE_PATHS)}", url, example)
    return url
