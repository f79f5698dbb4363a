"""The record, and how a random draw becomes one."""

from __future__ import annotations

from flink_apps.common.tables import Column, literal

#: Values of ``ticker``: the key by which both sinks partition.
TICKERS = (
    "AAPL", "ADBE", "AMD", "AMZN", "AVGO", "COST", "CRM", "CSCO", "GOOG", "IBM",
    "INTC", "META", "MSFT", "NFLX", "NVDA", "ORCL", "QCOM", "SAP", "TSLA", "TXN",
)  # fmt: skip

#: ``price`` has two decimals and lies in 0…100.
CENTS = 100
PRICES = 100 * CENTS + 1

#: What a record looks like in the sinks, as JSON: {"event_time": "2024-01-15T10:30:45.123", "ticker": …, "price": …}.
COLUMNS = (
    # ISO-8601, UTC. A text, since one serves all records of a tick: to format each would cost a fifth of the job.
    Column("event_time", "STRING"),
    Column("ticker", "STRING"),
    Column("price", "DOUBLE"),
)
PARTITION_KEY = "ticker"

#: A draw is a whole number below DRAWS that stands for one (ticker, price) pair, each equally likely: so one integer
#: a record crosses from Python to the JVM, and SQL takes it apart.
DRAWS = len(TICKERS) * PRICES


#: The SQL expression of the time of a tick, as ``event_time`` has it.
EVENT_TIME = "DATE_FORMAT(CURRENT_TIMESTAMP, 'yyyy-MM-dd''T''HH:mm:ss.SSS')"


def columns_of(draw: str, event_time: str) -> str:
    """The SQL select list that makes a record of the draw and the time in the named columns."""
    tickers = ", ".join(literal(ticker) for ticker in TICKERS)
    return (
        f"{event_time} AS event_time, "
        f"ARRAY[{tickers}][MOD({draw}, {len(TICKERS)}) + 1] AS ticker, "
        # …e0 makes it a DOUBLE division: a decimal one costs more than the rest of the record.
        f"({draw} / {len(TICKERS)}) / {CENTS}e0 AS price"
    )
