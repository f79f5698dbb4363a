"""The record types of the generator.

A record type is a module in this folder. All modules here are imported, so a new one needs no entry in a list.
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


#: Every type by its name in properties and context.
RECORD_TYPES = _record_types()
DEFAULT_RECORD_TYPE = STOCK_PRICE
