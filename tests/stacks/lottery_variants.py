"""The lottery's contexts that the tests look at, and those whose templates are kept whole."""

from __future__ import annotations

from typing import Any

TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:pager"
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "kafka": {"lottery.connector": "kafka"},
    "on-demand": {"lottery.shards": "on-demand"},
    "process-mode": {
        "lottery.execution-mode": "process",
        "lottery.parallelism": "8",
        "lottery.parallelism-per-kpu": "4",
        "lottery.auto-scaling": "true",
    },
    "another-game": {
        "lottery.window-seconds": "60",
        "lottery.grace-millis": "500",
        "lottery.idle-seconds": "20",
        "lottery.clock-skew-seconds": "5",
        "lottery.prizes": "3",
        "lottery.player-expiry-hours": "24",
    },
    "own-vpc-with-nat": {"lottery.vpc": "true", "lottery.nat-gateways": "1"},
    "kafka-with-nat-and-more-brokers": {
        "lottery.connector": "kafka",
        "lottery.nat-gateways": "2",
        "lottery.brokers": "4",
        "lottery.partitions": "12",
    },
    "kafka-not-started-and-gone": {
        "lottery.connector": "kafka",
        "lottery.start": "false",
        "lottery.retain": "false",
        "stage": "load",
    },
    "alarms-to-a-topic": {"lottery.alarm-topic-arn": TOPIC_ARN, "lottery.rejected-alarm": "5"},
    "scheduled-snapshots": {"lottery.snapshot-hours": "6"},
}
#: Together they have every kind of resource.
WHOLE = ("default", "scheduled-snapshots", "kafka-with-nat-and-more-brokers", "kafka-not-started-and-gone")
