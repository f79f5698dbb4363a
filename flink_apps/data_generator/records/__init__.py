"""The types of record that the generator knows.

A type is a file in this folder, which says what a record looks like and how it is drawn, and a place in the list below.
"""

from __future__ import annotations

from flink_apps.data_generator.records.record_type import RecordType
from flink_apps.data_generator.records.stock_price import STOCK_PRICE
from flink_apps.data_generator.records.taxi_ride import TAXI_RIDE
from flink_apps.data_generator.records.taxi_trip import TAXI_TRIP

__all__ = ["DEFAULT_RECORD_TYPE", "RECORD_TYPES", "RecordType"]

#: Every type by its name, which properties and context use.
RECORD_TYPES = {record_type.name: record_type for record_type in (STOCK_PRICE, TAXI_TRIP, TAXI_RIDE)}
DEFAULT_RECORD_TYPE = STOCK_PRICE
