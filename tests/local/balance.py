"""The account that every local run ends with, for runs that a test tells step by step."""

from __future__ import annotations

from local.flink.rest import Job
from local.scenarios import Scenario


def check_the_balance(scenario: Scenario, job: Job) -> None:
    """Every record of a run whose job has ended is accounted for, at each sink."""
    accounts = scenario.outcome(job).accounts
    assert accounts
    assert {account.title: str(account) for account in accounts if not account.balances} == {}
