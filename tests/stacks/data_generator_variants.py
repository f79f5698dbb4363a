"""The data generator's contexts that the tests look at, and those whose templates are kept whole."""

from __future__ import annotations

from typing import Any

TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:alarms"
PROFILE = "ramp(from=0, to=6000, over=60s) then constant(rate=1000)"
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "kafka": {"data-generator.sinks": "kafka"},
    "kinesis-and-kafka": {"data-generator.sinks": "kinesis,kafka"},
    "on-demand": {"data-generator.shards": "on-demand"},
    "load": {"stage": "load", "data-generator.records-per-second": "64000", "data-generator.parallelism": "3"},
    "taxi-trips": {
        "data-generator.sinks": "kinesis,kafka",
        "data-generator.record-type": "taxi-trip",
        "data-generator.records-per-second": "64000",
    },
    "kafka-scram": {"data-generator.sinks": "kinesis,kafka", "data-generator.authentication": "scram"},
    "kafka-tls": {"data-generator.sinks": "kafka", "data-generator.authentication": "tls"},
    "kafka-unauthenticated": {"data-generator.sinks": "kafka", "data-generator.authentication": "unauthenticated"},
    "alarms-to-a-topic": {"data-generator.alarm-topic-arn": TOPIC_ARN},
    "profile": {"data-generator.profile": PROFILE, "data-generator.catch-up": "true"},
    "wrong-on-purpose": {
        "data-generator.record-type": "taxi-trip",
        "data-generator.key-field": "vendor_id",
        "data-generator.seed": "7",
        "data-generator.start-time": "2024-02-01T00:00:00Z",
        "data-generator.faults-late": "0.01",
        "data-generator.faults-duplicate": "0.25",
        "data-generator.faults-malformed": "0.02",
        "data-generator.faults-out-of-range": "0.03",
        "data-generator.records-per-second": "64000",
    },
    "avro": {
        "data-generator.format": "avro-confluent",
        "data-generator.schema-registry-url": "https://registry.example.com",
    },
    "not-started-and-gone": {
        "data-generator.sinks": "kinesis,kafka",
        "data-generator.start": "false",
        "data-generator.retain": "false",
    },
}
#: Together they have every kind of resource.
WHOLE = ("default", "kafka-scram", "taxi-trips", "not-started-and-gone")
