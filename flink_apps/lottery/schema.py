"""What the inputs and outputs hold, as JSON."""

from __future__ import annotations

from flink_apps.common import lottery_event
from flink_apps.common.tables import Column

#: The types of events, and the field that says which.
TYPE = "type"
START, STOP, BUY, CLICK = lottery_event.START, lottery_event.STOP, lottery_event.BUY, lottery_event.CLICK
#: What an event of a player is, as a number: no good one, a purchase, a click.
MALFORMED, PURCHASED, CLICKED = range(3)

#: What the format adds to the fields of an event: its bytes, and what is wrong with them.
RAW, ERROR = "raw", "error"
SOURCE = (
    Column(RAW, "BYTES"),
    Column(ERROR, "STRING"),
)
#: The time of an event of a player.
EVENT_TIME = "event_time"

#: Lotteries start and stop. Times are milliseconds since 1970, UTC; the last two fields may be left out.
LOTTERY_EVENT = (
    Column(TYPE, "STRING"),
    Column("lotteryId", "BIGINT"),
    Column("timestamp", "BIGINT"),
    Column("prizes", "BIGINT"),
)
#: Players buy coupons, and click. A purchase has no lottery and no timestamp, a click no purchased coupons.
USER_EVENT = (
    Column(TYPE, "STRING"),
    Column("userId", "BIGINT"),
    Column("lotteryId", "BIGINT"),
    Column("timestamp", "BIGINT"),
    Column("purchasedCoupons", "BIGINT"),
)

#: The winner of a window: its start and end are milliseconds since 1970, the end is not in it.
WINNER = (
    Column("lotteryId", "BIGINT"),
    Column("userId", "BIGINT"),
    Column("windowStart", "BIGINT"),
    Column("windowEnd", "BIGINT"),
    Column("clicks", "BIGINT"),
    Column("seed", "STRING"),
)
#: An event that was refused: as text, and where that would not be all of it, its bytes as well.
REJECTED = (
    Column("event", "STRING"),
    Column("raw", "BYTES"),
    Column("reason", "STRING"),
    Column("message", "STRING"),
    Column("time", "TIMESTAMP_LTZ(3)"),
)
#: What is kept of an event: in JSON a byte of text may become six, and a record of a stream has a mebibyte at most.
LARGEST_TEXT_BYTES, LARGEST_RAW_BYTES = 100_000, 200_000
