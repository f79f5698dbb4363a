"""The account of a run: what it says, and when a run is refused for it."""

from __future__ import annotations

import pytest

from local.account import Account
from local.errors import RunError
from local.report import Report


def account(*, came_out: int, refused: int = 0, at_least_once: bool = False, unknown: str | None = None) -> Account:
    return Account(
        title="account: s3",
        went_in=1_000,
        came_out={"stored": came_out, "dead letters": refused},
        at_least_once=at_least_once,
        unknown=unknown,
    )


def test_what_went_in_is_what_came_out() -> None:
    assert account(came_out=990, refused=10).balances
    assert str(account(came_out=990, refused=10)) == "1,000 = 990 stored + 10 dead letters"


def test_what_is_none_is_not_told() -> None:
    assert str(account(came_out=1_000)) == "1,000 = 1,000 stored"


@pytest.mark.parametrize("at_least_once", [False, True])
def test_what_is_missing_is_told(at_least_once: bool) -> None:
    assert not account(came_out=998, at_least_once=at_least_once).balances
    assert str(account(came_out=998, at_least_once=at_least_once)) == "1,000 = 998 stored, 2 missing"


def test_exactly_once_repeats_nothing() -> None:
    assert not account(came_out=1_002).balances
    assert str(account(came_out=1_002)) == "1,000 = 1,002 stored, 2 too many"


def test_at_least_once_may_repeat() -> None:
    assert account(came_out=1_002, at_least_once=True).balances
    assert str(account(came_out=1_002, at_least_once=True)) == "1,000 = 1,002 stored - 2 repeated"


def test_what_nothing_can_count_is_not_missed() -> None:
    assert account(came_out=998, unknown="not read").balances
    assert str(account(came_out=998, unknown="not read")) == "1,000 = 998 stored + 2 not read"


def test_more_than_went_in_is_too_many_whatever_cannot_be_counted() -> None:
    assert not account(came_out=1_002, unknown="not read").balances


def report(*accounts: Account) -> Report:
    return Report(
        scenario="streaming-etl",
        records_in=1_000,
        records_out={},
        dead_letters=0,
        duration_seconds=1,
        records_per_second=1_000,
        parallelism=1,
        versions={},
        accounts=accounts,
    )


def test_a_run_that_balances_is_accepted() -> None:
    report(account(came_out=1_000)).check()


def test_a_run_that_does_not_is_refused_with_the_difference() -> None:
    with pytest.raises(RunError, match=r"the run does not balance: account: s3: 1,000 = 998 stored, 2 missing$"):
        report(account(came_out=1_000), account(came_out=998)).check()
