"""Recording rules and alert rules on the job's series, for Amazon Managed Service for Prometheus.

Names are `level:metric:operation`. The level stands for the labels that remain: `workspace` has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flink_apps.prometheus_metrics.schema import METRICS

#: Alert if there have been no samples for this long.
SILENCE = "5m"
#: Alert if the average over all instances has been higher for this long.
HIGHEST_CPU = 0.9
HIGHEST_CPU_FOR = "10m"


def average(metric: str) -> str:
    """The name of the average of a metric over all instances."""
    return f"workspace:{metric}:avg"


def _missing(metric: str) -> dict[str, Any]:
    return {
        "alert": f"{metric}SamplesMissing",
        "expr": f"absent_over_time({metric}[{SILENCE}])",
        "labels": {"severity": "critical"},
        "annotations": {
            "summary": f"No sample of {metric} came for {SILENCE}",
            "description": "The job does not run, cannot write, or its samples are refused: its log and alarms tell.",
        },
    }


#: Groups of rules, as MetricsWorkspace.add_rules takes them.
RULES: tuple[Mapping[str, Any], ...] = (
    {
        "name": "instances",
        "interval": "1m",
        "rules": [
            *({"record": average(metric), "expr": f"avg({metric})"} for metric in METRICS),
            {
                "alert": "CPUAverageHigh",
                "expr": f"{average('CPU')} > {HIGHEST_CPU}",
                "for": HIGHEST_CPU_FOR,
                "labels": {"severity": "warning"},
                "annotations": {
                    "summary": f"The instances' average CPU is above {HIGHEST_CPU:.0%} for {HIGHEST_CPU_FOR}",
                    "description": "It is {{ $value | humanizePercentage }}: spread the load, or add instances.",
                },
            },
        ],
    },
    {"name": "samples", "interval": "1m", "rules": [_missing(metric) for metric in METRICS]},
)
