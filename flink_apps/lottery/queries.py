"""The SQL around the rules of the game: the checked events, the draw, the rejections. Without Flink."""

from __future__ import annotations

from flink_apps.common.rules import reason
from flink_apps.common.sql import beginning, interval, literal
from flink_apps.lottery import schema
from flink_apps.lottery.metrics import REJECTED_BY_REASON, REJECTED_COUNT, WINNER_COUNT
from flink_apps.lottery.rules import lottery_event_rules, millis, user_event_rules

#: Hexadecimal digits of a ticket.
_DIGITS = 64
#: A reserved word.
_RAW = f"`{schema.RAW}`"


def lottery_events(table: str, *, schedule_days: int, arrival: str) -> str:
    """Rows of a key and a lottery event: see :data:`flink_apps.lottery.functions.LOTTERY_EVENT`.

    ``arrival`` is the SQL expression of the time of its arrival, here and below.
    """
    rules = lottery_event_rules(schedule_days=schedule_days, arrival=arrival)
    return f"""
        SELECT key, ROW(type, lotteryId, `timestamp`, prizes, arrived, problem, {_RAW}) AS event
        FROM (
          SELECT
            *,
            COALESCE(lotteryId, 0) AS key,
            {millis(arrival)} AS arrived,
            {reason(*rules, error=schema.ERROR)} AS problem
          FROM `{table}`
        )
    """


def event_time(*, clock_skew_millis: int, arrival: str) -> str:
    """The event time of a user event: a valid click's timestamp, in milliseconds since 1970."""
    rules = user_event_rules(clock_skew_millis=clock_skew_millis, arrival=arrival)
    problem = reason(*rules, error=schema.ERROR)
    return f"CASE WHEN type = {literal(schema.CLICK)} AND {problem} IS NULL THEN `timestamp` END"


def user_events(table: str, *, clock_skew_millis: int, arrival: str, buckets: int) -> str:
    """Rows of a bucket and a user event.

    The event has the fields of :data:`flink_apps.lottery.functions.USER_EVENT`.
    """
    rules = user_event_rules(clock_skew_millis=clock_skew_millis, arrival=arrival)
    return f"""
        SELECT
          key,
          ROW(kind, userId, lotteryId, `timestamp`, purchasedCoupons, ENCODE(problem, 'UTF-8'), {_RAW}) AS event
        FROM (
          SELECT
            *,
            CAST(MOD(ABS(COALESCE(userId, 0)), {buckets}) AS INT) AS key,
            CAST(
              CASE
                WHEN problem IS NOT NULL THEN {schema.MALFORMED}
                WHEN type = {literal(schema.BUY)} THEN {schema.PURCHASED}
                ELSE {schema.CLICKED}
              END AS BIGINT
            ) AS kind
          FROM (SELECT *, {reason(*rules, error=schema.ERROR)} AS problem FROM `{table}`)
        )
    """


def winners(clicks: str, *, window_millis: int) -> str:
    """The draw of each window from accepted clicks, with the result of :func:`flink_apps.lottery.logic.winner`.

    The state of a window is the lowest ticket so far, so it does not grow with the clicks. Its bounds are in its key:
    a window that is open while the length is changed keeps them.
    """
    return f"""
        SELECT
          lotteryId,
          counted(CAST(SUBSTRING(best FROM {_DIGITS + 2}) AS BIGINT), {literal(WINNER_COUNT)}),
          window_start_millis,
          window_end_millis,
          clicks,
          seed
        FROM (
          SELECT lotteryId, seed, window_start_millis, window_end_millis, COUNT(*) AS clicks, MIN(best) AS best
          FROM TABLE(TUMBLE(TABLE `{clicks}`, DESCRIPTOR({schema.EVENT_TIME}), INTERVAL {interval(window_millis)}))
          GROUP BY window_start, window_end, lotteryId, seed, window_start_millis, window_end_millis
        )
    """


def tickets(clicks: str, *, window_millis: int) -> str:
    """Accepted clicks with their window's seed, and their tickets, each followed by its player."""
    window = f"`timestamp` - MOD(`timestamp`, {window_millis})"
    return f"""
        SELECT
          lotteryId,
          seed,
          window_start_millis,
          window_start_millis + {window_millis} AS window_end_millis,
          CONCAT({ticket("seed", "userId", "`timestamp`")}, ':', CAST(userId AS STRING)) AS best,
          {schema.EVENT_TIME}
        FROM (
          SELECT *, {seed("secret", "lotteryId", window)} AS seed, {window} AS window_start_millis
          FROM `{clicks}`
        )
    """


def seed(secret: str, lottery_id: str, window: str) -> str:
    """The SQL expression of :func:`flink_apps.lottery.logic.seed`."""
    return _sha256(secret, lottery_id, window)


def ticket(seed: str, user_id: str, timestamp: str) -> str:
    """The SQL expression of :func:`flink_apps.lottery.logic.ticket`."""
    return _sha256(seed, user_id, timestamp)


def _sha256(*parts: str) -> str:
    return f"SHA256(CONCAT_WS(':', {', '.join(f'CAST({part} AS STRING)' for part in parts)}))"


def rejected_event() -> tuple[str, str]:
    """The SQL expressions of the text of a rejected event, and of its first bytes, NULL where the text has all."""
    text = f"DECODE({beginning(_RAW, schema.LARGEST_TEXT_BYTES)}, 'UTF-8')"
    rest = beginning(_RAW, schema.LARGEST_RAW_BYTES)
    return text, f"CASE WHEN ENCODE({text}, 'UTF-8') <> {_RAW} THEN {rest} ELSE CAST(NULL AS BYTES) END"


def rejected(events: str) -> str:
    """The rejected events as text, and also as bytes if the text is incomplete."""
    text, rest = rejected_event()
    by_reason = " ".join(
        f"WHEN {literal(name)} THEN counted(message, {literal(metric)})" for name, metric in REJECTED_BY_REASON.items()
    )
    return f"""
        SELECT
          {text},
          {rest},
          counted(reason, {literal(REJECTED_COUNT)}),
          CASE reason {by_reason} END,
          CURRENT_TIMESTAMP
        FROM `{events}`
    """
