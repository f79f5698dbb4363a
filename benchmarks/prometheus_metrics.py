"""The Prometheus metrics' cases: samples into a real Prometheus, beside a plain client that sends the same batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks import remote_write
from benchmarks.measure import Row, measure
from local.run import LocalRun, new_folder
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
    baseline = sent / seconds
    yield _row(CLIENT, 1, baseline, baseline, 0)
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
        yield _row(name, parallelism, result.records_per_second, baseline, result.peak_memory_mib)


def _row(case: str, parallelism: int, speed: float, baseline: float, memory: int) -> Row:
    return Row(
        scenario=SCENARIO,
        case=case,
        parallelism=parallelism,
        records_per_second=round(speed),
        ratio=round(speed / baseline, 2),
        ratio_to=CLIENT,
        peak_memory_mib=memory,
    )


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
