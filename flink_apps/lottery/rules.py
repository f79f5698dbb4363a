"""What makes an event malformed, as SQL, which the JVM evaluates. The rules of the game are in ``logic``."""

from __future__ import annotations

from flink_apps.common.rules import Rule
from flink_apps.common.sql import interval, literal
from flink_apps.common.tables import RAW_JSON, Column, Format
from flink_apps.lottery import schema


def record_format(fields: tuple[Column, ...]) -> Format:
    """The format of an input. It refuses records that are no events; the fields that a type needs are rules below."""
    optional = ";".join(column.name for column in fields if column.name != schema.TYPE)
    return RAW_JSON.having(optional_columns=optional)


def lottery_event_rules(*, schedule_days: int, arrival: str) -> tuple[Rule, ...]:
    """The rules for a start or stop of a lottery; ``arrival`` is the SQL expression of the time of its arrival."""
    ahead = Rule(
        # Such as microseconds.
        f"timestamp must not be more than {schedule_days} days ahead of the arrival",
        f"`timestamp` > {millis(arrival)} + {schedule_days * _DAY_MILLIS}",
    )
    return (*_LOTTERY_EVENT_RULES, ahead)


def user_event_rules(*, clock_skew_millis: int, arrival: str) -> tuple[Rule, ...]:
    """The rules for a purchase or a click; ``arrival`` is the SQL expression of the time of its arrival."""
    return (*_USER_EVENT_RULES, _ahead_of_its_arrival(clock_skew_millis, arrival))


def millis(time: str) -> str:
    """The SQL expression of a time in milliseconds since 1970, to the second, in a job whose time zone is UTC."""
    return f"EXTRACT(EPOCH FROM {time}) * 1000"  # BIGINT; TIMESTAMPDIFF is INT, and ends in 2038


def _required(event: str, *fields: str) -> tuple[Rule, ...]:
    return tuple(Rule(f"missing field: {field}", f"type = {literal(event)} AND `{field}` IS NULL") for field in fields)


def _known(*events: str) -> Rule:
    return Rule(f"type must be {' or '.join(events)}", f"type NOT IN ({', '.join(literal(event) for event in events)})")


def _not_negative(*fields: str) -> tuple[Rule, ...]:
    return tuple(Rule(f"{field} must not be negative", f"`{field}` < 0") for field in fields)


_DAY_MILLIS = 86_400_000
_LOTTERY_EVENT_RULES = (
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


def _ahead_of_its_arrival(clock_skew_millis: int, arrival: str) -> Rule:
    """A timestamp far ahead of the clock would end the windows of all other players."""
    latest = f"{arrival} + INTERVAL {interval(clock_skew_millis)}"
    return Rule(
        f"timestamp must not be more than {clock_skew_millis} ms ahead of the arrival",
        # Beyond the year 9999 the conversion gives NULL.
        f"`timestamp` IS NOT NULL AND COALESCE(TO_TIMESTAMP_LTZ(`timestamp`, 3) > {latest}, TRUE)",
    )
