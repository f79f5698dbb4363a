"""Permissions, proven call by call: what a run of each scenario and its deployment call, and what its policies say.

Every call is allowed, and every action that a policy allows on a resource is needed by a call, or is among those that
cannot be seen here (``local/permissions/unobserved.yaml``).
"""

from __future__ import annotations

import pytest

import scenarios
from local.permissions.verdict import findings
from tests.local.mutations import mutants, survivors
from tests.local.recording import Recording, record

pytestmark = pytest.mark.integration

#: What makes a run short.
CONTEXTS: dict[str, dict[str, str]] = {
    "data-generator": {"checkpoint-seconds": "1"},
    "lottery": {"checkpoint-seconds": "1", "window-seconds": "3", "grace-millis": "500", "idle-seconds": "1"},
    "prometheus-metrics": {"checkpoint-seconds": "1"},
    "streaming-etl": {"checkpoint-seconds": "2"},
    "taxi-analytics": {"checkpoint-seconds": "2"},
}


@pytest.fixture(scope="module", params=scenarios.NAMES)
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    name: str = request.param
    return record(name, CONTEXTS[name], tmp_path_factory.mktemp(name))


def test_every_call_is_one_that_iam_knows(recording: Recording) -> None:
    assert recording.unknown == []


def test_every_call_is_allowed_and_no_permission_is_unused(recording: Recording) -> None:
    assert findings(recording.case) == []


def test_a_permission_more_or_less_is_noticed(recording: Recording) -> None:
    """Each action and each resource taken out of a policy, and an action added to each statement."""
    assert survivors(recording.case, mutants(recording.case)) == []
