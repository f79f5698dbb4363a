"""Metrics that the job registers, in the group whose metrics the service publishes to CloudWatch.

All are counters per subtask, since its start.
"""

from __future__ import annotations

from flink_apps.lottery.logic import REASONS

#: Windows drawn.
WINNER_COUNT = "winnerCount"
#: Events rejected, for any reason.
REJECTED_COUNT = "rejectedCount"
#: Events rejected, by reason.
REJECTED_BY_REASON = {
    reason: "rejected" + "".join(word.capitalize() for word in reason.split("-")) for reason in REASONS
}
