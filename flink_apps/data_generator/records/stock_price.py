"""Random stock prices: ``{"event_time": "2024-01-15T10:30:45.123", "ticker": "AAPL", "price": 50.25}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flink_apps.common.sql import literal
from flink_apps.common.tables import Column
from flink_apps.data_generator.records.record_type import Field, RecordType, Slice

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Values of ``ticker``, the default partition key of both sinks.
TICKERS = (
    "AAPL", "ADBE", "AMD", "AMZN", "AVGO", "COST", "CRM", "CSCO", "GOOG", "IBM",
    "INTC", "META", "MSFT", "NFLX", "NVDA", "ORCL", "QCOM", "SAP", "TSLA", "TXN",
)  # fmt: skip

#: ``price`` has two decimals and lies in 0…100.
CENTS = 100
PRICES = 100 * CENTS + 1

#: A draw is an integer below DRAWS that stands for a pair of ticker and price, each pair equally likely. So only one
#: integer per record crosses from Python to the JVM, and SQL takes it apart.
DRAWS = len(TICKERS) * PRICES


def draw(tick: Slice) -> tuple[NDArray[Any], ...]:
    """Draw an integer for each record."""
    return (tick.random.integers(0, DRAWS, tick.size, dtype="int32"),)


def fields_of(
    draw: str, event_time: str, *, price: str = "0 to 100 with at most 2 decimals, each value equally likely"
) -> tuple[Field, ...]:
    """The fields, from the named columns with the draw and the time; ``price`` is the README's text on the prices."""
    tickers = ", ".join(literal(ticker) for ticker in TICKERS)
    return (
        Field(
            name="event_time",
            # All records of a tick share one text: formatting each would cost a fifth of the job.
            type="STRING",
            sql=event_time,
            meaning="when the record was made, ISO-8601, UTC without a zone, ms; the same for all records of a tick",
        ),
        Field(
            name="ticker",
            type="STRING",
            sql=f"ARRAY[{tickers}][MOD({draw}, {len(TICKERS)}) + 1]",
            meaning=f"one of {len(TICKERS)} tickers, each equally likely; by default the key",
        ),
        Field(
            name="price",
            type="DOUBLE",
            # …e0 makes it a DOUBLE division: a decimal division costs more than the rest of the record.
            sql=f"({draw} / {len(TICKERS)}) / {CENTS}e0",
            meaning=price,
            out_of_range="-1e0",
        ),
    )


STOCK_PRICE = RecordType(
    name="stock-price",
    fields=fields_of(draw="draw", event_time="event_time"),
    partition_key="ticker",
    record_bytes=80,
    topic="stock-prices",
    draw=draw,
    drawn=(Column("draw", "INT"),),
)
