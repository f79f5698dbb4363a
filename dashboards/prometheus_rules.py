"""What Amazon Managed Service for Prometheus derives of the job's series: averages to look at, and alerts.

Names are `level:metric:operation`, where the level says which labels are left: of a `workspace` none is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flink_apps.prometheus_metrics.schema import METRICS

#: How long nothing may come before that is an alert.
SILENCE = "5m"
#: How high the average over all instances may be, and for how long.
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
