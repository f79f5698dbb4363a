"""The Prometheus metrics' cases: samples into a real Prometheus, beside a plain client that sends the same batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks import remote_write
from benchmarks.measure import Measurement, Row, measure
from local.run import LocalRun
from local.runs import new_folder
from local.services.prometheus import PrometheusService
from local.synth import synthesize

SCENARIO = "prometheus-metrics"
#: More than Prometheus takes: a series a millisecond of each generator, with as many samples.
SOURCES, SAMPLES, PAUSE_MILLIS = 600, 250, 1
CLIENT = "plain client"
CLIENT_BATCHES = 4_000
WARM_UP_SECONDS, SECONDS = 10, 15


def run(say: Callable[[str], None]) -> Iterator[Row]:
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
            local.submit()
            result = measure(
                prometheus.appended,
                local.cluster.task_managers,
                warm_up_seconds=WARM_UP_SECONDS,
                seconds=SECONDS,
            )
        yield Row(scenario=SCENARIO, case=name, parallelism=parallelism, measured=result, baseline=client)


@contextmanager
def _started(parallelism: int) -> Iterator[LocalRun]:
    folder = new_folder("bench")
    context = {
        "parallelism": parallelism,
        "sources": SOURCES,
        "pause-millis": PAUSE_MILLIS,
        "min-samples": SAMPLES,
        "max-samples": SAMPLES,
    }
    keys = {f"{SCENARIO}.{key}": str(value) for key, value in context.items()}
    with LocalRun(synthesize(SCENARIO, keys, folder / "cdk.out"), folder) as local:
        local.start()
        yield local
