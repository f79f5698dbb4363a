"""Templates as snapshots keep them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

#: What CDK writes for the content of an asset, or the lifecycle for the configuration of an application.
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def without_hashes(template: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``template`` that stays the same when a job or a handler changes, but not what is made of them."""
    result: dict[str, Any] = json.loads(_HASH.sub("<hash>", json.dumps(template)))
    return result
