"""Tools for drawing records: numpy draws the numbers of a whole tick at once, and SQL takes them apart."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Choice:
    """Integers from 0 on, each with a weight: its frequency relative to the others."""

    weights: Mapping[int, int]

    def draw(self, random: Generator, size: int) -> NDArray[Any]:
        """Draw ``size`` numbers, int64."""
        drawn: NDArray[Any] = self._urn[random.integers(0, len(self._urn), size)]
        return drawn

    @functools.cached_property
    def _urn(self) -> NDArray[Any]:
        """Each number, repeated by its weight: indexing is much faster than searching in cumulative shares."""
        import numpy

        return numpy.repeat(numpy.array(list(self.weights)), list(self.weights.values()))


@dataclass(frozen=True)
class PackedNumbers:
    """Several small numbers in one BIGINT, in mixed radix.

    ``sizes`` has, by name, how many values each number takes, from 0 on.
    """

    sizes: Mapping[str, int]

    @property
    def values(self) -> int:
        """How many values the BIGINT takes, at most 2**63."""
        return math.prod(self.sizes.values())

    def pack(self, numbers: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Pack equally long int64 arrays, by name, into one int64 array."""
        last, *others = list(self.sizes)[::-1]
        packed = numbers[last]
        for name in others:
            packed = packed * self.sizes[name] + numbers[name]
        return packed

    def unit(self, name: str) -> int:
        """The weight of a number in the BIGINT."""
        names = list(self.sizes)
        return math.prod(self.sizes[before] for before in names[: names.index(name)])

    def sql(self, name: str, packed: str) -> str:
        """The SQL expression that unpacks a number, an INT, from the BIGINT expression ``packed``."""
        return f"MOD({packed} / {self.unit(name)}, {self.sizes[name]})"
