"""The events in the inputs and outputs, as JSON."""

from __future__ import annotations

from flink_apps.common import lottery_event
from flink_apps.common.tables import Column

#: The field with an event's type, and the types.
TYPE = "type"
START, STOP, BUY, CLICK = lottery_event.START, lottery_event.STOP, lottery_event.BUY, lottery_event.CLICK
#: The kind of a user event as a number: malformed, a purchase, a click.
MALFORMED, PURCHASED, CLICKED = range(3)

#: Columns that the format adds to the fields of an event: its bytes and their error.
RAW, ERROR = "raw", "error"
SOURCE = (
    Column(RAW, "BYTES"),
    Column(ERROR, "STRING"),
)
#: The event time of a user event.
EVENT_TIME = "event_time"

#: Starts and stops of lotteries. Times are milliseconds since 1970, UTC. The last two fields are optional.
LOTTERY_EVENT = (
    Column(TYPE, "STRING"),
    Column("lotteryId", "BIGINT"),
    Column("timestamp", "BIGINT"),
    Column("prizes", "BIGINT"),
)
#: Purchases and clicks. A purchase has no lottery and no timestamp; a click has no purchased coupons.
USER_EVENT = (
    Column(TYPE, "STRING"),
    Column("userId", "BIGINT"),
    Column("lotteryId", "BIGINT"),
    Column("timestamp", "BIGINT"),
    Column("purchasedCoupons", "BIGINT"),
)

#: The winner of a window. Start and end are milliseconds since 1970; the end is exclusive.
WINNER = (
    Column("lotteryId", "BIGINT"),
    Column("userId", "BIGINT"),
    Column("windowStart", "BIGINT"),
    Column("windowEnd", "BIGINT"),
    Column("clicks", "BIGINT"),
    Column("seed", "STRING"),
)
#: A rejected event as text, and also as bytes if the text is incomplete.
REJECTED = (
    Column("event", "STRING"),
    Column("raw", "BYTES"),
    Column("reason", "STRING"),
    Column("message", "STRING"),
    Column("time", "TIMESTAMP_LTZ(3)"),
)
#: The most bytes of an event that are kept. In JSON a byte of text may become six, and a stream's record has at most a
#: mebibyte.
LARGEST_TEXT_BYTES, LARGEST_RAW_BYTES = 100_000, 200_000
