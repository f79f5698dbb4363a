"""Many rows packed into one, for keyed functions in Python: a call into Python costs more than most rules do.

The numbers of many rows become the bytes of one field, and their texts the bytes of another: see
flink_apps/connectors/packed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyflink.common import TypeInformation, Types
from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway

_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
#: The packed values of one key: their numbers and their texts.
PACKED = Types.ROW([_BYTES, _BYTES])
#: The packed numbers of many rows, and a text that all rows share.
PACKED_NUMBERS = Types.ROW([_BYTES, Types.STRING()])


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The layout of a value: how many ``numbers`` of 64 bits it has, and how many ``texts``, as bytes."""

    numbers: int
    texts: int

    def row_type(self) -> TypeInformation:
        """The type of a value before it is packed."""
        return Types.ROW([*[Types.LONG()] * self.numbers, *[_BYTES] * self.texts])

    def unpack(self, numbers: bytes) -> Iterator[tuple[int, ...]]:
        """For each packed value its numbers (0 for NULL), then the end of each of its texts within all texts."""
        return struct.iter_unpack(f">{self.numbers + self.texts}q", numbers)


def pack_numbers(numbers: Sequence[int]) -> bytes:
    """The first field of :data:`PACKED_NUMBERS`."""
    return struct.pack(f">{len(numbers)}q", *numbers)


def packed(stream: DataStream, key_type: TypeInformation, layout: Layout) -> DataStream:
    """Pack rows of a key and a value into rows of a key and :data:`PACKED`: the values of a fraction of a second."""
    row_type = Types.ROW([key_type, PACKED])
    return DataStream(_packed().pack(stream._j_data_stream, layout.numbers, row_type.get_java_type_info()))


def unpacked(stream: DataStream, row_type: TypeInformation) -> DataStream:
    """Unpack rows of :data:`PACKED_NUMBERS` into rows of ``row_type``: the numbers of one row, and the text."""
    return DataStream(_packed().unpack(stream._j_data_stream, row_type.get_java_type_info()))


def _packed() -> Any:  # noqa: ANN401 - a class of the JVM
    return get_gateway().jvm.flinkscenarios.packed.Packed
