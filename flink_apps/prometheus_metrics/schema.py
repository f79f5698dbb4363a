"""What the job writes: samples of two metrics of each instance."""

from __future__ import annotations

from flink_apps.common.tables import Column

#: The metrics, a value from 0 to 1 each, and the label that names an instance.
METRICS = ("CPU", "Memory")
INSTANCE = "InstanceId"

#: A sample, as the sink takes it: see flink_apps/connectors/prometheus. The timestamp is milliseconds since 1970.
SAMPLE = (
    Column("metric_name", "STRING"),
    Column("labels", "MAP<STRING, STRING>"),
    Column("value", "DOUBLE"),
    Column("timestamp", "BIGINT"),
)
