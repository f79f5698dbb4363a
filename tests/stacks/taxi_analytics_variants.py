"""The taxi analytics' contexts that the tests look at, and those whose templates are kept whole."""

from __future__ import annotations

from typing import Any

TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:pager"
NETWORKS = ["192.0.2.0/24", "198.51.100.7/32"]
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "on-demand": {"taxi-analytics.shards": "on-demand"},
    "twice-the-shards-without-archive": {"taxi-analytics.shards": "12", "taxi-analytics.archive": "false"},
    "without-producer": {"taxi-analytics.producer": "none"},
    "generated": {"taxi-analytics.producer": "generator", "taxi-analytics.records-per-second": "2000"},
    "without-sign-in": {"taxi-analytics.sign-in": "false"},
    "own-vpc-with-nat": {"taxi-analytics.vpc": "true", "taxi-analytics.nat-gateways": "2"},
    "allowed-networks": {"taxi-analytics.allowed-networks": ",".join(NETWORKS)},
    "history-elsewhere": {
        "taxi-analytics.replay-from": "s3://archive-of-rides/yellow/2019",
        "taxi-analytics.replay-speedup": "0.5",
    },
    "three-zones": {"taxi-analytics.search-zones": "3", "taxi-analytics.search-nodes": "6"},
    "alarms-to-a-topic": {
        "taxi-analytics.alarm-topic-arn": TOPIC_ARN,
        "taxi-analytics.dead-letters-alarm": "5",
        "taxi-analytics.late-trips-alarm": "7",
    },
    "another-hour": {
        "taxi-analytics.early-results-minutes": "60",
        "taxi-analytics.out-of-order-seconds": "600",
        "taxi-analytics.idle-seconds": "30",
        "taxi-analytics.clock-skew-seconds": "0",
    },
    "not-started-and-gone": {"taxi-analytics.start": "false", "taxi-analytics.retain": "false", "stage": "load"},
}
#: Together they have every kind of resource.
WHOLE = ("default", "not-started-and-gone")
