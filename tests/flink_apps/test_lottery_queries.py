"""What SQL does for the lottery, evaluated by Flink: which events are malformed, and the draw's tickets."""

from __future__ import annotations

from typing import Any

from flink_apps.common.rules import Rule, reason
from flink_apps.common.tables import Column
from flink_apps.lottery import logic, queries, rules, schema
from tests.flink_apps.sql import evaluate


def problems(columns: tuple[Column, ...], checks: tuple[Rule, ...], events: list[dict[str, Any]]) -> list[str | None]:
    names = [column.name for column in columns]
    rows = [[event.get(name) for name in (*names, schema.ERROR)] for event in events]
    values = evaluate([reason(*checks, error=schema.ERROR)], (*columns, Column(schema.ERROR, "STRING")), rows)
    return [value for (value,) in values]


#: A minute after the begin of 1970.
ARRIVAL = "TO_TIMESTAMP_LTZ(60000, 3)"
USER_EVENT_RULES = rules.user_event_rules(clock_skew_millis=60_000, arrival=ARRIVAL)
LOTTERY_EVENT_RULES = rules.lottery_event_rules(schedule_days=10, arrival=ARRIVAL)
LATEST_START = 60_000 + 10 * 86_400_000
CLICK = {"type": schema.CLICK, "userId": 1, "lotteryId": 2, "timestamp": 3}
BUY = {"type": schema.BUY, "userId": 1, "purchasedCoupons": 5}
START = {"type": schema.START, "lotteryId": 1}
STOP = {"type": schema.STOP, "lotteryId": 1}


def test_good_user_events_pass() -> None:
    events = [CLICK, BUY, {**BUY, "purchasedCoupons": -1}, {**CLICK, "userId": 0}, {**CLICK, "timestamp": 120_000}]
    assert problems(schema.USER_EVENT, USER_EVENT_RULES, events) == [None] * len(events)


def test_bad_user_events_have_a_reason_each() -> None:
    cases: dict[str, dict[str, Any]] = {
        "what the format says": {"error": "what the format says"},
        "type must be UserBuyCouponEvent or UserClickEvent": {**CLICK, "type": "UserSleepEvent"},
        "missing field: userId": {**CLICK, "userId": None},
        "missing field: lotteryId": {**CLICK, "lotteryId": None},
        "missing field: timestamp": {**CLICK, "timestamp": None},
        "missing field: purchasedCoupons": {**BUY, "purchasedCoupons": None},
        "userId must not be negative": {**BUY, "userId": -1},
        "lotteryId must not be negative": {**CLICK, "lotteryId": -1},
        "timestamp must not be negative": {**CLICK, "timestamp": -1},
        "timestamp must not be more than 60000 ms ahead of the arrival": {**CLICK, "timestamp": 120_001},
    }
    assert problems(schema.USER_EVENT, USER_EVENT_RULES, list(cases.values())) == list(cases)


def test_a_timestamp_beyond_all_dates_is_ahead_of_its_arrival() -> None:
    (problem,) = problems(schema.USER_EVENT, USER_EVENT_RULES, [{**CLICK, "timestamp": 2**63 - 1}])
    assert problem == "timestamp must not be more than 60000 ms ahead of the arrival"


def test_good_lottery_events_pass() -> None:
    events = [
        START,
        STOP,
        {**START, "timestamp": 5, "prizes": 0},
        {**STOP, "timestamp": 5},
        {**START, "timestamp": LATEST_START},
    ]
    assert problems(schema.LOTTERY_EVENT, LOTTERY_EVENT_RULES, events) == [None] * len(events)


def test_bad_lottery_events_have_a_reason_each() -> None:
    cases: dict[str, dict[str, Any]] = {
        "what the format says": {"error": "what the format says"},
        "type must be LotteryStartEvent or LotteryStopEvent": {**START, "type": schema.CLICK},
        "missing field: lotteryId": {**STOP, "lotteryId": None},
        "lotteryId must not be negative": {**START, "lotteryId": -1},
        "timestamp must not be negative": {**START, "timestamp": -5},
        "prizes must not be negative": {**START, "prizes": -5},
        "timestamp must not be more than 10 days ahead of the arrival": {**START, "timestamp": LATEST_START + 1},
    }
    assert problems(schema.LOTTERY_EVENT, LOTTERY_EVENT_RULES, list(cases.values())) == list(cases)


def test_a_start_or_stop_in_microseconds_or_beyond_all_dates_is_far_ahead() -> None:
    events = [{**event, "timestamp": at} for event in (START, STOP) for at in (1_700_000_000_000_000, 2**63 - 1)]
    problem = "timestamp must not be more than 10 days ahead of the arrival"
    assert problems(schema.LOTTERY_EVENT, LOTTERY_EVENT_RULES, events) == [problem] * len(events)


def test_events_of_2040_pass_and_the_arrival_of_a_start_is_known_to_the_second() -> None:
    now = 2_208_988_800_123
    arrival = f"TO_TIMESTAMP_LTZ({now}, 3)"
    click = {**CLICK, "timestamp": now}
    starts = [START, {**START, "timestamp": now}, {**START, "timestamp": now + 10 * 86_400_000 + 1}]
    too_late = "timestamp must not be more than 10 days ahead of the arrival"
    assert problems(schema.USER_EVENT, rules.user_event_rules(clock_skew_millis=0, arrival=arrival), [click]) == [None]
    assert problems(schema.LOTTERY_EVENT, rules.lottery_event_rules(schedule_days=10, arrival=arrival), starts) == [
        None,
        None,
        too_late,
    ]
    assert evaluate([rules.millis(arrival)], (Column("a", "INT"),), [[0]]) == [[now // 1000 * 1000]]


def test_sql_draws_the_tickets_that_anybody_can_draw_again() -> None:
    columns = (Column("secret", "STRING"), Column("a", "BIGINT"), Column("b", "BIGINT"))
    rows = [["5ecret", 1, 1_706_659_210_000], ["", 2**63 - 1, 0]]
    expressions = [queries.seed("secret", "a", "b"), queries.ticket("secret", "a", "b")]
    assert evaluate(expressions, columns, rows) == [[logic.seed(*row), logic.ticket(*row)] for row in rows]  # type: ignore[arg-type]


def test_a_rejected_event_that_is_no_text_or_very_long_has_its_first_bytes_too() -> None:
    events = ["é".encode(), b"\xff{", b"x" * 100_000, b"x" * 300_000]
    found = evaluate(queries.rejected_event(), (Column(schema.RAW, "BYTES"),), [[bytearray(event)] for event in events])
    texts, rests = zip(*found, strict=True)
    assert texts == ("é", "\ufffd{", "x" * 100_000, "x" * 100_000)
    assert [rest and bytes(rest) for rest in rests] == [None, b"\xff{", None, b"x" * 200_000]
