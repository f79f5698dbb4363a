"""The account that every local run ends with, for runs that a test tells step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from local.account import Account
from local.flink.rest import Job
from local.scenarios import Scenario


def check_the_balance(scenario: Scenario, job: Job, *, before: Mapping[str, int] | None = None) -> None:
    """Every record of a run whose job has ended is accounted for, at each sink.

    ``before`` tells, by the title of an account, how many records went elsewhere before the sink was one.
    """
    accounts = [_with(account, (before or {}).get(account.title, 0)) for account in scenario.outcome(job).accounts]
    assert accounts
    assert {account.title: str(account) for account in accounts if not account.balances} == {}


def _with(account: Account, before: int) -> Account:
    return dataclasses.replace(account, came_out={**account.came_out, "before": before})
