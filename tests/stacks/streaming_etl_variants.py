"""The streaming ETL's contexts that the tests look at, and those whose templates are kept whole."""

from __future__ import annotations

import itertools
from typing import Any

SOURCES = ("kinesis", "kafka")
SINKS = ("kinesis", "kafka", "s3", "opensearch")
SETS = [sinks for count in range(1, 5) for sinks in itertools.combinations(SINKS, count)]
VARIANTS: dict[str, dict[str, Any]] = {
    f"{source}-to-{'-'.join(sinks)}": {"streaming-etl.source": source, "streaming-etl.sinks": ",".join(sinks)}
    for source in SOURCES
    for sinks in SETS
}
VARIANTS |= {
    "default": {},
    "dead-letters-to-kinesis": {"streaming-etl.sinks": "s3", "streaming-etl.dead-letters": "kinesis"},
    "dead-letters-to-kafka": {"streaming-etl.source": "kafka", "streaming-etl.dead-letters": "kafka"},
    "own-trip-types": {"streaming-etl.sinks": "opensearch", "streaming-etl.trip-types": "boat,bus-trip"},
    "without-replay": {"streaming-etl.sinks": "kinesis", "streaming-etl.replay": "false"},
    "history-elsewhere": {
        "streaming-etl.sinks": "kinesis",
        "streaming-etl.dead-letters": "kinesis",
        "streaming-etl.replay-from": "s3://archive-of-rides/yellow/2019",
    },
    "own-vpc-with-nat": {
        "streaming-etl.sinks": "s3",
        "streaming-etl.vpc": "true",
        "streaming-etl.nat-gateways": "1",
        "streaming-etl.shards": "on-demand",
    },
    "not-started-and-gone": {"streaming-etl.start": "false", "streaming-etl.retain": "false", "stage": "load"},
    "alarms-to-a-topic": {
        "streaming-etl.sinks": "s3",
        "streaming-etl.alarm-topic-arn": "arn:aws:sns:eu-west-1:123456789012:pager",
    },
}
#: Together they have every kind of resource.
WHOLE = ("default", "kafka-to-kinesis-kafka-s3-opensearch", "own-vpc-with-nat")
