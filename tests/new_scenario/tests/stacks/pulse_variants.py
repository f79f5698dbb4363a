"""The pulse's stack in its variants."""

from __future__ import annotations

from typing import Any

VARIANTS: dict[str, dict[str, Any]] = {"default": {}, "slow": {"pulse.interval-millis": "1000"}}
WHOLE = ("default",)
