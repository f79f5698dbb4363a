"""The SQL of the job: from ticks to series, and from series to samples. Without Flink."""

from __future__ import annotations

from collections.abc import Iterable

from flink_apps.common.sql import literal
from flink_apps.prometheus_metrics.metrics import GENERATED_SAMPLES
from flink_apps.prometheus_metrics.schema import INSTANCE, METRICS
from flink_apps.prometheus_metrics.settings import Settings, Shares


def series(ticks: str, settings: Settings, shares: Shares) -> str:
    """A row per generator and tick. It names a series; a generator goes through its series in turn.

    ``samples`` is the number of samples. The last sample has the time of the tick.
    """
    metrics, spread = len(METRICS), settings.max_samples - settings.min_samples + 1
    turn = f"MOD(tick / {metrics}, {shares.sources_each})"
    return f"""
        SELECT
          {_array(map(literal, METRICS))}[CAST(MOD(tick, {metrics}) AS INT) + 1] AS metric_name,
          CAST(generator * {shares.sources_each} + {turn} AS INT) AS instance,
          {settings.min_samples} + RAND_INTEGER({spread}) AS samples,
          due_millis
        FROM (
          SELECT start_millis / {settings.pause_millis} AS tick, due_millis, {_numbers(shares.generators)} AS generators
          FROM `{ticks}`
        ) CROSS JOIN UNNEST(generators) AS each_generator (generator)
    """


def samples(generated: str, settings: Settings) -> str:
    """The samples of each series, a millisecond apart, in order."""
    return f"""
        SELECT
          metric_name,
          labels,
          RAND() AS `value`,
          counted(due_millis - samples + 1 + slot, {literal(GENERATED_SAMPLES)}) AS `timestamp`
        FROM (
          SELECT
            metric_name,
            MAP[{literal(INSTANCE)}, CAST(instance AS STRING)] AS labels,
            samples,
            due_millis,
            {_numbers(settings.max_samples)} AS slots
          FROM `{generated}`
        ) CROSS JOIN UNNEST(slots) AS each_slot (slot)
        WHERE slot < samples
    """


def _numbers(count: int) -> str:
    return _array(map(str, range(count)))


def _array(items: Iterable[str]) -> str:
    return f"ARRAY[{', '.join(items)}]"
