from __future__ import annotations

import json

import pytest

from flink_apps.lottery import logic
from local.scenarios.lottery.events import buy, click, start
from local.scenarios.lottery.ledger import Ledger, Rejection, Winner

WINDOW = 10_000
SECRET, OTHER_SECRET = "secret", "another"
#: Players and timestamps.
CLICKS = [(1, 1_000), (2, 5_000), (1, 5_000), (3, 9_999)]


def events(clicks: list[tuple[int, int]], lottery_id: int = 1) -> list[bytes]:
    return [click(user_id, lottery_id, timestamp).value for user_id, timestamp in clicks]


def won(among: list[tuple[int, int]], secret: str = SECRET, **changes: object) -> bytes:
    """The record of a draw from these clicks, with some of its fields changed."""
    window = logic.window_start(among[0][1], WINDOW)
    seed = logic.seed(secret, 1, window)
    record = {
        "lotteryId": 1,
        "userId": logic.winner(seed, among),
        "windowStart": window,
        "windowEnd": window + WINDOW,
        "clicks": len(among),
        "seed": seed,
    }
    return json.dumps({**record, **changes}).encode()


def refused(event: bytes, reason: str = "no-coupon") -> bytes:
    message = "Cannot click without a coupon, userId: 2"
    rejection = {"event": event.decode(), "reason": reason, "message": message, "time": "2026-01-01T00:00:00Z"}
    return json.dumps(rejection).encode()


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger(WINDOW)
    ledger.add_events([start(1, 0).value, buy(1, 10).value, *events(CLICKS)])
    return ledger


def contradictions(ledger: Ledger, *, exactly_once: bool = True) -> list[str]:
    return list(ledger.contradictions(exactly_once=exactly_once))


def test_a_winner_who_comes_out_again_is_confirmed(ledger: Ledger) -> None:
    ledger.add_winners([won(CLICKS)])
    assert contradictions(ledger) == []


def test_every_event_counts_as_received_whatever_it_is(ledger: Ledger) -> None:
    ledger.add_events([b"\xff", b"[]", b'{"type":"UserClickEvent"}'])
    assert ledger.received == len(CLICKS) + 5


def test_another_winner_contradicts_the_clicks(ledger: Ledger) -> None:
    rightful = Winner.from_json(won(CLICKS)).user_id
    ledger.add_winners([won(CLICKS, userId=rightful + 1)])
    assert contradictions(ledger) == [
        f"lottery 1 in the window 0 was won by player {rightful + 1} of 4 clicks, "
        "which a draw from its 4 clicks does not confirm"
    ]


def test_another_number_of_clicks_contradicts_them(ledger: Ledger) -> None:
    ledger.add_winners([won(CLICKS, clicks=5)])
    assert "of 5 clicks, which a draw from its 4 clicks" in contradictions(ledger)[0]


def test_a_window_with_clicks_and_no_winner_is_a_contradiction(ledger: Ledger) -> None:
    assert contradictions(ledger) == ["lottery 1 in the window 0 has 4 clicks, and no winner"]


def test_a_winner_without_clicks_is_a_contradiction(ledger: Ledger) -> None:
    ledger.add_winners([won(CLICKS), won([(7, 25_000)])])
    assert contradictions(ledger) == [
        "lottery 1 in the window 20000 was won by player 7 of 1 clicks, which a draw from its 0 clicks does not confirm"
    ]


@pytest.mark.parametrize("first", ["the event", "its rejection"])
def test_a_refused_click_is_not_in_the_draw_whichever_is_read_first(first: str) -> None:
    ledger, refusal = Ledger(WINDOW), refused(events([CLICKS[1]])[0])
    if first == "the event":
        ledger.add_events(events(CLICKS))
    ledger.add_rejections([refusal])
    if first == "its rejection":
        ledger.add_events(events(CLICKS))
    ledger.add_winners([won([CLICKS[0], *CLICKS[2:]])])
    assert contradictions(ledger) == []


def test_of_two_clicks_that_are_alike_one_may_be_refused() -> None:
    ledger = Ledger(WINDOW)
    ledger.add_events(events([CLICKS[0], CLICKS[0]]))
    ledger.add_rejections([refused(events([CLICKS[0]])[0])])
    ledger.add_winners([won([CLICKS[0]])])
    assert contradictions(ledger) == []


def test_a_window_of_refused_clicks_has_no_winner_to_wait_for() -> None:
    ledger = Ledger(WINDOW)
    ledger.add_events(events(CLICKS))
    ledger.add_rejections([refused(event) for event in events(CLICKS)])
    assert ledger.undrawn() == []


@pytest.mark.parametrize(("exactly_once", "found"), [(True, 1), (False, 0)])
def test_a_record_that_is_there_twice_is_a_contradiction_only_where_it_must_not_be(
    ledger: Ledger, exactly_once: bool, found: int
) -> None:
    ledger.add_winners([won(CLICKS), won(CLICKS)])
    assert len(contradictions(ledger, exactly_once=exactly_once)) == found


def test_a_lottery_that_starts_anew_within_a_window_has_a_winner_for_each_start(ledger: Ledger) -> None:
    by_time = sorted(CLICKS, key=lambda click: click[1])
    ledger.add_winners([won(by_time[1:], OTHER_SECRET), won(by_time[:1])])
    assert contradictions(ledger) == []


def test_rejections_are_counted_by_reason_with_the_first_of_each(ledger: Ledger) -> None:
    ledger.add_rejections([refused(b"{", "malformed"), refused(b"[", "malformed"), refused(b"]")])
    assert ledger.reasons == {"malformed": 2, "no-coupon": 1}
    assert ledger.samples["malformed"] == Rejection.from_json(refused(b"{", "malformed"))


def test_a_winner_and_a_rejection_are_told_in_a_line() -> None:
    winner = Winner.from_json(won([CLICKS[0]]))
    assert str(winner) == f"lottery 1, {winner.local_times}: player 1 wins, of 1 click"
    assert str(Rejection.from_json(refused(b"{"))) == "refused, no-coupon: Cannot click without a coupon, userId: 2"
