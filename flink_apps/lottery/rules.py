"""What makes an event bad, before the rules of the game, which are in ``logic``: as SQL, for the JVM evaluates it."""

from __future__ import annotations

from flink_apps.common.rules import Rule
from flink_apps.common.sql import interval, literal
from flink_apps.common.tables import ARRIVAL, RAW_JSON, Column, Format
from flink_apps.lottery import schema


def record_format(fields: tuple[Column, ...]) -> Format:
    """The format of an input, which refuses what is no event: an event has the fields of its type."""
    optional = ";".join(column.name for column in fields if column.name != schema.TYPE)
    return RAW_JSON.having(optional_columns=optional)


def user_event_rules(*, clock_skew_millis: int) -> tuple[Rule, ...]:
    """What a purchase or a click is refused for."""
    return (*_USER_EVENT_RULES, _ahead_of_its_arrival(clock_skew_millis))


def _required(event: str, *fields: str) -> tuple[Rule, ...]:
    return tuple(Rule(f"missing field: {field}", f"type = {literal(event)} AND `{field}` IS NULL") for field in fields)


def _known(*events: str) -> Rule:
    return Rule(f"type must be {' or '.join(events)}", f"type NOT IN ({', '.join(literal(event) for event in events)})")


def _not_negative(*fields: str) -> tuple[Rule, ...]:
    return tuple(Rule(f"{field} must not be negative", f"`{field}` < 0") for field in fields)


#: What a start or stop of a lottery is refused for.
LOTTERY_EVENT_RULES = (
    _known(schema.START, schema.STOP),
    *_required(schema.START, "lotteryId"),
    *_required(schema.STOP, "lotteryId"),
    *_not_negative("lotteryId", "timestamp", "prizes"),
)
_USER_EVENT_RULES = (
    _known(schema.BUY, schema.CLICK),
    *_required(schema.BUY, "userId", "purchasedCoupons"),
    *_required(schema.CLICK, "userId", "lotteryId", "timestamp"),
    *_not_negative("userId", "lotteryId", "timestamp"),
)


def _ahead_of_its_arrival(clock_skew_millis: int) -> Rule:
    """A timestamp that no honest clock has: it would end the windows of everybody else."""
    arrival = f"`{ARRIVAL.name}` + INTERVAL {interval(clock_skew_millis)}"
    return Rule(
        f"timestamp must not be more than {clock_skew_millis} ms ahead of the arrival",
        # No time at all, and so NULL, beyond the year 9999.
        f"`timestamp` IS NOT NULL AND COALESCE(TO_TIMESTAMP_LTZ(`timestamp`, 3) > {arrival}, TRUE)",
    )
