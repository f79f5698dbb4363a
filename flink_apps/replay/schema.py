"""How files of other layouts map to the fields of the trip event."""

from __future__ import annotations

from flink_apps.common import taxi_trip
from flink_apps.common.tables import Column

#: Fields that are times.
TIMES = ("pickup_datetime", "dropoff_datetime")

#: Fields of CSV and Parquet files that are no fields of the event.
PICKUP_LONGITUDE, DROPOFF_LONGITUDE, GREEN = "pickup_longitude", "dropoff_longitude", "lpep_pickup_datetime"
FOR_HIRE, HIGH_VOLUME = "dispatching_base_num", "hvfhs_license_num"
MORE_FIELDS = (PICKUP_LONGITUDE, DROPOFF_LONGITUDE, GREEN, FOR_HIRE, HIGH_VOLUME)

#: Names of fields in the files of the Taxi and Limousine Commission, from 2009 on. Their case does not matter.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "vendor_id": ("VendorID", "vendor_name"),
    "pickup_datetime": ("tpep_pickup_datetime", "lpep_pickup_datetime", "Trip_Pickup_DateTime"),
    "dropoff_datetime": ("tpep_dropoff_datetime", "lpep_dropoff_datetime", "Trip_Dropoff_DateTime"),
    "ratecode_id": ("RatecodeID", "rate_code_id", "rate_code"),
    "store_and_fwd_flag": ("store_and_forward",),
    "pickup_location_id": ("PULocationID",),
    "dropoff_location_id": ("DOLocationID",),
    "trip_distance": ("trip_miles",),
    "fare_amount": ("Fare_Amt", "base_passenger_fare"),
    "extra": ("surcharge",),
    "tip_amount": ("Tip_Amt", "tips"),
    "tolls_amount": ("Tolls_Amt", "tolls"),
    "total_amount": ("Total_Amt",),
    PICKUP_LONGITUDE: ("Start_Lon",),
    DROPOFF_LONGITUDE: ("End_Lon",),
    FOR_HIRE: ("Dispatching_base_number",),
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

#: SQL for the fields that only events have, or that a file has empty: the row's number, and the kind of the file.
DEFAULTS = {
    "trip_id": "CAST(`number` AS STRING)",
    "type": (
        f"CASE WHEN `{GREEN}` IS NOT NULL THEN 'green-trip' WHEN `{HIGH_VOLUME}` IS NOT NULL THEN 'fhvhv-trip' "
        f"WHEN `{FOR_HIRE}` IS NOT NULL THEN 'fhv-trip' ELSE 'yellow-trip' END"
    ),
}

#: The zone of the commission that is called unknown.
UNKNOWN_ZONE = "264"
#: For a field that some files lack, or have empty: the fields by which they are known, and the value.
INSTEAD: dict[str, tuple[tuple[str, ...], str]] = {
    # Until June 2016 they have coordinates. Of most for-hire trips the commission does not know a zone.
    "pickup_location_id": ((PICKUP_LONGITUDE, FOR_HIRE), UNKNOWN_ZONE),
    "dropoff_location_id": ((DROPOFF_LONGITUDE, FOR_HIRE), UNKNOWN_ZONE),
    # It exists since 2015.
    "improvement_surcharge": ((PICKUP_LONGITUDE,), "0"),
}

#: The fields that the files are read for. The surcharges are in the event only where a file has them.
FIELDS = (*taxi_trip.TRIP, *taxi_trip.SURCHARGES)


def needed() -> tuple[str, ...]:
    """The fields that a CSV or Parquet file must have; or several with ``|`` between them, of which it must have one.

    Of trips for hire these are times and zones.
    """
    fields = (column.name for column in taxi_trip.TRIP if column.name not in DEFAULTS)
    return tuple("|".join((field, *_or_else(field))) for field in fields)


def _or_else(field: str) -> tuple[str, ...]:
    signs = [sign for sign in INSTEAD.get(field, ((), ""))[0] if sign != FOR_HIRE]
    of_all = field in (*TIMES, "pickup_location_id", "dropoff_location_id")
    return tuple(signs) if of_all else (*signs, FOR_HIRE)


#: Columns that the source adds to a row: see flink_apps/connectors/replaysource.
LINE = Column("line", "BYTES NOT NULL METADATA VIRTUAL")
NUMBER = Column("number", "BIGINT NOT NULL METADATA VIRTUAL")
#: The time of a watermark, and the key that routes it to one shard or partition; NULL for a trip.
WATERMARK = Column("watermark", "TIMESTAMP_LTZ(3) METADATA VIRTUAL")
WATERMARK_KEY = Column("watermark_key", "STRING METADATA FROM 'watermark-key' VIRTUAL")
