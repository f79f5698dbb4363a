"""Random stock prices: ``{"event_time": "2024-01-15T10:30:45.123", "ticker": "AAPL", "price": 50.25}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flink_apps.common.tables import Column, literal
from flink_apps.data_generator.records.record_type import RecordType

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

#: Values of ``ticker``: the key by which both sinks partition.
TICKERS = (
    "AAPL", "ADBE", "AMD", "AMZN", "AVGO", "COST", "CRM", "CSCO", "GOOG", "IBM",
    "INTC", "META", "MSFT", "NFLX", "NVDA", "ORCL", "QCOM", "SAP", "TSLA", "TXN",
)  # fmt: skip

#: ``price`` has two decimals and lies in 0…100.
CENTS = 100
PRICES = 100 * CENTS + 1

#: A draw is a whole number below DRAWS that stands for one (ticker, price) pair, each equally likely: so one integer
#: a record crosses from Python to the JVM, and SQL takes it apart.
DRAWS = len(TICKERS) * PRICES


def draw(random: Generator, size: int) -> tuple[NDArray[Any], ...]:
    """A draw for each of ``size`` records."""
    return (random.integers(0, DRAWS, size, dtype="int32"),)


def columns_of(draw: str, event_time: str) -> str:
    """The SQL select list that makes a record of the draw and the time in the named columns."""
    tickers = ", ".join(literal(ticker) for ticker in TICKERS)
    return (
        f"{event_time} AS event_time, "
        f"ARRAY[{tickers}][MOD({draw}, {len(TICKERS)}) + 1] AS ticker, "
        # …e0 makes it a DOUBLE division: a decimal one costs more than the rest of the record.
        f"({draw} / {len(TICKERS)}) / {CENTS}e0 AS price"
    )


STOCK_PRICE = RecordType(
    name="stock-price",
    columns=(
        # ISO-8601, UTC. A text, since one serves all records of a tick: to format each would cost a fifth of the job.
        Column("event_time", "STRING"),
        Column("ticker", "STRING"),
        Column("price", "DOUBLE"),
    ),
    partition_key="ticker",
    record_bytes=80,
    topic="stock-prices",
    draw=draw,
    drawn=(Column("draw", "INT"),),
    select=columns_of(draw="draw", event_time="event_time"),
)
