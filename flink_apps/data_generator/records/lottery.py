"""The inputs of the lottery: lotteries that start, and players who buy coupons and click, within the rules.

The lottery has two inputs, so there are two record types, for two generators that do not communicate. Both derive from
the time which lottery is held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flink_apps.common.lottery_event import BUY, CLICK, START
from flink_apps.common.sql import literal
from flink_apps.common.tables import Column
from flink_apps.data_generator.records.drawing import PackedNumbers
from flink_apps.data_generator.records.record_type import Field, RecordType, Slice
from flink_apps.data_generator.records.taxi_trip import IDS_PER_MILLI, MAX_TICK_MILLIS

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A lottery for all players starts every 10 seconds. Its id is the number of these slots since 1970. With 6 prizes and
#: windows of 10 seconds it lasts a minute.
SLOT_MILLIS, PRIZES = 10_000, 6
#: Players click on lotteries that started so many slots ago. The youngest is left out, as its start event may still be
#: in transit; so is the oldest.
SLOTS_BEFORE = range(1, PRIZES - 1)
#: The other lotteries, which nobody clicks on, are numbered from here on.
OTHERS = 10**18
#: No lottery has this number.
NEVER_HELD = 0

PLAYERS = 10_000
#: A player buys so many coupons and then clicks as often, in consecutive records.
COUPONS = 9
#: Spreads the players. It has no divisor in common with their number, so each has a turn before any has a second.
_STRIDE = 7_919

EVENT = PackedNumbers({"place": MAX_TICK_MILLIS * IDS_PER_MILLI, "opens": 2})
USER_EVENT = PackedNumbers({"user": PLAYERS, "turn": COUPONS + 1, "slots_before": SLOTS_BEFORE.stop})


def draw_lottery_event(tick: Slice) -> tuple[NDArray[Any], ...]:
    """Draw the packed number of each start; the record that completes a slot opens the lottery for all players."""
    import numpy

    places = numpy.arange(tick.size)
    opens = (places == 0) & (tick.end_millis % SLOT_MILLIS == 0)
    return (EVENT.pack({"place": places, "opens": opens.astype("int64")}),)


def draw_user_event(tick: Slice) -> tuple[NDArray[Any], ...]:
    """Draw the packed number of each purchase or click."""
    import numpy

    turns, turn = numpy.divmod(tick.first + numpy.arange(tick.size), COUPONS + 1)
    slots_before = tick.random.integers(SLOTS_BEFORE.start, SLOTS_BEFORE.stop, tick.size)
    return (USER_EVENT.pack({"user": turns * _STRIDE % PLAYERS, "turn": turn, "slots_before": slots_before}),)


_OPENS = f"{EVENT.sql('opens', 'event')} = 1"
_SLOT = f"now_millis / {SLOT_MILLIS}"
_OTHER = f"{OTHERS} + start_millis * {IDS_PER_MILLI} + {EVENT.sql('place', 'event')}"
_BUYS = f"{USER_EVENT.sql('turn', 'event')} = 0"

LOTTERY_EVENT = RecordType(
    name="lottery-event",
    fields=(
        Field(name="type", type="STRING", sql=literal(START), meaning=f"`{START}`"),
        Field(
            name="lotteryId",
            type="BIGINT",
            sql=f"CASE WHEN {_OPENS} THEN {_SLOT} ELSE {_OTHER} END",
            meaning="one record in 10 seconds, the last: the number of these 10 seconds since 1970; all other records: "
            "a number from 10^18 on, of a lottery that nobody clicks on; by default the key",
            # A lottery that is held.
            out_of_range=f"{_SLOT} - {SLOTS_BEFORE.start}",
        ),
        Field(
            name="timestamp",
            type="BIGINT",
            sql=f"{_SLOT} * {SLOT_MILLIS}",
            meaning="start of these 10 seconds, in ms since 1970",
        ),
        Field(name="prizes", type="BIGINT", sql=str(PRIZES), meaning=str(PRIZES)),
    ),
    partition_key="lotteryId",
    record_bytes=130,
    topic="lottery-input-topic",
    draw=draw_lottery_event,
    drawn=(Column("event", "BIGINT"),),
)

LOTTERY_USER_EVENT = RecordType(
    name="lottery-user-event",
    fields=(
        Field(
            name="type",
            type="STRING",
            sql=f"CASE WHEN {_BUYS} THEN {literal(BUY)} ELSE {literal(CLICK)} END",
            meaning=f"`{BUY}` (10 %); each is followed by {COUPONS} `{CLICK}`",
        ),
        Field(
            name="userId",
            type="BIGINT",
            sql=USER_EVENT.sql("user", "event"),
            meaning=f"0 to {PLAYERS - 1}, each equally often; the clicks after a purchase are the same player's; by "
            "default the key",
        ),
        Field(
            name="lotteryId",
            type="BIGINT",
            sql=f"CASE WHEN NOT ({_BUYS}) THEN {_SLOT} - {USER_EVENT.sql('slots_before', 'event')} END",
            meaning=f"clicks only: a lottery that started {SLOTS_BEFORE[0]} to {SLOTS_BEFORE[-1]} periods of 10 "
            "seconds before the present one, each equally likely",
            optional=True,
            out_of_range=f"CASE WHEN NOT ({_BUYS}) THEN {NEVER_HELD} END",
        ),
        Field(
            name="timestamp",
            type="BIGINT",
            sql=f"CASE WHEN NOT ({_BUYS}) THEN now_millis END",
            meaning="clicks only: when the record was made, in ms since 1970; the same for all records of a tick",
            optional=True,
        ),
        Field(
            name="purchasedCoupons",
            type="BIGINT",
            sql=f"CASE WHEN {_BUYS} THEN {COUPONS} END",
            meaning=f"purchases only: {COUPONS}",
            optional=True,
            out_of_range=f"CASE WHEN {_BUYS} THEN 0 END",
        ),
    ),
    partition_key="userId",
    record_bytes=130,
    topic="user-input-topic",
    draw=draw_user_event,
    drawn=(Column("event", "BIGINT"),),
)
