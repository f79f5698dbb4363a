"""How files of other layouts map to the fields of the trip event."""

from __future__ import annotations

from flink_apps.common.tables import Column

#: Fields that are times.
TIMES = ("pickup_datetime", "dropoff_datetime")

#: Other names of fields in the CSV files of the Taxi and Limousine Commission.
CSV_NAMES = {"ratecode_id": "rate_code_id"}
#: SQL for the fields that only events have: the row's number, and the colour.
DEFAULTS = {"trip_id": "number", "type": "'yellow-trip'"}

#: Columns that the source adds to a row: see flink_apps/connectors/replaysource.
LINE = Column("line", "BYTES NOT NULL METADATA VIRTUAL")
NUMBER = Column("number", "BIGINT NOT NULL METADATA VIRTUAL")
#: The time of a watermark, and the key that routes it to one shard or partition; NULL for a trip.
WATERMARK = Column("watermark", "TIMESTAMP_LTZ(3) METADATA VIRTUAL")
WATERMARK_KEY = Column("watermark_key", "STRING METADATA FROM 'watermark-key' VIRTUAL")
