"""The types of record that the generator knows.

A type is a file in this folder, which says what a record looks like and how it is drawn: a file that is there is known.
"""

from __future__ import annotations

import importlib
import pkgutil

from flink_apps.data_generator.records.record_type import Field, RecordType, Slice
from flink_apps.data_generator.records.stock_price import STOCK_PRICE

__all__ = ["DEFAULT_RECORD_TYPE", "RECORD_TYPES", "Field", "RecordType", "Slice"]


def _record_types() -> dict[str, RecordType]:
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, RecordType)]
    return {record_type.name: record_type for record_type in sorted(found, key=lambda found: found.name)}


#: Every type by its name, which properties and context use.
RECORD_TYPES = _record_types()
DEFAULT_RECORD_TYPE = STOCK_PRICE
