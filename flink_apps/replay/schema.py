"""Where the fields of the trip event are in files of other layouts."""

from __future__ import annotations

from flink_apps.common.tables import Column

#: Fields that are times.
TIMES = ("pickup_datetime", "dropoff_datetime")

#: Another name that a field has in the CSV files of the Taxi and Limousine Commission.
CSV_NAMES = {"ratecode_id": "rate_code_id"}
#: What stands for the fields that only events have: as SQL, the row's number and the colour.
DEFAULTS = {"trip_id": "number", "type": "'yellow-trip'"}

#: What the source adds to a row: see flink_apps/connectors/replaysource.
LINE = Column("line", "BYTES NOT NULL METADATA VIRTUAL")
NUMBER = Column("number", "BIGINT NOT NULL METADATA VIRTUAL")
#: Of a row that is a watermark its time, and the key under which it goes into one shard or partition; else NULL.
WATERMARK = Column("watermark", "TIMESTAMP_LTZ(3) METADATA VIRTUAL")
WATERMARK_KEY = Column("watermark_key", "STRING METADATA FROM 'watermark-key' VIRTUAL")
