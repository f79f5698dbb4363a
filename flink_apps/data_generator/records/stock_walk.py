"""Stock prices that walk: the price of each ticker continues from the last one, even after a restart.

No state is kept: the seed alone determines the walk at every millisecond of the time line. The walk's logarithm has an
independent normal value at every multiple of ``PERIOD_MILLIS``. Between two of them it is a Brownian bridge that is
built by halving: the value in the middle of an interval is the mean of the values at its ends plus a normal number,
whose seed is the position of the middle. So a restored job continues exactly where it was, at any parallelism, and a
price stays near its start for hours. Within a slice, the records of a ticker are the steps of a Brownian bridge from
the walk at the start of the slice to the walk at its end.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flink_apps.data_generator.records.record_type import Slice
from flink_apps.data_generator.records.stock_price import CENTS, STOCK_PRICE, TICKERS, fields_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: About 70 minutes; a power of two, so that halving ends at whole milliseconds.
PERIOD_MILLIS = 2**22
#: Standard deviation of a price's logarithm after a minute, and after a millisecond.
VOLATILITY = 0.02
_OF_A_MILLI = VOLATILITY / math.sqrt(60_000)
#: The start of each ticker's price in dollars, by its position in the list: 5, 10, … 100.
DOLLARS_PER_PLACE = 5
#: The logarithm is clipped to -1…1, eight standard deviations.
MOST = 1.0


def draw(tick: Slice) -> tuple[NDArray[Any], ...]:
    """Draw an integer for each record, like a stock price's; successive records belong to successive tickers."""
    import numpy

    tickers = len(TICKERS)
    first = int(tick.random.integers(tickers))
    rounds = -(-(first + tick.size) // tickers)
    cents = (_starts() * numpy.exp(_bridges(tick, rounds).clip(-MOST, MOST))).round().astype("int32")
    draws = tickers * cents + numpy.arange(tickers, dtype="int32")
    return (draws.ravel()[first : first + tick.size],)


def walk(seed: int, millis: int) -> NDArray[Any]:
    """The logarithm of each ticker's price relative to its start, at a millisecond of the time line."""
    left = millis // PERIOD_MILLIS * PERIOD_MILLIS
    right = left + PERIOD_MILLIS
    low, high = (_at_a_period(seed, end) for end in (left, right))
    while left < millis:
        middle = (left + right) // 2
        value = (low + high) / 2 + _OF_A_MILLI * math.sqrt(right - left) / 2 * _normal(seed, middle)
        if middle <= millis:
            left, low = middle, value
        else:
            right, high = middle, value
    return low


def _at_a_period(seed: int, millis: int) -> NDArray[Any]:
    # The difference of two such values has the variance of a walk over a period.
    scaled: NDArray[Any] = _OF_A_MILLI * math.sqrt(PERIOD_MILLIS / 2) * _normal(seed, millis)
    return scaled


@functools.lru_cache(maxsize=256)
def _normal(seed: int, millis: int) -> NDArray[Any]:
    """A normal number for each ticker; the cache serves thousands of ticks with those of the larger intervals."""
    import numpy

    return numpy.random.default_rng((seed, millis)).standard_normal(len(TICKERS))


def _bridges(tick: Slice, rounds: int) -> NDArray[Any]:
    """One row per round, one column per ticker; the last row is the walk at the end of the slice."""
    import numpy

    start, end = walk(tick.seed, tick.start_millis), walk(tick.seed, tick.end_millis)
    step = _OF_A_MILLI * math.sqrt((tick.end_millis - tick.start_millis) / max(rounds, 1))
    free = step * tick.random.standard_normal((rounds, len(TICKERS))).cumsum(axis=0)
    done = numpy.arange(1, rounds + 1)[:, numpy.newaxis] / max(rounds, 1)
    bridges: NDArray[Any] = start + free + done * (end - start - free[-1:])
    return bridges


@functools.cache
def _starts() -> NDArray[Any]:
    import numpy

    return CENTS * DOLLARS_PER_PLACE * numpy.arange(1, len(TICKERS) + 1)


STOCK_WALK = replace(
    STOCK_PRICE,
    name="stock-walk",
    fields=fields_of(
        draw="draw",
        event_time="event_time",
        price="dollars with 2 decimals: the ticker's start (5, 10, … 100) times exp(w); w is a Brownian walk (sigma "
        "0.02 after a minute), with an independent normal value (sigma 0.12) every 70 minutes",
    ),
    topic="stock-walks",
    draw=draw,
)
