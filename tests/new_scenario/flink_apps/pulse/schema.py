"""What a beat is."""

from __future__ import annotations

from flink_apps.common.tables import Column

#: Its place on the time line, and when it was due, in milliseconds since 1970.
BEAT = (Column("start_millis", "BIGINT"), Column("due_millis", "BIGINT"))
