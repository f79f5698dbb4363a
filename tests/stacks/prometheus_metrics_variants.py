"""The contexts of the Prometheus metrics that the tests look at, and those whose templates are kept whole."""

from __future__ import annotations

from typing import Any

TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:pager"
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "own-vpc": {"prometheus-metrics.vpc": "true"},
    "own-vpc-with-nat": {"prometheus-metrics.vpc": "true", "prometheus-metrics.nat-gateways": "1"},
    "more-load": {
        "prometheus-metrics.parallelism": "4",
        "prometheus-metrics.sources": "1000",
        "prometheus-metrics.pause-millis": "10",
        "prometheus-metrics.min-samples": "50",
        "prometheus-metrics.max-samples": "100",
        "prometheus-metrics.sink-parallelism-divisor": "2",
        "prometheus-metrics.max-retries": "20",
    },
    "without-rules-under-a-name": {
        "prometheus-metrics.rules": "false",
        "prometheus-metrics.workspace-alias": "load test",
    },
    "not-started-and-gone": {
        "prometheus-metrics.start": "false",
        "prometheus-metrics.retain": "false",
        "stage": "load",
    },
    "alarms-to-a-topic": {"prometheus-metrics.alarm-topic-arn": TOPIC_ARN},
}
#: Together they have every kind of resource.
WHOLE = ("default", "own-vpc-with-nat", "not-started-and-gone")
