"""How files of other layouts map to the fields of the trip event."""

from __future__ import annotations

from flink_apps.common import taxi_trip
from flink_apps.common.tables import Column

#: Fields that are times.
TIMES = ("pickup_datetime", "dropoff_datetime")

#: Fields of CSV and Parquet files that are no fields of the event.
PICKUP_LONGITUDE, DROPOFF_LONGITUDE, GREEN = "pickup_longitude", "dropoff_longitude", "lpep_pickup_datetime"
MORE_FIELDS = (PICKUP_LONGITUDE, DROPOFF_LONGITUDE, GREEN)

#: Names of fields in the files of the Taxi and Limousine Commission, from 2009 on. Their case does not matter.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "vendor_id": ("VendorID", "vendor_name"),
    "pickup_datetime": ("tpep_pickup_datetime", "lpep_pickup_datetime", "Trip_Pickup_DateTime"),
    "dropoff_datetime": ("tpep_dropoff_datetime", "lpep_dropoff_datetime", "Trip_Dropoff_DateTime"),
    "ratecode_id": ("RatecodeID", "rate_code_id", "rate_code"),
    "store_and_fwd_flag": ("store_and_forward",),
    "pickup_location_id": ("PULocationID",),
    "dropoff_location_id": ("DOLocationID",),
    "fare_amount": ("Fare_Amt",),
    "extra": ("surcharge",),
    "tip_amount": ("Tip_Amt",),
    "tolls_amount": ("Tolls_Amt",),
    "total_amount": ("Total_Amt",),
    PICKUP_LONGITUDE: ("Start_Lon",),
    DROPOFF_LONGITUDE: ("End_Lon",),
}

#: Codes of the commission's files until 2014, in upper case, and today's. That of DDS, which has none today, is ours.
CODES: dict[str, dict[str, str]] = {
    "vendor_id": {"CMT": "1", "VTS": "2", "DDS": "3"},
    "payment_type": {
        **dict.fromkeys(("CREDIT", "CRD", "CRE"), "1"),
        **dict.fromkeys(("CASH", "CSH", "CAS"), "2"),
        **dict.fromkeys(("NO CHARGE", "NOC", "NO"), "3"),
        **dict.fromkeys(("DISPUTE", "DIS"), "4"),
        **dict.fromkeys(("UNKNOWN", "UNK", "NA"), "5"),
    },
    "store_and_fwd_flag": {"0": "N", "0.0": "N", "1": "Y", "1.0": "Y"},
}

#: SQL for the fields that only events have, or that a file has empty: the row's number, and the colour.
DEFAULTS = {
    "trip_id": "CAST(`number` AS STRING)",
    "type": f"CASE WHEN `{GREEN}` IS NULL THEN 'yellow-trip' ELSE 'green-trip' END",
}

#: The zone of the commission that is called unknown.
UNKNOWN_ZONE = "264"
#: For a field that older files do not have: the field by which they are known, and the value.
INSTEAD: dict[str, tuple[str, str]] = {
    # Until June 2016 they have coordinates.
    "pickup_location_id": (PICKUP_LONGITUDE, UNKNOWN_ZONE),
    "dropoff_location_id": (DROPOFF_LONGITUDE, UNKNOWN_ZONE),
    # It exists since 2015.
    "improvement_surcharge": (PICKUP_LONGITUDE, "0"),
}

#: The fields that the files are read for. The surcharges are in the event only where a file has them.
FIELDS = (*taxi_trip.TRIP, *taxi_trip.SURCHARGES)


def needed() -> tuple[str, ...]:
    """The fields that a CSV or Parquet file must have; or two with ``|`` between them, of which it must have one."""
    fields = (column.name for column in taxi_trip.TRIP if column.name not in DEFAULTS)
    return tuple(f"{field}|{INSTEAD[field][0]}" if field in INSTEAD else field for field in fields)


#: Columns that the source adds to a row: see flink_apps/connectors/replaysource.
LINE = Column("line", "BYTES NOT NULL METADATA VIRTUAL")
NUMBER = Column("number", "BIGINT NOT NULL METADATA VIRTUAL")
#: The time of a watermark, and the key that routes it to one shard or partition; NULL for a trip.
WATERMARK = Column("watermark", "TIMESTAMP_LTZ(3) METADATA VIRTUAL")
WATERMARK_KEY = Column("watermark_key", "STRING METADATA FROM 'watermark-key' VIRTUAL")
