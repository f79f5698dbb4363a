"""The Prometheus metrics' cases: samples into a real Prometheus, beside a plain client that sends the same batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from benchmarks import remote_write
from benchmarks.measure import Measurement, Row, measure, started, submit
from local.run import LocalRun
from local.services.prometheus import PrometheusService

SCENARIO = "prometheus-metrics"
#: More than Prometheus takes: a series a millisecond of each generator, with as many samples.
SOURCES, SAMPLES, PAUSE_MILLIS = 600, 250, 1
CLIENT = "plain client"
CLIENT_BATCHES = 4_000


def run(say: Callable[[str], None], *, long: bool = False) -> Iterator[Row]:  # noqa: ARG001 - no case takes longer
    """Measure the client, then the job at both parallelisms, each on fresh servers."""
    say(CLIENT)
    bodies = list(remote_write.batches(CLIENT_BATCHES, sources=SOURCES, samples=SAMPLES))
    with _started(1) as local:
        prometheus = local.service(PrometheusService)
        seconds = remote_write.send(prometheus.write_url, bodies)
        sent = prometheus.appended()
    yield (client := Row(scenario=SCENARIO, case=CLIENT, measured=Measurement(records_per_second=sent / seconds)))
    for parallelism in (1, 2):
        name = f"this job, parallelism {parallelism}"
        say(name)
        with _started(parallelism) as local:
            prometheus = local.service(PrometheusService)
            submit(local)
            result = measure(prometheus.appended, local.cluster.task_managers)
        yield Row(scenario=SCENARIO, case=name, parallelism=parallelism, measured=result, baseline=client)


def _started(parallelism: int) -> AbstractContextManager[LocalRun]:
    return started(
        SCENARIO,
        {
            "parallelism": parallelism,
            "sources": SOURCES,
            "pause-millis": PAUSE_MILLIS,
            "min-samples": SAMPLES,
            "max-samples": SAMPLES,
        },
    )
