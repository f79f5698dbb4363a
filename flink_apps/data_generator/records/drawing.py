"""What record types are drawn with: numpy makes the numbers of a whole tick at once, SQL takes them apart."""

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
    """Whole numbers of 0 and more, each with a weight: how often it comes, beside the others."""

    weights: Mapping[int, int]

    def draw(self, random: Generator, size: int) -> NDArray[Any]:
        """``size`` numbers, int64."""
        drawn: NDArray[Any] = self._urn[random.integers(0, len(self._urn), size)]
        return drawn

    @functools.cached_property
    def _urn(self) -> NDArray[Any]:
        """Every number as often as its weight says: to look one up is much quicker than to search in shares."""
        import numpy

        return numpy.repeat(numpy.array(list(self.weights)), list(self.weights.values()))


@dataclass(frozen=True)
class PackedNumbers:
    """Several small numbers in one BIGINT (mixed radix); ``sizes`` says by name how many values each takes, from 0."""

    sizes: Mapping[str, int]

    @property
    def values(self) -> int:
        """How many values the BIGINT takes: 2**63 at the most."""
        return math.prod(self.sizes.values())

    def pack(self, numbers: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """The packed numbers, int64, of equally long int64 arrays with the numbers of each name."""
        last, *others = list(self.sizes)[::-1]
        packed = numbers[last]
        for name in others:
            packed = packed * self.sizes[name] + numbers[name]
        return packed

    def unit(self, name: str) -> int:
        """What one of a number is worth in the BIGINT."""
        names = list(self.sizes)
        return math.prod(self.sizes[before] for before in names[: names.index(name)])

    def sql(self, name: str, packed: str) -> str:
        """The SQL expression of a number, an INT, in the BIGINT that the expression ``packed`` gives."""
        return f"MOD({packed} / {self.unit(name)}, {self.sizes[name]})"
