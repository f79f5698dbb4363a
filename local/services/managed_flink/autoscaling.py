"""The service's rule for the parallelism of an application with automatic scaling.

It doubles the parallelism when the processors were busy for 75 % or more in 15 minutes in a row, and halves it, rounded
up, when they were below 10 % for 6 hours: one measurement a minute, the highest one of the application's containers.

Source: https://docs.aws.amazon.com/managed-flink/latest/java/how-scaling-auto.html
"""

from __future__ import annotations

from collections.abc import Sequence

SCALE_UP_PERCENT, SCALE_UP_MINUTES = 75.0, 15
SCALE_DOWN_PERCENT, SCALE_DOWN_MINUTES = 10.0, 6 * 60


def scaled(utilization: Sequence[float], *, current: int, configured: int, maximum: int) -> int:
    """The parallelism that the application should have.

    Args:
        utilization: In percent, one a minute since the last change, the newest one last.
        current: The parallelism that it has.
        configured: The one that it was started with, below which it is never scaled.
        maximum: What the KPUs of an application allow.

    """
    busy, idle = utilization[-SCALE_UP_MINUTES:], utilization[-SCALE_DOWN_MINUTES:]
    if len(busy) == SCALE_UP_MINUTES and min(busy) >= SCALE_UP_PERCENT:
        return max(current, min(2 * current, maximum))
    if len(idle) == SCALE_DOWN_MINUTES and max(idle) < SCALE_DOWN_PERCENT:
        return min(current, max((current + 1) // 2, configured))
    return current
