"""Permissions of functions, proven call by call: their handlers are run for a creation, a change and a deletion.

Those of jobs are proven by runs: see ``tests/local/test_permissions_run.py``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

import scenarios
from local.permissions.names import named
from local.permissions.policies import roles_of
from local.permissions.verdict import JOBS, Case, case_of, findings, unobserved
from local.template import Template
from tests.handler_calls import handler_calls
from tests.local.mutations import mutants, survivors
from tests.stacks import variants

#: The default of each scenario, and what has other functions, or other permissions.
VARIANTS = [
    *((name, "default") for name in scenarios.NAMES),
    ("lottery", "scheduled-snapshots"),
    ("lottery", "kafka-not-started-and-gone"),
]


def template(scenario: str, variant: str) -> Template:
    return Template(variants.of(scenario, variant).template.to_json())


@cache
def case(scenario: str, variant: str) -> Case:
    """All roles but those of the jobs, and the calls of the functions."""
    made = template(scenario, variant)
    whole = case_of(made, named, handler_calls(made))
    return replace(whole, roles=[role for role in whole.roles if JOBS not in role.trusts])


@pytest.mark.parametrize(("scenario", "variant"), VARIANTS, ids=["-".join(one) for one in VARIANTS])
def test_a_function_may_do_what_it_does_and_nothing_else(scenario: str, variant: str) -> None:
    assert findings(case(scenario, variant)) == []


@pytest.mark.parametrize(("scenario", "variant"), VARIANTS, ids=["-".join(one) for one in VARIANTS])
def test_a_permission_of_a_function_more_or_less_is_noticed(scenario: str, variant: str) -> None:
    assert survivors(case(scenario, variant), mutants(case(scenario, variant))) == []


def test_every_exception_is_about_a_permission_that_is_there() -> None:
    roles = [role for one in VARIANTS for role in roles_of(template(*one), named)]
    needless = [
        str(one) for one in unobserved() if not any(one.covers(role, grant) for role in roles for grant in role.grants)
    ]
    assert needless == []
    missing = {
        (str(one), action)
        for one in unobserved()
        for action in one.actions
        if not any(one.covers(role, grant) and grant.action == action for role in roles for grant in role.grants)
    }
    assert missing == set()
