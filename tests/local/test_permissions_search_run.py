"""Permissions of the jobs that write to opensearch, whose tests one worker has: as those of all other scenarios."""

from __future__ import annotations

import pytest

from tests.local.recording import SEARCHING, Recording, record
from tests.local.test_permissions_run import (
    test_a_permission_more_or_less_is_noticed,
    test_every_call_is_allowed_and_no_permission_is_unused,
    test_every_call_is_one_that_iam_knows,
)

__all__ = [
    "test_a_permission_more_or_less_is_noticed",
    "test_every_call_is_allowed_and_no_permission_is_unused",
    "test_every_call_is_one_that_iam_knows",
]
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=SEARCHING)
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(request.param, tmp_path_factory.mktemp(request.param))
