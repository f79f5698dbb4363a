"""The records that the job writes: samples of two metrics of each instance."""

from __future__ import annotations

from flink_apps.common.tables import Column

#: The metrics, with values from 0 to 1, and the label with the instance.
METRICS = ("CPU", "Memory")
INSTANCE = "InstanceId"

#: A sample, as the sink takes it: see flink_apps/connectors/prometheus. The timestamp is milliseconds since 1970.
SAMPLE = (
    Column("metric_name", "STRING"),
    Column("labels", "MAP<STRING, STRING>"),
    Column("value", "DOUBLE"),
    Column("timestamp", "BIGINT"),
)
