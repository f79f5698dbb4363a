"""Permissions of jobs, proven call by call: what the jobs of a scenario call, and what their roles' policies say.

Every call is allowed, and every action that a policy allows on a resource is needed by a call, or is among those that
cannot be seen here (``local/permissions/unobserved.yaml``). ``tests/stacks/test_handler_permissions.py`` has those of
functions.
"""

from __future__ import annotations

import pytest

import scenarios
from local.permissions.verdict import findings
from tests.local.mutations import mutants, survivors
from tests.local.recording import SEARCHING, Recording, record

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=[name for name in scenarios.NAMES if name not in SEARCHING])
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(request.param, tmp_path_factory.mktemp(request.param))


def test_every_call_is_one_that_iam_knows(recording: Recording) -> None:
    assert recording.unknown == []


def test_every_call_is_allowed_and_no_permission_is_unused(recording: Recording) -> None:
    assert findings(recording.case) == []


def test_a_permission_more_or_less_is_noticed(recording: Recording) -> None:
    """Each action and each resource taken out of a policy, and an action added to each statement."""
    assert survivors(recording.case, mutants(recording.case)) == []
