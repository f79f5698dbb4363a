"""Metrics that the job registers, in the group whose metrics the service hands on to CloudWatch.

All are counts of a subtask since its start.
"""

from __future__ import annotations

from flink_apps.lottery.logic import REASONS

#: Windows that were drawn.
WINNER_COUNT = "winnerCount"
#: Events that were refused, for whatever reason.
REJECTED_COUNT = "rejectedCount"
#: Events that were refused, by the reason.
REJECTED_BY_REASON = {
    reason: "rejected" + "".join(word.capitalize() for word in reason.split("-")) for reason in REASONS
}
