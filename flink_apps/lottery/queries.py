"""The SQL around the rules: what is an event, and the draw. The JVM evaluates it. No Flink in here."""

from __future__ import annotations

from flink_apps.common.rules import Rule, reason
from flink_apps.common.tables import ARRIVAL, SOURCE_PARTITION, beginning, interval, literal
from flink_apps.lottery import schema
from flink_apps.lottery.metrics import REJECTED_BY_REASON, REJECTED_COUNT, WINNER_COUNT

#: Hexadecimal digits of a ticket.
_DIGITS = 64
#: A reserved word.
_RAW = f"`{schema.RAW}`"


def _required(event: str, *fields: str) -> tuple[Rule, ...]:
    return tuple(Rule(f"missing field: {field}", f"type = {literal(event)} AND `{field}` IS NULL") for field in fields)


def _known(*events: str) -> Rule:
    return Rule(f"type must be {' or '.join(events)}", f"type NOT IN ({', '.join(literal(event) for event in events)})")


def _not_negative(*fields: str) -> tuple[Rule, ...]:
    return tuple(Rule(f"{field} must not be negative", f"`{field}` < 0") for field in fields)


LOTTERY_CHECKS = (
    _known(schema.START, schema.STOP),
    *_required(schema.START, "lotteryId"),
    *_required(schema.STOP, "lotteryId"),
    *_not_negative("lotteryId", "timestamp", "prizes"),
)
USER_CHECKS = (
    _known(schema.BUY, schema.CLICK),
    *_required(schema.BUY, "userId", "purchasedCoupons"),
    *_required(schema.CLICK, "userId", "lotteryId", "timestamp"),
    *_not_negative("userId", "lotteryId", "timestamp"),
)


def ahead_of_its_arrival(clock_skew_millis: int) -> Rule:
    """A timestamp that no honest clock has: it would end the windows of everybody else."""
    arrival = f"`{ARRIVAL.name}` + INTERVAL {interval(clock_skew_millis)}"
    return Rule(
        f"timestamp must not be more than {clock_skew_millis} ms ahead of the arrival",
        # No time at all, and so NULL, beyond the year 9999.
        f"`timestamp` IS NOT NULL AND COALESCE(TO_TIMESTAMP_LTZ(`timestamp`, 3) > {arrival}, TRUE)",
    )


def lottery_events(table: str) -> str:
    """Rows of a key and a lottery event: see :data:`flink_apps.lottery.functions.LOTTERY_EVENT`."""
    arrival = f"CAST(TIMESTAMPDIFF(SECOND, TO_TIMESTAMP_LTZ(0, 3), `{ARRIVAL.name}`) AS BIGINT) * 1000"
    return f"""
        SELECT key, ROW(type, lotteryId, `timestamp`, prizes, arrived, problem, {_RAW}) AS event
        FROM (
          SELECT
            *,
            COALESCE(lotteryId, 0) AS key,
            {arrival} AS arrived,
            {reason(*LOTTERY_CHECKS, error=schema.ERROR)} AS problem
          FROM `{table}`
        )
    """


def user_events(table: str, *checks: Rule, buckets: int) -> str:
    """Rows of a bucket, a user event, its partition, and its event time, which a good click alone has.

    The event has the fields of :data:`flink_apps.lottery.functions.USER_EVENT`.
    """
    return f"""
        SELECT
          key,
          ROW(kind, userId, lotteryId, `timestamp`, purchasedCoupons, ENCODE(problem, 'UTF-8'), {_RAW}) AS event,
          {SOURCE_PARTITION},
          CASE WHEN kind = {schema.CLICKED} THEN `timestamp` END AS event_time
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
          FROM (SELECT *, {reason(*checks, error=schema.ERROR)} AS problem FROM `{table}`)
        )
    """


def winners(clicks: str, *, window_millis: int) -> str:
    """The draw of each window, from rows of accepted clicks: as in :func:`flink_apps.lottery.logic.winner`.

    Only the lowest ticket so far is kept, so that the state of a window does not grow with its clicks.
    """
    return f"""
        SELECT
          lotteryId,
          counted(CAST(SUBSTRING(best FROM {_DIGITS + 2}) AS BIGINT), {literal(WINNER_COUNT)}),
          window_start_millis,
          window_start_millis + {window_millis},
          clicks,
          seed
        FROM (
          SELECT lotteryId, seed, window_start_millis, COUNT(*) AS clicks, MIN(best) AS best
          FROM TABLE(TUMBLE(TABLE `{clicks}`, DESCRIPTOR({schema.EVENT_TIME}), INTERVAL {interval(window_millis)}))
          GROUP BY window_start, window_end, lotteryId, seed, window_start_millis
        )
    """


def tickets(clicks: str, *, window_millis: int) -> str:
    """Accepted clicks with their window's seed, and their tickets in the draw, each followed by its player."""
    window = f"`timestamp` - MOD(`timestamp`, {window_millis})"
    return f"""
        SELECT
          lotteryId,
          seed,
          window_start_millis,
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


def rejected(events: str) -> str:
    """What is kept of refused events: their text, and where that is not all of it, their bytes."""
    text = f"DECODE({beginning(_RAW, schema.LARGEST_TEXT_BYTES)}, 'UTF-8')"
    rest = beginning(_RAW, schema.LARGEST_RAW_BYTES)
    by_reason = " ".join(
        f"WHEN {literal(name)} THEN counted(message, {literal(metric)})" for name, metric in REJECTED_BY_REASON.items()
    )
    return f"""
        SELECT
          {text},
          CASE WHEN ENCODE({text}, 'UTF-8') <> {_RAW} THEN {rest} ELSE CAST(NULL AS BYTES) END,
          counted(reason, {literal(REJECTED_COUNT)}),
          CASE reason {by_reason} END,
          CURRENT_TIMESTAMP
        FROM `{events}`
    """
