"""Metrics that the job registers, in the group whose metrics the service publishes to CloudWatch."""

from flink_apps.common.dead_letters import DEAD_LETTER_COUNT
from flink_apps.common.ends.opensearch import BULK_BLOCKED, DOCUMENTS_REJECTED
from flink_apps.common.watermark_event import WATERMARK_EVENTS

__all__ = ["BULK_BLOCKED", "DEAD_LETTER_COUNT", "DOCUMENTS_REJECTED", "WATERMARK_EVENTS"]
