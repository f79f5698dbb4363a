"""Metrics that the job registers, in the group whose metrics the service publishes to CloudWatch."""

from flink_apps.common.dead_letters import DEAD_LETTER_COUNT
from flink_apps.common.ends.opensearch import BULK_BLOCKED, DOCUMENTS_REJECTED
from flink_apps.common.watermark_event import WATERMARK_EVENTS

#: Trips skipped because pickup or dropoff is outside New York, per subtask, since the start.
OUTSIDE_NEW_YORK = "tripsOutsideNewYork"
#: Late trips, whose hour was over, per subtask, since the start. They are dead letters, too.
LATE_TRIPS = "lateTrips"

__all__ = [
    "BULK_BLOCKED",
    "DEAD_LETTER_COUNT",
    "DOCUMENTS_REJECTED",
    "LATE_TRIPS",
    "OUTSIDE_NEW_YORK",
    "WATERMARK_EVENTS",
]
